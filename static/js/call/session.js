/**
 * One call, without DOM: a peer connection that is made anew after any trouble, over a socket that comes back by itself.
 * The protocol is docs/protocol.md; the node offers, we answer, and every offer is for a fresh connection.
 * @module
 */

import { Others } from "./others.js";
import { CallSocket } from "./socket.js";
import { Speaking } from "./speaking.js";
import { Watch } from "./watch.js";

/** @typedef {"audio"|"video"|"screen"} Kind */
/** @typedef {"idle"|"connecting"|"connected"|"reconnecting"|"replaced"|"left"|"ended"} CallState */
/** @typedef {import("./others.js").Remote} Remote */
/** @typedef {import("./socket.js").Message} Message */
/** @typedef {import("./quality.js").Quality} Quality */

const MID = { audio: "0", video: "1", screen: "2" };
const JOIN_PAUSES_MS = [300, 500, 800, 1200];
const CONNECT_TIMEOUT_MS = 5000;
const MAX_BPS = { video: 1_500_000, screen: 2_000_000 };

/**
 * Events (CustomEvent, detail in brackets): "state" [CallState], "remote" [Remote], "gone" [{participant, kind}],
 * "participant" [message], "quality" [Quality], "speaking" [participant|null], "socket" [boolean: open], "message" [Message: all others],
 * "saving" [boolean], "problem" [{code, message}], "refused" [{code}: the socket will not be opened again].
 */
export class CallSession extends EventTarget {
  /** @type {CallState} */
  state = "idle";
  /** @type {Quality|null} */
  quality = null;

  /** @type {CallSocket} */ #socket;
  /** @type {RTCPeerConnection|null} */ #peer = null;
  /** @type {Record<Kind, MediaStreamTrack|null>} */ #tracks = { audio: null, video: null, screen: null };
  #on = { audio: true, video: true, screen: true };
  #saving = false; // sound alone, both ways
  #others = new Others((type, detail) => this.#emit(type, detail));
  #wanted = false; // in the call
  #epoch = 0;
  #joinFailures = 0;
  /** @type {Watch|null} */ #watch = null;
  #speaking = new Speaking();
  /** @type {string|null} */ #speaker = null;
  /** @type {import("./quality.js").Level} */ #told = "good";
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #rejoinTimer;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #connectTimer;

  /**
   * @param {string} url  of the socket; http and https become ws and wss
   * @param {MediaStream|null} [local]  microphone and camera, each may be missing
   */
  constructor(url, local = null) {
    super();
    this.#socket = new CallSocket(url);
    this.#listen();
    if (local) this.#take(local);
    globalThis.addEventListener?.("online", () => this.#networkChanged());
  }

  /** Faces and voices, by participant. */
  get remotes() {
    return this.#others.remotes;
  }

  /** Shared screens, by participant. */
  get screens() {
    return this.#others.screens;
  }

  /** Open the socket and keep it open, in the call or not. */
  open() {
    this.#socket.open();
  }

  #listen() {
    /** @type {(type: string, act: (detail: any) => void) => void} */
    const on = (type, act) => this.#socket.addEventListener(type, (event) => act(/** @type {CustomEvent} */ (event).detail));
    on("message", (message) => this.#receive(message));
    on("open", (open) => {
      this.#emit("socket", open);
      if (open && this.#wanted) this.#askToJoin();
    });
    on("refused", (refusal) => {
      this.#stopCall("left");
      this.#emit("refused", refusal);
    });
  }

  /**
   * Be in the call, and stay in it through any trouble.
   * @param {MediaStream} [local]
   */
  join(local) {
    if (local) this.#take(local);
    this.#wanted = true;
    this.#setState("connecting");
    this.#joinFailures = 0;
    this.#askToJoin();
  }

  /** Leave the call on purpose; the socket stays open and join() comes back. */
  leave() {
    this.#socket.send({ type: "leave" });
    this.#stopCall("left");
  }

  /** Leave and close everything. */
  close() {
    if (this.#wanted) this.leave();
    this.#socket.close();
  }

  /**
   * Say something else over the socket (docs/protocol.md); false when it is not open.
   * @param {Message} message
   */
  send(message) {
    return this.#socket.send(message);
  }

  /**
   * Microphone or camera off and on again. A camera that is off sends nothing; a muted microphone sends silence.
   * @param {Kind} kind
   * @param {boolean} muted
   */
  async mute(kind, muted) {
    this.#on[kind] = !muted;
    const track = this.#tracks[kind];
    if (track) track.enabled = !muted;
    if (kind === "video") await this.#sender("video")?.replaceTrack(this.#camera);
    this.#tellState();
  }

  /**
   * @param {Kind} kind
   * @returns {boolean}
   */
  isOn(kind) {
    return this.#on[kind] && this.#tracks[kind] !== null && !(kind === "video" && this.#saving);
  }

  /** Sound alone for a poor connection: no video is sent and none comes, until it is wanted again. @param {boolean} saving */
  async spare(saving) {
    this.#saving = saving;
    if (saving && this.#tracks.screen) await this.share(null);
    await this.#sender("video")?.replaceTrack(this.#camera);
    this.#tellState();
    this.#emit("saving", saving);
  }

  /** What the camera's line carries now. */
  get #camera() {
    return this.#on.video && !this.#saving ? this.#tracks.video : null;
  }

  /**
   * Another microphone or camera from now on; the old track is stopped.
   * @param {MediaStreamTrack} track
   */
  async switchDevice(track) {
    const kind = /** @type {Kind} */ (track.kind);
    const before = this.#tracks[kind];
    this.#tracks[kind] = track;
    track.enabled = this.#on[kind];
    await this.#sender(kind)?.replaceTrack(kind === "audio" ? track : this.#camera);
    if (before && before !== track) before.stop();
    this.#tellState();
  }

  /**
   * Show a screen to the others, or stop with null; a track that ends by itself (the browser's own "stop") stops too.
   * @param {MediaStreamTrack|null} track
   */
  async share(track) {
    const before = this.#tracks.screen;
    this.#tracks.screen = track;
    if (track) {
      track.contentHint = "detail"; // letters stay sharp; movement may be less smooth
      track.addEventListener("ended", () => {
        if (this.#tracks.screen === track) void this.share(null);
      });
    }
    if (before && before !== track) before.stop();
    await this.#sender("screen")?.replaceTrack(track);
    if (this.#peer) await this.#limit(this.#peer, "screen");
    this.#tellState();
    this.#emit("sharing", track !== null);
  }

  // --- what web says ------------------------------------------------------------------------------------------------

  /** @param {Message} message */
  #receive(message) {
    switch (message.type) {
      case "offer":
        void this.#answer(message).catch(() => this.#rejoin());
        break;
      case "layout":
        this.#others.seated(message.slots, this.#peer);
        break;
      case "participant":
        this.#emit("participant", message);
        this.#others.heardOf(/** @type {any} */ (message), this.#peer);
        break;
      case "quality":
        this.#others.fares(message.participant, message.level);
        break;
      case "heard":
        this.#watch?.heard(message.heard);
        break;
      case "rejoin":
        this.#epoch = 0; // the next offer is another node's, which counts by a clock of its own
        this.#joinFailures = 0;
        if (this.#wanted) this.#setState("reconnecting");
        this.#askToJoin();
        break;
      case "replaced":
      case "elsewhere":
        this.#stopCall("replaced");
        this.#emit("message", message);
        break;
      case "ended":
        this.#stopCall("ended");
        this.#socket.close();
        this.#emit("message", message);
        break;
      case "error":
        this.#problem(message);
        break;
      default:
        this.#emit("message", message);
    }
  }

  /** @param {Message} message */
  #problem(message) {
    const transient = ["unavailable", "stale-epoch", "no-offer", "no-participant", "overloaded"].includes(message.code);
    if (this.#wanted && transient && this.state !== "connected") this.#rejoin();
    this.#emit("problem", { code: message.code, message: message.message });
  }

  // --- the peer connection --------------------------------------------------------------------------------------------

  #askToJoin() {
    clearTimeout(this.#rejoinTimer);
    this.#rejoinTimer = undefined;
    if (!this.#wanted) return;
    // A lost request or answer is asked for again; without a socket, its opening asks.
    clearTimeout(this.#connectTimer);
    if (!this.#socket.ask({ type: "join" })) return;
    this.#connectTimer = setTimeout(() => this.#rejoin(), CONNECT_TIMEOUT_MS);
  }

  /** Trouble: drop the connection and join again after a short pause that grows. */
  #rejoin() {
    if (!this.#wanted || this.#rejoinTimer !== undefined) return;
    clearTimeout(this.#connectTimer);
    this.#setState("reconnecting");
    const pause = JOIN_PAUSES_MS[Math.min(this.#joinFailures++, JOIN_PAUSES_MS.length - 1)];
    this.#rejoinTimer = setTimeout(() => this.#askToJoin(), pause);
  }

  /** @param {Message} offer */
  async #answer(offer) {
    if (!this.#wanted || offer.epoch <= this.#epoch) return;
    this.#epoch = offer.epoch;
    if (this.state === "connected") this.#setState("reconnecting");
    this.#dropPeer();
    const peer = (this.#peer = new RTCPeerConnection({ iceServers: offer.ice_servers ?? [], bundlePolicy: "max-bundle" }));
    peer.onconnectionstatechange = () => this.#peerChanged(peer);
    peer.onicecandidate = (event) => {
      const candidate = event.candidate?.candidate ?? "";
      if (peer === this.#peer && candidate) this.#socket.send({ type: "candidate", epoch: offer.epoch, candidate });
    };
    await peer.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    for (const kind of /** @type {Kind[]} */ (["audio", "video", "screen"])) await this.#attach(peer, kind);
    await peer.setLocalDescription(await peer.createAnswer());
    if (peer !== this.#peer) return;
    this.#socket.send({ type: "answer", epoch: offer.epoch, sdp: peer.localDescription?.sdp ?? "" });
    for (const kind of /** @type {("video"|"screen")[]} */ (["video", "screen"])) await this.#limit(peer, kind);
    this.#others.show(this.#peer);
    this.#tellState();
  }

  /**
   * Our m-lines are answered as sending even without a device: one may be plugged in, or a screen shared, later.
   * @param {RTCPeerConnection} peer
   * @param {Kind} kind
   */
  async #attach(peer, kind) {
    const transceiver = peer.getTransceivers().find((t) => t.mid === MID[kind]);
    if (!transceiver) throw new Error(`the offer has no line for our ${kind}`);
    transceiver.direction = "sendonly";
    const track = kind === "video" ? this.#camera : this.#tracks[kind];
    if (track) await transceiver.sender.replaceTrack(track);
  }

  /**
   * @param {RTCPeerConnection} peer
   * @param {"video"|"screen"} kind
   */
  async #limit(peer, kind) {
    const sender = peer.getTransceivers().find((t) => t.mid === MID[kind])?.sender;
    const parameters = sender?.getParameters();
    if (!sender || !parameters?.encodings?.length) return;
    parameters.encodings[0].maxBitrate = MAX_BPS[kind];
    await sender.setParameters(parameters).catch(() => {}); // some browsers refuse it before media flows; no harm
  }

  /** @param {RTCPeerConnection} peer */
  #peerChanged(peer) {
    if (peer !== this.#peer) return;
    if (peer.connectionState === "connected") {
      clearTimeout(this.#connectTimer);
      this.#joinFailures = 0;
      this.#watch?.end();
      this.#watch = new Watch(peer, () => this.#others.level, (seen) => this.#seen(seen));
      this.#setState("connected");
    } else if (peer.connectionState === "failed" || peer.connectionState === "closed") {
      this.#rejoin();
    }
  }

  #dropPeer() {
    this.#watch?.end();
    const peer = this.#peer;
    this.#peer = null;
    if (!peer) return;
    peer.onconnectionstatechange = null;
    peer.onicecandidate = null;
    peer.close();
  }

  /** @param {CallState} state */
  #stopCall(state) {
    this.#wanted = false;
    clearTimeout(this.#rejoinTimer);
    this.#rejoinTimer = undefined;
    clearTimeout(this.#connectTimer);
    this.#dropPeer();
    if (this.#tracks.screen) void this.share(null);
    this.#others.seated([], null);
    this.#setState(state);
  }

  #networkChanged() {
    if (!this.#wanted) return;
    if (this.#socket.isOpen) this.#rejoin();
    else this.#socket.open();
  }

  /** @param {Kind} kind */
  #sender(kind) {
    return this.#peer?.getTransceivers().find((t) => t.mid === MID[kind])?.sender;
  }

  /** @param {MediaStream} local */
  #take(local) {
    this.#tracks.audio = local.getAudioTracks()[0] ?? this.#tracks.audio;
    this.#tracks.video = local.getVideoTracks()[0] ?? this.#tracks.video;
  }

  #tellState() {
    const [audio, video, screen] = /** @type {Kind[]} */ (["audio", "video", "screen"]).map((kind) => this.isOn(kind));
    this.#socket.send({ type: "state", audio, video, screen, saving: this.#saving });
  }

  // --- quality -------------------------------------------------------------------------------------------------------

  /** @param {import("./watch.js").Seen} seen */
  #seen({ quality, now, stale }) {
    this.quality = quality;
    this.#emit("quality", quality);
    const own = quality.side === "them" ? "good" : quality.level;
    if (own !== this.#told && this.#socket.send({ type: "quality", level: own, relayed: now.relayed })) this.#told = own;
    const speaker = this.#speaking.hear(this.#others.voices(now.voices));
    if (speaker !== this.#speaker) this.#emit("speaking", (this.#speaker = speaker));
    if (stale) this.#rejoin();
  }

  // --- events --------------------------------------------------------------------------------------------------------

  /** @param {CallState} state */
  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.#emit("state", state);
  }

  /**
   * @param {string} type
   * @param {any} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
