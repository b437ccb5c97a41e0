/**
 * What both sides of a call share on the page: own devices, the other's picture, the tools, and whose connection is weak.
 * Elements by id: bands, stage, remote, screen, enlarge, local, hold, tool-mic, tool-camera, tool-switch; words from the data block "words".
 * @module
 */

/** @typedef {import("../call/session.js").CallSession} CallSession */
/** @typedef {Record<string, string>} Words */

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 }, facingMode: "user" };

const HELD_MS = 6000; // a sentence that comes and goes is not read, and moves the picture each time
const SOCKET_PATIENCE_MS = 1000; // another address, or web begun anew: mostly back by then

/** How a band of each kind looks: its class and its icon. */
const LOOKS = { good: ["", "circle-check"], info: ["sky", "info"], mind: ["sun", "triangle-alert"], bad: ["rose", "circle-alert"] };

/** @returns {Words} */
export function words() {
  return JSON.parse(document.getElementById("words")?.textContent ?? "{}");
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

export class CallStage {
  #session;
  #words;
  #other;
  #me;
  /** @type {MediaStream|null} */ #local = null;
  #facing = "user";
  #missing = false; // nothing comes from the other
  #away = false; // and their page is closed
  #weakUntilMs = 0; // so long a weak connection is spoken of, though it is better now
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #socketTimer;

  /**
   * @param {CallSession} session
   * @param {string} other  the role that fills the big picture
   * @param {Words} text
   * @param {string} me  one's own participant
   */
  constructor(session, other, text, me) {
    this.#session = session;
    this.#me = me;
    this.#other = other;
    this.#words = text;
    this.#listen();
    this.#wireTools();
  }

  /** Camera and microphone, as far as the browser and its owner allow; the call works with less. */
  async openDevices() {
    if (this.#local) return this.#local;
    this.#local = await this.#devices();
    const local = element("local", HTMLVideoElement);
    local.srcObject = this.#local;
    local.hidden = this.#local.getVideoTracks().length === 0;
    for (const [kind, id] of [["audio", "tool-mic"], ["video", "tool-camera"]]) {
      const has = this.#local.getTracks().some((track) => track.kind === kind);
      element(id, HTMLButtonElement).disabled = !has;
      if (!has) element(id, HTMLButtonElement).setAttribute("aria-pressed", "false");
    }
    await this.#offerSwitch();
    return this.#local;
  }

  /** The call is over though the page stays: camera and microphone go off. */
  closeDevices() {
    this.#local?.getTracks().forEach((track) => track.stop());
    this.#local = null;
    element("local", HTMLVideoElement).hidden = true;
    element("remote", HTMLVideoElement).hidden = true;
    element("bands", HTMLElement).replaceChildren();
  }

  /** @returns {Promise<MediaStream>} */
  async #devices() {
    if (!navigator.mediaDevices) {
      this.band("devices", this.#words.noDevices, "bad");
      return new MediaStream();
    }
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: AUDIO, video: VIDEO });
    } catch {
      // No camera, or only the microphone allowed: sound alone is a visit too.
    }
    try {
      const sound = await navigator.mediaDevices.getUserMedia({ audio: AUDIO });
      this.band("devices", this.#words.noCamera, "mind");
      return sound;
    } catch {
      this.band("devices", this.#words.noDevices, "bad");
      return new MediaStream();
    }
  }

  async #offerSwitch() {
    const tool = document.getElementById("tool-switch");
    if (!tool || !this.#local?.getVideoTracks().length) return;
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === "videoinput");
    tool.hidden = cameras.length < 2;
  }

  /** The next camera: front and back on a phone, one after the other on a computer. */
  async #switchCamera() {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === "videoinput");
    const now = this.#local?.getVideoTracks()[0];
    const at = cameras.findIndex((camera) => camera.deviceId === now?.getSettings().deviceId);
    const next = cameras[(at + 1) % cameras.length];
    if (!next || !this.#local) return;
    this.#facing = this.#facing === "user" ? "environment" : "user";
    const { facingMode: _facing, ...size } = VIDEO;
    const wanted = next.deviceId ? { ...size, deviceId: { exact: next.deviceId } } : { ...size, facingMode: this.#facing };
    now?.stop(); // phones open one camera at a time
    const [track] = (await navigator.mediaDevices.getUserMedia({ video: wanted })).getVideoTracks();
    await this.use(track);
  }

  /** What this page's own microphone and camera give. */
  get tracks() {
    return this.#local?.getTracks() ?? [];
  }

  /** Another microphone or camera from now on. @param {MediaStreamTrack} track */
  async use(track) {
    for (const before of this.tracks.filter((one) => one.kind === track.kind)) this.#local?.removeTrack(before);
    this.#local?.addTrack(track);
    if (track.kind === "video") {
      document.querySelector(".self")?.classList.toggle("mirror", track.getSettings().facingMode !== "environment");
      element("local", HTMLVideoElement).hidden = element("tool-camera", HTMLButtonElement).getAttribute("aria-pressed") === "false";
    }
    element(track.kind === "audio" ? "tool-mic" : "tool-camera", HTMLButtonElement).disabled = false;
    await this.#session.switchDevice(track);
  }

  #wireTools() {
    this.#toggle("tool-mic", "audio");
    this.#toggle("tool-camera", "video");
    document.getElementById("tool-switch")?.addEventListener("click", () => void this.#switchCamera());
    element("enlarge", HTMLButtonElement).addEventListener("click", () => void this.#enlarge());
  }

  /** The shared screen over all of ours, and back; phones of Apple enlarge videos only. */
  async #enlarge() {
    const screen = /** @type {HTMLVideoElement & {webkitEnterFullscreen?: () => void}} */ (element("screen", HTMLVideoElement));
    const stage = element("stage", HTMLElement);
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (stage.requestFullscreen) await stage.requestFullscreen();
    else screen.webkitEnterFullscreen?.();
  }

  /**
   * @param {string} id
   * @param {"audio"|"video"} kind
   */
  #toggle(id, kind) {
    const tool = element(id, HTMLButtonElement);
    tool.addEventListener("click", () => {
      const on = tool.getAttribute("aria-pressed") === "false";
      tool.setAttribute("aria-pressed", String(on));
      if (kind === "video") element("local", HTMLVideoElement).hidden = !on;
      void this.#session.mute(kind, !on);
    });
  }

  #listen() {
    const session = this.#session;
    on(session, "remote", (remote) => {
      if (remote.role !== this.#other) return;
      if (remote.kind === "screen") this.#showScreen(remote.stream);
      else this.#show(remote.stream);
    });
    on(session, "gone", ({ participant, kind }) => {
      if (participant === this.#other) kind === "screen" ? this.#showScreen(null) : this.#show(null);
    });
    on(session, "participant", (told) => this.#describe(told));
    on(session, "message", (message) => {
      if (message.type === "video") this.#videoPaused(message);
    });
    on(session, "state", (state) => this.#reflect(state));
    on(session, "socket", (open) => {
      clearTimeout(this.#socketTimer);
      if (open) this.band("socket", "", "mind");
      else this.#socketTimer = setTimeout(() => this.band("socket", this.#words.socketLost, "mind"), SOCKET_PATIENCE_MS);
    });
    on(session, "quality", (quality) => this.#weigh(quality));
    on(session, "problem", (problem) => {
      if (problem.code !== "conflict") this.band("problem", problem.message, "mind");
    });
    on(session, "refused", () => {
      clearTimeout(this.#socketTimer);
      this.band("socket", this.#words.refused, "bad");
    });
  }

  /** @param {MediaStream|null} stream */
  #show(stream) {
    const remote = element("remote", HTMLVideoElement);
    remote.srcObject = stream;
    remote.hidden = stream === null;
    if (!stream) return;
    remote.play().catch((refusal) => {
      if (refusal.name === "NotAllowedError") this.#askToPlay(remote); // and not because another stream came meanwhile
    });
  }

  /** @param {MediaStream|null} stream */
  #showScreen(stream) {
    const screen = element("screen", HTMLVideoElement);
    const before = !screen.hidden;
    screen.srcObject = stream;
    screen.hidden = stream === null;
    element("enlarge", HTMLButtonElement).hidden = stream === null;
    if (stream) void screen.play().catch(() => {}); // it has no sound: nothing to press for
    else if (document.fullscreenElement) void document.exitFullscreen();
    if (before !== (stream !== null)) this.band("screen", stream ? this.#words.otherShares : this.#words.otherStopped, "info");
    if (!stream) setTimeout(() => screen.hidden && this.band("screen", "", "info"), 6000);
  }

  /** @param {HTMLVideoElement} remote  whose sound the browser holds back until somebody presses */
  #askToPlay(remote) {
    this.band("play", this.#words.pressToHear, "mind");
    document.addEventListener("pointerdown", () => {
      void remote.play();
      this.band("play", "", "mind");
    }, { once: true });
  }

  /** @param {{role: string, audio: boolean, video: boolean, saving: boolean, state: string}} told */
  #describe(told) {
    if (told.role !== this.#other) return;
    if (told.state === "connecting" && this.#missing) return; // on their way back: what is said of them holds
    const { otherMuted, otherCameraOff, otherSaves, otherLost, lostThem } = this.#words;
    const text = this.#away ? "" : told.state === "lost" ? otherLost : told.state === "unheard" ? lostThem : told.state !== "connected" ? ""
      : [told.audio ? "" : otherMuted, told.saving ? otherSaves : told.video ? "" : otherCameraOff].filter(Boolean).join(" ");
    this.#missing = ["unheard", "lost"].includes(told.state);
    this.#dim();
    this.band("other", text, this.#missing ? "mind" : "info");
    if (this.#missing) this.band("quality", "", "mind"); // one sentence of it is enough
    element("remote", HTMLVideoElement).classList.toggle("off", !told.video);
  }

  /** The other closed their page, which says why nothing comes, or opened it. @param {string} text  empty once it is open */
  awayIs(text) {
    this.#away = text !== "";
    this.#dim();
    this.band("presence", text, "info");
    if (this.#away && this.#missing) this.band("other", "", "mind");
  }

  /** A picture that stands still must not look like somebody who listens. */
  #dim() {
    element("remote", HTMLVideoElement).classList.toggle("missing", this.#missing || this.#away);
  }

  /** @param {{participant: string, paused: boolean}} told  whose way carries speech alone */
  #videoPaused({ participant, paused }) {
    const theirs = participant === this.#other;
    if (!theirs && participant !== this.#me) return;
    this.band(theirs ? "paused-them" : "paused-you", !paused ? "" : theirs ? this.#words.pausedThem : this.#words.pausedYou, "mind");
    if (!theirs) element("remote", HTMLVideoElement).classList.toggle("paused", paused);
  }

  /** @param {string} state */
  #reflect(state) {
    document.body.dataset.call = state;
    this.band("call", state === "reconnecting" ? this.#words.reconnecting : "", "mind");
    if (state === "connected") this.band("problem", "", "mind");
  }

  /** @param {import("../call/quality.js").Quality} quality */
  #weigh(quality) {
    const { weakYou, lostYou, weakThem, lostThem } = this.#words;
    const theirs = quality.side === "them";
    const text = quality.level === "good" || (theirs && this.#missing) ? "" : theirs
      ? (quality.level === "lost" ? lostThem : weakThem) : (quality.level === "lost" ? lostYou : weakYou);
    const now_ms = performance.now();
    if (quality.level === "good" && now_ms < this.#weakUntilMs) return;
    this.#weakUntilMs = quality.level === "weak" ? now_ms + HELD_MS : 0;
    this.band("quality", text, "mind");
  }

  /**
   * Say something across the top, or take it back with an empty text.
   * @param {string} key  one band for each
   * @param {string|undefined} text
   * @param {"good"|"info"|"mind"|"bad"} kind
   */
  band(key, text, kind) {
    const bands = element("bands", HTMLElement);
    let band = /** @type {HTMLElement|null} */ (bands.querySelector(`[data-key="${key}"]`));
    if (!text) {
      band?.remove();
      return;
    }
    if (!band) {
      band = /** @type {HTMLElement} */ (element("band", HTMLTemplateElement).content.firstElementChild?.cloneNode(true));
      band.dataset.key = key;
      bands.append(band);
    }
    const [look, icon] = LOOKS[kind];
    band.className = `band edge ${look}`;
    const use = band.querySelector("use");
    use?.setAttribute("href", (use.getAttribute("href") ?? "").replace(/#.*/, `#${icon}`));
    const words = band.querySelector("span");
    if (words && words.textContent !== text) words.textContent = text;
  }
}

/**
 * Send a form of the page without leaving it.
 * @param {HTMLFormElement} form
 * @returns {Promise<any>}  the answer, with `error` when it was refused
 */
export async function post(form) {
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  return answer.json();
}

/**
 * @param {EventTarget} target
 * @param {string} type
 * @param {(detail: any) => void} act
 */
export function on(target, type, act) {
  target.addEventListener(type, (event) => act(/** @type {CustomEvent} */ (event).detail));
}
