/**
 * A look at a connection each second: how it does, whether anything comes or arrives at all, who is heard. No DOM.
 * @module
 */

import { Belief, STALE_AFTER_MS, look, summarise } from "./quality.js";

const LOOK_EVERY_MS = 1000;
const UNHEARD_FOR_MS = 400; // after a stall of both ways "unheard" and "heard" come together

/** @typedef {{quality: import("./quality.js").Quality, now: import("./quality.js").Look, stale: boolean}} Seen */

export class Watch {
  #peer;
  #theirs;
  #tell;
  #timer;
  #aliveAtMs = performance.now();
  #unheardAtMs = Infinity;
  #belief = new Belief();
  /** @type {import("./quality.js").Look|null} */ #before = null;

  /**
   * @param {RTCPeerConnection} peer  connected
   * @param {() => import("./quality.js").Level} theirs  what the others say of their connections
   * @param {(seen: Seen) => void} tell
   */
  constructor(peer, theirs, tell) {
    this.#peer = peer;
    this.#theirs = theirs;
    this.#tell = tell;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  end() {
    clearInterval(this.#timer);
    this.#tell = () => {};
  }

  /** The node says that nothing of ours arrives, though all of its own may, or that it does again. @param {boolean} heard */
  heard(heard) {
    this.#unheardAtMs = heard ? Infinity : performance.now();
    if (!heard) setTimeout(() => void this.#look(), UNHEARD_FOR_MS);
  }

  async #look() {
    const now = look(await this.#peer.getStats());
    if (now.bytesReceived !== (this.#before?.bytesReceived ?? -1)) this.#aliveAtMs = now.atMs;
    const stale = now.atMs - this.#aliveAtMs > STALE_AFTER_MS || now.atMs - this.#unheardAtMs >= UNHEARD_FOR_MS;
    const quality = this.#belief.of(summarise(this.#before, now, stale, this.#theirs()));
    this.#before = now;
    this.#tell({ quality, now, stale });
  }
}
