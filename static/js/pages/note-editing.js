/**
 * A sentence being typed: saved a moment after each pause, at the end and when the page goes away, never thrown away
 * when saving fails.
 */

const SAVE_AFTER_MS = 900;

/**
 * @typedef {object} Host
 * @property {(words: string) => Promise<Document>} send  saves; resolves to the page as it is then
 * @property {(words: string, afterAnother: boolean) => void} leave  hands the words over while the page goes away
 * @property {() => void} saving
 * @property {() => void} saved
 * @property {(failure: unknown) => void} unsaved
 * @property {(fresh: Document | null) => void} done
 */

export class Editing {
  /**
   * @param {HTMLTextAreaElement} box
   * @param {Host} host
   */
  constructor(box, host) {
    this.box = box;
    this.host = host;
    this.before = box.value;
    this.saved = box.value.trim();
    /** @type {Document | null} */
    this.fresh = null;
    this.timer = 0;
    /** @type {Promise<boolean>} */
    this.running = Promise.resolve(true);
    this.sending = false;
    box.dataset.saves = "";
  }

  begin() {
    this.box.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), SAVE_AFTER_MS);
    });
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.box.value = this.before;
      if (event.key !== "Escape" && !(event.key === "Enter" && !event.shiftKey)) return;
      event.preventDefault();
      event.stopPropagation();
      this.box.blur();
    });
    this.#endOnBlur();
    globalThis.addEventListener("pagehide", this.#leave);
    document.addEventListener("visibilitychange", this.#hidden);
  }

  /** Nobody waits for an answer any more: what is not saved is handed to the browser to deliver. */
  #leave = () => {
    const words = this.box.value.trim();
    if (words && words !== this.saved) this.host.leave(words, this.sending);
  };

  #hidden = () => {
    if (document.visibilityState === "hidden") void this.save(); // on a phone the page may never come back
  };

  /** One save after the other: each names the version the one before made. */
  save() {
    this.running = this.running.then(() => this.#send());
    return this.running;
  }

  async #send() {
    const words = this.box.value.trim();
    if (words === this.saved || !words) return true;
    this.host.saving();
    this.sending = true;
    try {
      this.fresh = await this.host.send(words);
      this.saved = words;
      this.host.saved();
      return true;
    } catch (failure) {
      this.host.unsaved(failure);
      return false;
    } finally {
      this.sending = false;
    }
  }

  #endOnBlur() {
    this.box.addEventListener("blur", () => this.#end(), { once: true });
  }

  async #end() {
    clearTimeout(this.timer);
    if (!await this.save()) return this.#endOnBlur();
    globalThis.removeEventListener("pagehide", this.#leave);
    document.removeEventListener("visibilitychange", this.#hidden);
    this.host.done(this.fresh);
  }
}
