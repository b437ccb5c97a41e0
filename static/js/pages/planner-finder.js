/**
 * <find-time>: free times appear while one types; arrows choose, Enter books the chosen one (ARIA combobox with a listbox).
 * Without script the form shows them, and Enter books the first.
 */
const WAIT_MS = 120;

class FindTime extends HTMLElement {
  #timer = 0;
  #at = 0;
  /** @type {AbortController | null} */
  #asking = null;
  /** @type {Promise<void> | null} what was typed last is still being looked for */
  #pending = null;

  connectedCallback() {
    const input = this.#input;
    if (!input) return;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", "found");
    this.addEventListener("input", () => {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#ask(), WAIT_MS);
    });
    input.addEventListener("keydown", (event) => void this.#key(event));
    this.addEventListener("click", (event) => {
      const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
      if (option) this.#take(option);
    });
    this.#asList();
    input.focus();
    input.select();
  }

  get #input() {
    return /** @type {HTMLInputElement | null} */ (this.querySelector("input[name=q]"));
  }

  get #options() {
    return [...this.querySelectorAll("#found > li")];
  }

  /** Links become options of a listbox: the field keeps the focus. */
  #asList() {
    this.querySelector("#found")?.setAttribute("role", "listbox");
    this.#options.forEach((item, n) => {
      const link = item.querySelector("a");
      if (!link) return;
      const line = document.createElement("div");
      line.className = link.className;
      line.append(...link.childNodes);
      item.replaceChildren(line);
      item.id = `time-${n}`;
      item.setAttribute("role", "option");
      item.setAttribute("data-href", link.href);
    });
    this.#input?.setAttribute("aria-expanded", String(this.#options.length > 0));
    this.#choose(0);
  }

  /** @param {number} n */
  #choose(n) {
    const options = this.#options;
    this.#at = Math.max(0, Math.min(n, options.length - 1));
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === this.#at)));
    const chosen = options[this.#at];
    if (chosen) {
      this.#input?.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else this.#input?.removeAttribute("aria-activedescendant");
  }

  /** @param {Event} event */
  async #key(event) {
    if (!(event instanceof KeyboardEvent) || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.#choose(this.#at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (this.#timer) this.#ask();
      await this.#pending; // what was typed last counts
      const chosen = this.#options[this.#at];
      if (chosen) this.#take(chosen);
    }
  }

  /** @param {Element} option */
  #take(option) {
    const href = option.getAttribute("data-href");
    if (href) location.assign(href);
  }

  #ask() {
    window.clearTimeout(this.#timer);
    this.#timer = 0;
    this.#pending = this.#search();
  }

  async #search() {
    const form = this.querySelector("form");
    if (!form) return;
    const address = `${form.action}?${new URLSearchParams(/** @type {any} */ (new FormData(form)))}`;
    this.#asking?.abort();
    this.#asking = new AbortController();
    try {
      const answer = await fetch(address, { signal: this.#asking.signal });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("find-time > section");
      const status = this.querySelector("#how-many");
      const said = fresh?.querySelector("#how-many")?.textContent ?? "";
      const kept = this.querySelector("section");
      if (!fresh || !kept || !status) return;
      fresh.querySelector("#how-many")?.replaceWith(status); // the same element: what changes in it is read aloud
      kept.replaceChildren(...fresh.childNodes);
      status.textContent = said;
      history.replaceState(null, "", address);
      this.#asList();
    } catch {
      // Aborted by the next letter, or the network is away: the button still shows them.
    }
  }
}

customElements.define("find-time", FindTime);
