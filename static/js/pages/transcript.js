/**
 * The growing transcript: lines in the order of speech, and markers of what happened around them.
 * @module
 */

/** @typedef {{id: string, kind: string, role: string, text: string, start: number, start_at_ms: number, low_confidence: boolean, doubts: [number, number][], heard: string, language: string, shared: boolean, meant: [number, number, string][]}} Line */
/** @typedef {(line: Line, text: string) => Promise<string | undefined>} Correct  sends what was meant; resolves to why not */

const NEAR_END_PX = 80;
const INTERIM_MS = 8000; // words that never became a caption go away

export class Transcript {
  #box;
  #words;
  #names;
  #correct;
  /** @type {Map<string, {row: HTMLElement, timer: number}>} */
  #interims = new Map();

  /**
   * @param {HTMLElement} box
   * @param {Record<string, string>} words  of the markers, by kind and role, and "uncertain"
   * @param {Record<string, string>} names  by role
   * @param {Correct} [correct]
   */
  constructor(box, words, names, correct) {
    this.#box = box;
    this.#correct = correct;
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
    const follows = this.#atEnd();
    this.#settle(line.role);
    const later = [...this.#box.querySelectorAll("[data-line]")].find(
      (other) => Number(/** @type {HTMLElement} */ (other).dataset.at) > line.start_at_ms);
    const made = line.kind === "speech" ? this.#speech(line) : this.#marker(line);
    made.dataset.line = line.id;
    made.dataset.at = String(line.start_at_ms);
    made.dataset.role = line.role;
    made.dataset.kind = line.kind;
    if (later) later.before(made);
    else this.#box.append(made);
    this.#interims.forEach(({ row }) => this.#box.append(row));
    if (follows) this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** @param {Line} line  one that stands already and says something else now */
  replace(line) {
    const old = this.#box.querySelector(`[data-line="${CSS.escape(line.id)}"]`);
    if (!(old instanceof HTMLElement)) return;
    if (!line.heard && old.querySelector("input")) return; // heard again while somebody corrects it: theirs counts
    const made = this.#speech(line);
    Object.assign(made.dataset, old.dataset);
    old.replaceWith(made);
  }

  /**
   * Show only lines that hold these words, whatever their accents.
   * @param {string} wanted  "" for all
   * @returns {number} how many lines hold them
   */
  find(wanted) {
    const sought = plain(wanted);
    const lines = /** @type {HTMLElement[]} */ ([...this.#box.querySelectorAll("[data-line]")]);
    lines.forEach((line) => (line.hidden = !plain(line.textContent ?? "").includes(sought)));
    return lines.filter((line) => !line.hidden).length;
  }

  /**
   * Words that are still being said: below all captions, quietly, until their caption comes.
   * @param {{role: string, start: number, text: string}} said
   */
  interim(said) {
    const follows = this.#atEnd();
    let row = this.#interims.get(said.role)?.row;
    if (!row) {
      row = this.#speech({ id: "", kind: "speech", start_at_ms: 0, low_confidence: false, doubts: [], heard: "", language: "", shared: false, meant: [], ...said });
      row.classList.add("interim");
      row.ariaHidden = "true"; // a reader of screens hears each caption once
      this.#box.append(row);
    }
    const words = row.querySelector("[data-text]");
    if (words) words.textContent = said.text;
    clearTimeout(this.#interims.get(said.role)?.timer);
    this.#interims.set(said.role, { row, timer: setTimeout(() => this.#settle(said.role), INTERIM_MS) });
    if (follows) this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** @param {string} role  whose caption came, or will not come */
  #settle(role) {
    const interim = this.#interims.get(role);
    clearTimeout(interim?.timer);
    interim?.row.remove();
    this.#interims.delete(role);
  }

  #atEnd() {
    return this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < NEAR_END_PX;
  }

  /** @param {Line} line */
  #speech(line) {
    const said = this.#row(line, line.role === "doctor" ? "said doc" : "said");
    const who = document.createElement("b");
    who.textContent = this.#names[line.role] ?? line.role;
    const words = document.createElement(line.low_confidence ? "mark" : "span");
    words.append(...(line.low_confidence ? [line.text] : this.#doubted(line)));
    words.dataset.text = "";
    if (line.low_confidence) words.title = this.#words.uncertain ?? "";
    words.lang = line.language || (this.#words.visitLanguage ?? "");
    said.lastElementChild?.append(who, " ", words);
    if (line.shared) said.lastElementChild?.append(" ", dim(`(${this.#words.sharedMicrophone})`));
    if (line.language) said.lastElementChild?.append(" ", dim(`(${languageName(line.language)})`));
    if (line.heard) said.lastElementChild?.append(" ", dim(`${this.#words.heard ?? ""} ${line.heard}`));
    if (this.#correct && line.id) {
      said.lastElementChild?.append(...line.meant.flatMap((meant) => [" ", this.#meant(line, meant)]));
      said.append(this.#pencil(line, said));
    }
    return said;
  }

  /**
   * A drug that some of the words may have been: one click writes it in their place.
   * @param {Line} line
   * @param {[number, number, string]} meant  from, to (in code points), the drug
   */
  #meant(line, [from, to, drug]) {
    const letters = [...line.text];
    const words = letters.slice(from, to).join("");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "meant";
    button.textContent = `${drug}\u00a0?`;
    button.title = button.ariaLabel = (this.#words.meant ?? "").replace("{words}", words).replace("{drug}", drug);
    button.addEventListener("click", () => {
      button.disabled = true;
      const text = letters.slice(0, from).join("") + drug + letters.slice(to).join("");
      void this.#correct?.(line, text).then((refusal) => {
        if (!refusal) return;
        button.disabled = false;
        button.after(dim(refusal));
      });
    });
    return button;
  }

  /**
   * @param {Line} line
   * @param {HTMLElement} row
   */
  #pencil(line, row) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "pencil";
    button.textContent = this.#words.correct ?? "";
    button.addEventListener("click", () => this.#edit(line, row));
    return button;
  }

  /**
   * A field in place of the words: Enter sends, Escape leaves all as it is.
   * @param {Line} line
   * @param {HTMLElement} row
   */
  #edit(line, row) {
    const field = document.createElement("input");
    const why = document.createElement("small");
    const text = row.querySelector("p");
    const button = /** @type {HTMLButtonElement | null} */ (row.querySelector(".pencil"));
    if (!text || !button) return;
    field.className = "input s";
    field.value = line.text;
    field.ariaLabel = this.#words.correct ?? "";
    why.className = "bad";
    why.role = "alert";
    text.hidden = button.hidden = true;
    text.after(field, why);
    field.focus();
    const leave = () => {
      [field, why].forEach((part) => part.remove());
      text.hidden = button.hidden = false;
      button.focus();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") leave();
      if (event.key !== "Enter") return;
      event.preventDefault();
      void this.#correct?.(line, field.value).then((refusal) => (refusal ? (why.textContent = refusal) : leave()));
    });
  }

  /**
   * The text, its badly heard words marked.
   * @param {Line} line
   */
  #doubted(line) {
    const letters = [...line.text]; // places count code points
    /** @type {(string | HTMLElement)[]} */
    const parts = [];
    let at = 0;
    for (const [start, end] of line.doubts ?? []) {
      const mark = document.createElement("mark");
      mark.textContent = letters.slice(start, end).join("");
      mark.title = this.#words.uncertain ?? "";
      parts.push(letters.slice(at, start).join(""), mark);
      at = end;
    }
    return [...parts, letters.slice(at).join("")];
  }

  /** @param {Line} line */
  #marker(line) {
    const said = this.#row(line, "said mark");
    const who = this.#names[line.role] ?? line.role; // a guest: the doctor and the patient have sentences of their own
    const key = `${line.kind}${line.role ? `_${line.role}` : ""}`;
    if (said.lastElementChild) said.lastElementChild.textContent = this.#words[key] ?? (this.#words[line.kind] ?? line.kind).replace("{who}", who);
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

/** @param {string} text  without capitals and accents */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** @param {string} about  a line, beside its words */
function dim(about) {
  const note = document.createElement("small");
  note.className = "dim";
  note.textContent = about;
  return note;
}

/** @param {string} code */
function languageName(code) {
  return new Intl.DisplayNames(document.documentElement.lang, { type: "language" }).of(code) ?? code;
}
