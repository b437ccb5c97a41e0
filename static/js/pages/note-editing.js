/**
 * A sentence being typed: saved a moment after each pause and at the end, never thrown away when saving fails.
 */

const SAVE_AFTER_MS = 900;

/**
 * @typedef {object} Host
 * @property {(words: string) => Promise<Document>} send  saves; resolves to the page as it is then
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
  }

  /** One save after the other: each names the version the one before made. */
  save() {
    this.running = this.running.then(() => this.#send());
    return this.running;
  }

  async #send() {
    const words = this.box.value.trim();
    if (words === this.saved || !words) return true;
    this.host.saving();
    try {
      this.fresh = await this.host.send(words);
      this.saved = words;
      this.host.saved();
      return true;
    } catch (failure) {
      this.host.unsaved(failure);
      return false;
    }
  }

  #endOnBlur() {
    this.box.addEventListener("blur", () => this.#end(), { once: true });
  }

  async #end() {
    clearTimeout(this.timer);
    if (await this.save()) this.host.done(this.fresh);
    else this.#endOnBlur();
  }
}
