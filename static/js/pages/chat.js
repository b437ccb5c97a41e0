/** The messages beside a call: words, photos and documents of both sides, what is on its way, and how many are unread. */

import { Outbox } from "../call/outbox.js";
import { element, on } from "./call-stage.js";

/** @typedef {{id: string, name: string, media_type: string, size_bytes: number}} Document */
/** @typedef {{id: string, participant: string, role: string, name: string, text: string, sent_at_ms: number, document: Document|null}} Message */
/** @typedef {import("../call/outbox.js").Piece} Piece */

const ACCEPTED = ["image/jpeg", "image/png", "image/webp", "application/pdf"];

/**
 * Bring the panel #chat and its tool to life.
 * @param {import("../call/session.js").CallSession} session
 */
export function wireChat(session) {
  const chat = new Chat();
  on(session, "message", (message) => {
    if (message.type === "message") chat.show(message, true);
    if (message.type === "ended") chat.close();
  });
  on(session, "socket", (open) => open && void chat.load()); // what came while the connection was away
  on(session, "state", (state) => chat.able(!["idle", "ended"].includes(state)));
}

class Chat {
  #panel = element("chat", HTMLElement);
  #tool = element("tool-chat", HTMLButtonElement);
  #list = element("messages", HTMLElement);
  #form = element("chat-form", HTMLFormElement);
  #text = element("chat-text", HTMLTextAreaElement);
  #words = JSON.parse(element("chat-words", HTMLElement).textContent ?? "{}");
  #me = this.#panel.dataset.me ?? "";
  #time = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  #outbox = new Outbox({
    messages: this.#form.action, documents: this.#panel.dataset.upload ?? "",
    token: element("chat-token", HTMLElement).querySelector("input")?.value ?? "",
  });
  /** @type {Map<string, HTMLElement>} */ #lines = new Map();
  #unread = 0;

  constructor() {
    on(this.#outbox, "change", (piece) => this.#showPiece(piece));
    on(this.#outbox, "sent", (message) => this.show(message, false));
    this.#tool.addEventListener("click", () => this.#toggle(this.#panel.hidden));
    element("chat-close", HTMLButtonElement).addEventListener("click", () => this.#toggle(false));
    this.#panel.addEventListener("keydown", (event) => event.key === "Escape" && this.#toggle(false));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    const files = element("chat-file", HTMLInputElement);
    element("chat-attach", HTMLButtonElement).addEventListener("click", () => files.click());
    files.addEventListener("change", () => {
      this.#attach(files.files);
      files.value = "";
    });
    this.#panel.addEventListener("dragover", (event) => event.preventDefault());
    this.#panel.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#attach(event.dataTransfer?.files);
    });
    this.#text.addEventListener("paste", (event) => this.#attach(event.clipboardData?.files));
    globalThis.addEventListener("beforeunload", (event) => this.#outbox.isBusy && event.preventDefault());
  }

  /** @param {boolean} able  whether the visit takes messages */
  able(able) {
    this.#tool.disabled = !able;
  }

  /** The visit is over. */
  close() {
    this.#outbox.close();
  }

  /** All messages of the visit; those already shown stay. */
  async load() {
    try {
      const answer = await fetch(this.#form.action, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      for (const message of (await answer.json()).messages) this.show(message, this.#lines.size > 0);
    } catch {
      // No network: the socket's next opening asks again.
    }
  }

  /**
   * @param {Message} message
   * @param {boolean} fresh  it came just now: counted while the panel is closed, and said aloud
   */
  show(message, fresh) {
    const known = this.#lines.get(message.id);
    this.#outbox.arrived(message.id);
    if (known && "here" in known.dataset) return;
    const own = message.participant === this.#me;
    const line = this.#line(message.id, own);
    delete line.dataset.state;
    line.dataset.here = "";
    line.querySelectorAll("progress, button").forEach((part) => part.remove());
    const who = own ? this.#words.you : message.name || this.#words[message.role] || message.role;
    this.#part(line, "who").textContent = `${who} · ${this.#time.format(message.sent_at_ms)}`;
    this.#fill(line, message.text, message.document);
    if (own || !fresh || !this.#panel.hidden) return;
    this.#count(this.#unread + 1);
    element("chat-said", HTMLElement).textContent = this.#words.came.replace("{name}", who);
  }

  /** @param {Piece} piece  of our own that is not there yet */
  #showPiece(piece) {
    if (piece.state === "sent") return;
    const line = this.#line(piece.id, true);
    if ("here" in line.dataset) return; // the socket was quicker than the answer
    this.#fill(line, piece.file?.name ?? piece.text, null);
    line.dataset.state = piece.state;
    const percent = piece.file && piece.progress < 1 ? ` ${Math.round(piece.progress * 100)} %` : "";
    const failure = { failed: this.#words.failed, refused: piece.error || this.#words.failed }[/** @type {string} */ (piece.state)];
    this.#part(line, "who").textContent = failure ?? `${this.#words.sending}${percent}`;
    const bar = line.querySelector("progress");
    if (bar) Object.assign(bar, { hidden: !piece.file || piece.state !== "sending", value: piece.progress });
    const again = line.querySelector("button");
    if (again) {
      again.hidden = piece.state !== "failed";
      again.onclick = () => this.#outbox.again(piece);
    }
    if (failure) element("chat-said", HTMLElement).textContent = failure;
  }

  /**
   * @param {string} id
   * @param {boolean} own
   * @returns {HTMLElement}
   */
  #line(id, own) {
    const known = this.#lines.get(id);
    if (known) return known;
    const line = /** @type {HTMLElement} */ (element("message", HTMLTemplateElement).content.firstElementChild?.cloneNode(true));
    line.classList.toggle("own", own);
    this.#lines.set(id, line);
    this.#list.append(line);
    element("no-messages", HTMLElement).hidden = true;
    this.#list.scrollTop = this.#list.scrollHeight;
    return line;
  }

  /**
   * @param {HTMLElement} line
   * @param {string} text
   * @param {Document|null} about
   */
  #fill(line, text, about) {
    const body = this.#part(line, "text");
    body.textContent = about ? "" : text;
    if (!about) return;
    const link = Object.assign(document.createElement("a"), { href: `${this.#panel.dataset.documents}${about.id}`, target: "_blank" });
    link.textContent = `${about.name || this.#words.document} · ${size(about.size_bytes, document.documentElement.lang)}`;
    if (about.media_type.startsWith("image/")) {
      const photo = Object.assign(new Image(), { loading: "lazy", alt: this.#words.photo.replace("{name}", about.name), src: link.href });
      photo.addEventListener("load", () => (this.#list.scrollTop = this.#list.scrollHeight));
      link.replaceChildren(photo);
    }
    body.append(link);
  }

  /**
   * @param {HTMLElement} line
   * @param {string} name
   */
  #part(line, name) {
    return /** @type {HTMLElement} */ (line.querySelector(`.${name}`));
  }

  #send() {
    const text = this.#text.value.trim();
    if (!text) return;
    this.#text.value = "";
    this.#outbox.add(text);
  }

  /** @param {FileList|undefined|null} files */
  #attach(files) {
    element("chat-fault", HTMLElement).textContent = "";
    for (const file of files ?? []) {
      const fits = file.size <= Number(this.#panel.dataset.limit) || file.type.startsWith("image/"); // photos get smaller
      if (fits && (!file.type || ACCEPTED.includes(file.type))) this.#outbox.add("", file);
      else element("chat-fault", HTMLElement).textContent = `${file.name}: ${fits ? this.#words.kind : this.#words.large}`;
    }
  }

  /** @param {boolean} open */
  #toggle(open) {
    this.#panel.hidden = !open;
    this.#tool.setAttribute("aria-expanded", String(open));
    if (!open) return this.#tool.focus();
    this.#count(0);
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#text.focus();
  }

  /** @param {number} unread */
  #count(unread) {
    this.#unread = unread;
    const badge = element("unread", HTMLElement);
    badge.hidden = unread === 0;
    badge.textContent = String(unread);
    this.#tool.setAttribute("aria-label", unread ? this.#words.unread.replace("{n}", String(unread)) : this.#words.messages);
  }
}

/**
 * @param {number} bytes
 * @param {string} language
 */
function size(bytes, language) {
  const unit = bytes < 1_000_000 ? "kilobyte" : "megabyte";
  const value = bytes / (bytes < 1_000_000 ? 1000 : 1_000_000);
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}
