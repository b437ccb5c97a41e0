/**
 * <count-down until="2026-11-23T13:40:00+00:00" over="No longer held.">until 14:40</count-down>, or left="300" in seconds from now on.
 * Shows how much time is left in place of its text, once a second; a screen reader hears the
 * text it had, and then the end. Without script the text stands.
 */
export class CountDown extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    const left = document.createElement("b");
    left.setAttribute("aria-hidden", "true");
    left.className = "tab";
    const words = document.createElement("span");
    words.className = "sr";
    words.append(...this.childNodes);
    this.replaceChildren(words, left);
    const left_s = this.getAttribute("left");
    const until = left_s ? Date.now() + Number(left_s) * 1000 : Date.parse(this.getAttribute("until") ?? "");
    this.#timer = window.setInterval(() => this.#show(left, until), 1000);
    this.#show(left, until);
  }

  disconnectedCallback() {
    window.clearInterval(this.#timer);
  }

  /**
   * @param {HTMLElement} left
   * @param {number} until
   */
  #show(left, until) {
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    left.textContent = clock(seconds);
    if (seconds > 0) return;
    window.clearInterval(this.#timer);
    this.setAttribute("role", "status");
    this.textContent = this.getAttribute("over");
  }
}

/**
 * 9:59, and from an hour on 1:56:32.
 * @param {number} seconds
 */
function clock(seconds) {
  const two = (/** @type {number} */ n) => String(Math.floor(n)).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
}

customElements.define("count-down", CountDown);
