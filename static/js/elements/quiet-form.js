/**
 * <quiet-form><form method="post" …><button>…</button></form></quiet-form>
 * Sends its form without leaving the page and says what the server answered ({said} or {error: {message}}).
 * Without script the form is sent as any other.
 */
import { toast } from "./toast.js";

export class QuietForm extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => {
      if (event.defaultPrevented || !(event.target instanceof HTMLFormElement)) return; // a question comes first
      event.preventDefault();
      void this.#send(event.target);
    });
  }

  /** @param {HTMLFormElement} form */
  async #send(form) {
    const button = form.querySelector("button");
    button?.setAttribute("aria-busy", "true");
    try {
      const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      const { said, error } = await answer.json();
      toast(said ?? error?.message ?? "");
    } catch {
      toast(this.getAttribute("failed") ?? "");
    }
    button?.removeAttribute("aria-busy");
    delete form.dataset.confirmed; // the next time is asked again
  }
}

customElements.define("quiet-form", QuietForm);
