/**
 * The signalling half of a call, without DOM: a WebSocket of JSON messages that comes back by itself.
 * @module
 */

/** @typedef {{type: string} & Record<string, any>} Message */

const PAUSES_MS = [200, 500, 1000, 2000, 4000];
const ANSWERS_WITHIN_MS = 2000; // a join is answered in tens of milliseconds; a socket of a dead network never does
/** Codes with which the server says: do not come back like this (RFC 6455: policy violation, unsupported data). */
const FINAL_CODES = new Set([1003, 1008]);

/** Events (CustomEvent, detail in brackets): "open" [boolean], "message" [Message], "refused" [{code}: it stays closed]. */
export class CallSocket extends EventTarget {
  #url;
  /** @type {WebSocket|null} */ #socket = null;
  #closed = true; // for good
  #failures = 0;
  #heardAtMs = 0; // when it last said anything
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #openTimer;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #answerTimer;

  /** @param {string} url  http and https become ws and wss */
  constructor(url) {
    super();
    this.#url = url.replace(/^http/, "ws");
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Open it and keep it open; at once, also when it was waiting to try again. */
  open() {
    this.#closed = false;
    this.#connect();
  }

  /** For good, until open() is called. */
  close() {
    this.#closed = true;
    clearTimeout(this.#openTimer);
    clearTimeout(this.#answerTimer);
    this.#socket?.close(1000);
    this.#socket = null;
  }

  /**
   * False when it is not open.
   * @param {Message} message
   */
  send(message) {
    if (!this.isOpen) return false;
    this.#socket?.send(JSON.stringify(message));
    return true;
  }

  /**
   * Like send, for what is always answered: a socket that stays silent is replaced, for its network is gone though nobody said so.
   * @param {Message} message
   */
  ask(message) {
    if (!this.send(message)) return false;
    const askedAtMs = performance.now();
    clearTimeout(this.#answerTimer);
    this.#answerTimer = setTimeout(() => {
      if (this.#heardAtMs < askedAtMs) this.#replace();
    }, ANSWERS_WITHIN_MS);
    return true;
  }

  #connect() {
    clearTimeout(this.#openTimer);
    if (this.#closed || (this.#socket && this.#socket.readyState <= WebSocket.OPEN)) return;
    const socket = (this.#socket = new WebSocket(this.#url));
    socket.onopen = () => {
      this.#failures = 0;
      this.#emit("open", true);
    };
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.#socket) this.#lost(event.code);
    };
  }

  /** @param {number} code */
  #lost(code) {
    this.#socket = null;
    this.#emit("open", false);
    if (this.#closed) return;
    if (FINAL_CODES.has(code)) {
      this.#closed = true;
      this.#emit("refused", { code });
      return;
    }
    const pause = PAUSES_MS[Math.min(this.#failures++, PAUSES_MS.length - 1)];
    this.#openTimer = setTimeout(() => this.#connect(), pause * (0.8 + 0.4 * Math.random()));
  }

  #replace() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#connect();
  }

  /** @param {string} data */
  #receive(data) {
    this.#heardAtMs = performance.now();
    /** @type {Message} */
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    this.#emit("message", message);
  }

  /**
   * @param {string} type
   * @param {any} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
