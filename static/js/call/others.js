/**
 * Whom we see in a call, and how their connection does: the layout's lines matched with a connection's tracks. No DOM.
 * @module
 */

/** @typedef {import("./quality.js").Level} Level */
/** @typedef {{mid: string, participant: string, role: string, kind: "audio"|"video"|"screen"}} SlotLine */
/** @typedef {{participant: string, role: string, stream: MediaStream, kind: "camera"|"screen"}} Remote */

export class Others {
  /** Faces and voices, by participant. @type {Map<string, Remote>} */
  remotes = new Map();
  /** Shared screens, by participant. @type {Map<string, Remote>} */
  screens = new Map();

  #emit;
  /** @type {SlotLine[]} */ #layout = [];
  /** @type {Set<string>} */ #sharing = new Set(); // participants who say that they share a screen
  /** @type {Map<string, Level>} */ #levels = new Map();

  /** @param {(type: "remote"|"gone", detail: any) => void} emit  "remote" [Remote], "gone" [{participant, kind}] */
  constructor(emit) {
    this.#emit = emit;
  }

  /** How the others say that their connections do: the worst that counts. @returns {Level} */
  get level() {
    return [...this.#levels.values()].find((level) => level !== "good") ?? "good";
  }

  /**
   * Whose sound is whose.
   * @param {Map<string, import("./speaking.js").Voice>} voices  by mid
   * @returns {Map<string, import("./speaking.js").Voice>}  by participant
   */
  voices(voices) {
    const lines = this.#layout.filter((line) => line.kind === "audio" && voices.has(line.mid));
    return new Map(lines.map((line) => [line.participant, /** @type {import("./speaking.js").Voice} */ (voices.get(line.mid))]));
  }

  /**
   * @param {SlotLine[]} layout
   * @param {RTCPeerConnection|null} peer
   */
  seated(layout, peer) {
    this.#layout = layout;
    this.show(peer);
  }

  /**
   * @param {{participant: string, screen?: boolean, state: string}} told
   * @param {RTCPeerConnection|null} peer
   */
  heardOf(told, peer) {
    if (told.screen && told.state !== "left") this.#sharing.add(told.participant);
    else this.#sharing.delete(told.participant);
    this.show(peer);
  }

  /**
   * @param {string} participant
   * @param {Level} level
   */
  fares(participant, level) {
    this.#levels.set(participant, level);
  }

  /**
   * Layout and tracks, whichever came last.
   * @param {RTCPeerConnection|null} peer
   */
  show(peer) {
    const screens = this.#layout.filter((line) => line.kind === "screen" && this.#sharing.has(line.participant));
    this.#match(peer, this.remotes, "camera", this.#layout.filter((line) => line.kind !== "screen"));
    this.#match(peer, this.screens, "screen", screens);
  }

  /**
   * @param {RTCPeerConnection|null} peer
   * @param {Map<string, Remote>} shown
   * @param {"camera"|"screen"} kind
   * @param {SlotLine[]} layout  of this kind
   */
  #match(peer, shown, kind, layout) {
    for (const participant of [...shown.keys()].filter((known) => !layout.some((line) => line.participant === known))) {
      shown.delete(participant);
      if (kind === "camera") this.#levels.delete(participant);
      this.#emit("gone", { participant, kind });
    }
    if (!peer) return;
    const tracksOf = new Map(peer.getTransceivers().map((t) => [t.mid, t.receiver.track]));
    for (const participant of new Set(layout.map((line) => line.participant))) {
      const mine = layout.filter((line) => line.participant === participant);
      const tracks = mine.map((line) => tracksOf.get(line.mid)).filter((track) => track !== undefined);
      const known = shown.get(participant)?.stream.getTracks() ?? [];
      if (tracks.length === 0 || (tracks.length === known.length && tracks.every((t) => known.includes(t)))) continue;
      /** @type {Remote} */
      const remote = { participant, role: mine[0].role, stream: new MediaStream(tracks), kind };
      shown.set(participant, remote);
      this.#emit("remote", remote);
    }
  }
}
