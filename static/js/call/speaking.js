/**
 * Who speaks in a call, from the sound that came from each. No DOM.
 * @module
 */

/** @typedef {{energy: number, heard_s: number}} Voice  sums since the connection began: sound power (full scale is 1) times seconds */

const SPEECH_DB = -50; // a voice at arm's length is 20 dB above it, a room where nobody speaks 10 dB below
const LOUDER_DB = 3; // whoever takes over speaks clearly louder than who spoke before
const LOOKS = 2; // and does so twice in a row: a cough is no turn

export class Speaking {
  /** @type {string|null} */ #speaker = null;
  /** @type {string|null} */ #challenger = null;
  #looks = 0;
  /** @type {Map<string, Voice>} */ #before = new Map();

  /**
   * One more look, a second or so after the one before.
   * @param {Map<string, Voice>} voices  by participant
   * @returns {string|null}  who speaks or spoke last, while they are there
   */
  hear(voices) {
    const loudness_db = new Map([...voices].map(([who, voice]) => [who, this.#loudness_db(who, voice)]));
    this.#before = new Map(voices);
    if (this.#speaker !== null && !voices.has(this.#speaker)) this.#speaker = null;
    const [loudest, most_db] = [...loudness_db].reduce((one, other) => (other[1] > one[1] ? other : one), ["", -Infinity]);
    const needed_db = Math.max(SPEECH_DB, (loudness_db.get(this.#speaker ?? "") ?? -Infinity) + LOUDER_DB);
    const takes = loudest !== this.#speaker && most_db > needed_db;
    this.#looks = takes && loudest === this.#challenger ? this.#looks + 1 : Number(takes);
    this.#challenger = takes ? loudest : null;
    if (this.#looks >= LOOKS) this.#speaker = loudest;
    return this.#speaker;
  }

  /**
   * Mean power since the look before, in dB of full scale.
   * @param {string} who
   * @param {Voice} voice
   */
  #loudness_db(who, voice) {
    const before = this.#before.get(who);
    const heard_s = voice.heard_s - (before?.heard_s ?? 0);
    // A new connection counts from zero again.
    if (!before || heard_s <= 0) return -Infinity;
    return 10 * Math.log10((voice.energy - before.energy) / heard_s + 1e-12);
  }
}
