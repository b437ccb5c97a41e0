/**
 * <count-down until="2026-11-23T13:40:00+00:00" over="No longer held.">until 14:40</count-down>, or left="300" in seconds from now on.
 * Shows how many minutes and seconds are left in place of its text, once a second; a screen reader hears the
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
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds > 0) return;
    window.clearInterval(this.#timer);
    this.setAttribute("role", "status");
    this.textContent = this.getAttribute("over");
  }
}

customElements.define("count-down", CountDown);
