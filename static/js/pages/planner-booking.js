/**
 * The booking page: patients appear while one types, and a form is sent once however often it is pressed.
 * Without script the search has its own button.
 */
const PAUSE_MS = 250;
const SHORTEST = 2;

class FindPatient extends HTMLElement {
  #timer = 0;
  /** @type {AbortController | null} */
  #asking = null;

  connectedCallback() {
    this.addEventListener("input", () => {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#search(), PAUSE_MS);
    });
  }

  async #search() {
    const form = this.querySelector("form");
    const hits = this.querySelector("#hits");
    if (!form || !hits) return;
    const fields = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    if (String(fields.get("q")).trim().length < SHORTEST) {
      hits.replaceChildren();
      return;
    }
    this.#asking?.abort();
    this.#asking = new AbortController();
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields, signal: this.#asking.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      hits.replaceChildren(...(page.querySelector("#hits")?.childNodes ?? []));
    } catch {
      // Aborted by the next letter, or the network is away: the button still searches.
    }
  }
}

customElements.define("find-patient", FindPatient);
