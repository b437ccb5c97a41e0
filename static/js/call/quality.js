/**
 * How well a call goes, in one word, from two looks at getStats one second apart. No DOM.
 * @module
 */

/** @typedef {"good"|"weak"|"lost"} Level */

/**
 * @typedef {object} Look  Sums of one getStats report.
 * @property {number} atMs
 * @property {number} bytesReceived  counted twice in places; it grows while anything comes at all, feedback included
 * @property {number} packetsReceived
 * @property {number} packetsLost
 * @property {number} sentLoss  share of what we sent that the node missed lately, 0 to 1
 * @property {number|null} rttMs
 * @property {number} frameHeight  the tallest picture we send, 0 without one
 * @property {boolean} relayed  through TURN
 * @property {Map<string, import("./speaking.js").Voice>} voices  the sound of each line, by its mid
 */

/**
 * @typedef {object} Quality
 * @property {Level} level
 * @property {"you"|"them"|null} side  whose connection it is; null while all is well
 * @property {number} looks  how many in a row must say so before it is believed
 * @property {number|null} rttMs
 * @property {number} lossUp  share of packets, 0 to 1
 * @property {number} lossDown
 * @property {number} frameHeight
 */

const WEAK_LOSS = 0.05;
const WEAK_RTT_MS = 400;
const OWN_LOOKS = 2; // one report in a hundred packets says 5 % now and then of a way that loses two
const GUESS_LOOKS = 4; // whose way lost what is missing here: its sender says so within three, if it was theirs
export const STALE_AFTER_MS = 2500;

/**
 * @param {RTCStatsReport} report
 * @returns {Look}
 */
export function look(report) {
  /** @type {Look} */
  const sums = { atMs: performance.now(), bytesReceived: 0, packetsReceived: 0, packetsLost: 0, sentLoss: 0, rttMs: null, frameHeight: 0, relayed: false, voices: new Map() };
  report.forEach((entry) => {
    // Firefox has no transport's sum and counts by candidate pair; what matters is that it grows while anything comes.
    if (["transport", "candidate-pair", "inbound-rtp"].includes(entry.type)) sums.bytesReceived += entry.bytesReceived ?? 0;
    switch (entry.type) {
      case "inbound-rtp":
        sums.packetsReceived += entry.packetsReceived ?? 0;
        sums.packetsLost += Math.max(0, entry.packetsLost ?? 0);
        if (entry.kind === "audio" && entry.mid) sums.voices.set(entry.mid, { energy: entry.totalAudioEnergy ?? 0, heard_s: entry.totalSamplesDuration ?? 0 });
        break;
      case "remote-inbound-rtp":
        sums.sentLoss = Math.max(sums.sentLoss, entry.fractionLost ?? 0);
        break;
      case "outbound-rtp":
        sums.frameHeight = Math.max(sums.frameHeight, entry.frameHeight ?? 0);
        break;
      case "candidate-pair":
        if (entry.nominated && entry.currentRoundTripTime !== undefined) sums.rttMs = entry.currentRoundTripTime * 1000;
        if (entry.nominated) sums.relayed ||= report.get(entry.localCandidateId)?.candidateType === "relay";
        break;
    }
  });
  return sums;
}

/**
 * @param {Look|null} before
 * @param {Look} now
 * @param {boolean} stale  whether nothing at all has come for a while
 * @param {Level} theirs  what the other side says of itself
 * @returns {Quality}
 */
export function summarise(before, now, stale, theirs) {
  const received = now.packetsReceived - (before?.packetsReceived ?? 0);
  const lost = Math.max(0, now.packetsLost - (before?.packetsLost ?? 0));
  const lossDown = received + lost > 0 ? lost / (received + lost) : 0;
  const figures = { rttMs: now.rttMs, lossUp: now.sentLoss, lossDown, frameHeight: now.frameHeight };
  if (stale) return { level: "lost", side: "you", looks: 1, ...figures };
  const mine = now.sentLoss > WEAK_LOSS || (now.rttMs ?? 0) > WEAK_RTT_MS;
  if (mine) return { level: "weak", side: "you", looks: OWN_LOOKS, ...figures };
  if (theirs !== "good") return { level: theirs, side: "them", looks: 1, ...figures };
  // Packets lost before they reached the node are missing here too, but then the sender says so (above).
  if (lossDown > WEAK_LOSS) return { level: "weak", side: "you", looks: GUESS_LOOKS, ...figures };
  return { level: "good", side: null, looks: 1, ...figures };
}

/** Looks one after the other: what only a single one says is not believed. */
export class Belief {
  #said = "";
  #times = 0;

  /**
   * @param {Quality} quality  of the newest look
   * @returns {Quality}
   */
  of(quality) {
    const said = `${quality.level} ${quality.side}`;
    this.#times = said === this.#said ? this.#times + 1 : 1;
    this.#said = said;
    return this.#times >= quality.looks ? quality : { ...quality, level: "good", side: null };
  }
}
