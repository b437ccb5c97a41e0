/**
 * The growing transcript: lines in the order of speech, and markers of what happened around them.
 * @module
 */

/** @typedef {{id: string, kind: string, role: string, text: string, start: number, start_at_ms: number, low_confidence: boolean}} Line */

const NEAR_END_PX = 80;

export class Transcript {
  #box;
  #words;
  #names;

  /**
   * @param {HTMLElement} box
   * @param {Record<string, string>} words  of the markers, by kind and role, and "uncertain"
   * @param {Record<string, string>} names  by role
   */
  constructor(box, words, names) {
    this.#box = box;
    this.#words = words;
    this.#names = names;
  }

  /** @param {Line[]} lines  everything so far; replaces what stands */
  fill(lines) {
    this.#box.querySelectorAll("[data-line]").forEach((line) => line.remove());
    lines.forEach((line) => this.add(line));
    this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** @param {Line} line */
  add(line) {
    if (this.#box.querySelector(`[data-line="${CSS.escape(line.id)}"]`)) return;
    const follows = this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < NEAR_END_PX;
    const later = [...this.#box.querySelectorAll("[data-line]")].find(
      (other) => Number(/** @type {HTMLElement} */ (other).dataset.at) > line.start_at_ms);
    const made = line.kind === "speech" ? this.#speech(line) : this.#marker(line);
    made.dataset.line = line.id;
    made.dataset.at = String(line.start_at_ms);
    made.dataset.role = line.role;
    made.dataset.kind = line.kind;
    if (later) later.before(made);
    else this.#box.append(made);
    if (follows) this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** @param {Line} line */
  #speech(line) {
    const said = this.#row(line, line.role === "doctor" ? "said doc" : "said");
    const who = document.createElement("b");
    who.textContent = this.#names[line.role] ?? line.role;
    const words = document.createElement(line.low_confidence ? "mark" : "span");
    words.textContent = line.text;
    words.dataset.text = "";
    if (line.low_confidence) words.title = this.#words.uncertain ?? "";
    said.lastElementChild?.append(who, " ", words);
    return said;
  }

  /** @param {Line} line */
  #marker(line) {
    const said = this.#row(line, "said mark");
    const key = `${line.kind}${line.role ? `_${line.role}` : ""}`;
    if (said.lastElementChild) said.lastElementChild.textContent = this.#words[key] ?? line.kind;
    return said;
  }

  /**
   * @param {Line} line
   * @param {string} look
   */
  #row(line, look) {
    const row = document.createElement("div");
    row.className = look;
    const time = document.createElement("time");
    time.textContent = clock(line.start);
    row.append(time, document.createElement("p"));
    return row;
  }
}

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}
