/**
 * What is on its way to the others of a visit: each piece has an id of its own from the start, so that sending again
 * after a broken connection doubles nothing. Words keep their order; files go one after the other beside them.
 * @module
 */

/** @typedef {"sending"|"failed"|"refused"|"sent"} SendState */
/** @typedef {{id: string, text: string, file: File|null, state: SendState, progress: number, error: string}} Piece */
/** @typedef {{messages: string, documents: string, token: string}} Addresses  documents: all before the id */

const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000];
const AGAIN = [0, 408, 429, 500, 502, 503, 504]; // 0: the network; all others are the server's last word
const SMALL_ENOUGH_BYTES = 300_000;
const SIDE_PX = 2560;

/** Events: "change" [Piece], "sent" [the message as the server has it]. */
export class Outbox extends EventTarget {
  #addresses;
  #waiting = { words: Promise.resolve(), files: Promise.resolve() };
  #over = false;
  /** @type {Set<Piece>} */ #pieces = new Set();

  /** @param {Addresses} addresses */
  constructor(addresses) {
    super();
    this.#addresses = addresses;
    globalThis.addEventListener?.("online", () => this.#pieces.forEach((piece) => piece.state === "failed" && this.again(piece)));
  }

  /** Whether something has neither arrived nor been refused. */
  get isBusy() {
    return [...this.#pieces].some((piece) => piece.state === "sending" || piece.state === "failed");
  }

  /**
   * @param {string} text
   * @param {File|null} [file]
   */
  add(text, file = null) {
    /** @type {Piece} */
    const piece = { id: crypto.randomUUID().replaceAll("-", ""), text, file, state: "sending", progress: 0, error: "" };
    this.#pieces.add(piece);
    this.again(piece);
  }

  /** Send it (again), after what is before it. @param {Piece} piece */
  again(piece) {
    const lane = piece.file ? "files" : "words";
    this.#tell(piece, "sending");
    this.#waiting[lane] = this.#waiting[lane].then(() => this.#deliver(piece));
  }

  /** The server has this one, says somebody who heard it: an answer may be lost. @param {string} id */
  arrived(id) {
    for (const piece of this.#pieces) if (piece.id === id) this.#pieces.delete(piece);
  }

  /** Nothing is sent any more: the visit is over. */
  close() {
    this.#over = true;
    this.#pieces.clear();
  }

  /** @param {Piece} piece */
  async #deliver(piece) {
    const body = piece.file ? await smaller(piece.file) : new URLSearchParams({ id: piece.id, text: piece.text });
    for (const pause of [...PAUSES_MS, 0]) {
      if (this.#over || !this.#pieces.has(piece)) return;
      const { status, answer } = await this.#post(piece, body);
      if (status === 200) {
        this.#pieces.delete(piece);
        this.#tell(piece, "sent");
        this.dispatchEvent(new CustomEvent("sent", { detail: answer }));
        return;
      }
      piece.error = answer?.error?.message ?? "";
      if (!AGAIN.includes(status)) return this.#tell(piece, "refused");
      if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    this.#tell(piece, "failed");
  }

  /**
   * @param {Piece} piece
   * @param {Blob|URLSearchParams} body
   * @returns {Promise<{status: number, answer: any}>}  status 0: it did not arrive
   */
  #post(piece, body) {
    const { messages, documents, token } = this.#addresses;
    return new Promise((resolve) => {
      const request = new XMLHttpRequest(); // fetch tells nothing of an upload's progress
      request.open("POST", piece.file ? documents + piece.id : messages);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRF-Token", token);
      if (piece.file) {
        request.setRequestHeader("Content-Type", "application/octet-stream");
        request.setRequestHeader("X-File-Name", encodeURIComponent(piece.file.name));
      }
      request.responseType = "json";
      request.upload.onprogress = ({ loaded, total }) => {
        piece.progress = total ? loaded / total : 0;
        this.#tell(piece, "sending");
      };
      request.onloadend = () => resolve({ status: request.status, answer: request.response });
      request.send(body);
    });
  }

  /**
   * @param {Piece} piece
   * @param {SendState} state
   */
  #tell(piece, state) {
    piece.state = state;
    this.dispatchEvent(new CustomEvent("change", { detail: piece }));
  }
}

/**
 * A photo as small as it is kept anyway: quicker over a poor network, and its place and time never leave the phone.
 * What this browser cannot read goes as it is; the server decides.
 * @param {File} file
 * @returns {Promise<Blob>}
 */
async function smaller(file) {
  if (!file.type.startsWith("image/")) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, SIDE_PX / Math.max(picture.width, picture.height));
    if (scale === 1 && file.size < SMALL_ENOUGH_BYTES) return file;
    const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
    const context = canvas.getContext("2d");
    if (!context) return file;
    context.fillStyle = "#fff"; // what is transparent
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.88 });
  } catch {
    return file;
  }
}
