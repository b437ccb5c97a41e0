/**
 * The sealed speech behind a sentence: fetched as ciphertext, opened in this browser, played line after line.
 */

import { openSealedAudio } from "../call/sealed-audio.js";

/** @typedef {{id: string, stream: string, from_ms: number, to_ms: number}} Heard */

export class Sound {
  /** @type {HTMLAudioElement | null} */
  #audio = null;
  #turn = 0;
  playing = false;

  /**
   * Play these lines. False when something else was played or stopped meanwhile; rejects when there is no sound.
   * @param {Heard[]} lines
   * @param {string} address
   */
  async play(lines, address) {
    this.stop();
    const mine = this.#turn;
    this.playing = true;
    for (const line of lines) {
      const blob = await fetchSound(line, address);
      if (mine !== this.#turn) return false;
      document.documentElement.dataset.heard = line.id;
      await this.#hear(blob);
      if (mine !== this.#turn) return false;
    }
    return true;
  }

  stop() {
    this.#turn += 1;
    this.#audio?.pause();
    this.#audio = null;
    this.playing = false;
  }

  /** @param {Blob} blob */
  async #hear(blob) {
    const url = URL.createObjectURL(blob);
    const audio = new Audio(url);
    this.#audio = audio;
    try {
      await new Promise((resolve, reject) => {
        audio.addEventListener("ended", resolve, { once: true });
        audio.addEventListener("pause", resolve, { once: true });
        audio.addEventListener("error", reject, { once: true });
        audio.play().catch(reject);
      });
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}

/**
 * @param {Heard} line
 * @param {string} address
 */
async function fetchSound(line, address) {
  const query = new URLSearchParams({ stream: line.stream, from_ms: String(line.from_ms), to_ms: String(line.to_ms) });
  const answer = await fetch(`${address}?${query}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return openSealedAudio(await answer.json());
}
