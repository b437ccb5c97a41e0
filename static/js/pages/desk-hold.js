/**
 * <desk-hold form="booking" action="/planner/holds" appointment="">: holds the time that is chosen in a form, for whoever fills it
 * in. Typing prolongs it, up to the limit that the server sets; leaving the page gives it back; a screen reader hears that it
 * is held, that its last minute began, and its end. Without script nothing is held, and the form books all the same.
 */
const ALIVE_MS = 60_000; // typing is told to the server once a minute
const SOON_MS = 60_000;
const STAYED_MS = 5_000; // whoever still sees the page then has not left it
const ASKED = ["csrf_token", "practitioner", "motif", "start", "interpreter", "room"]; // nothing about a patient

class DeskHold extends HTMLElement {
  #id = "";
  #start = "";
  #mayLast = false; // longer than now
  #told = 0;
  /** @type {number[]} */
  #timers = [];
  #sent = false;
  /** @type {Promise<void>} one request after the other: the last choice counts */
  #before = Promise.resolve();

  connectedCallback() {
    document.addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement && event.target.name === "start" && event.target.form === this.#form) this.#next(() => this.#take());
    });
    document.addEventListener("input", () => {
      if (this.#id && this.#mayLast && Date.now() - this.#told > ALIVE_MS) this.#next(() => this.#prolong());
    });
    this.addEventListener("click", (event) => {
      const pressed = event.target instanceof Element ? event.target.closest("button") : null;
      if (pressed?.hasAttribute("data-keep")) this.#next(() => this.#prolong());
      if (pressed?.hasAttribute("data-again")) this.#next(() => this.#take());
    });
    this.#form?.addEventListener("submit", () => {
      this.#sent = true; // the server gives it up when it books; a form that is shown again goes on holding it
    });
    window.addEventListener("beforeunload", () => this.#leave()); // before the next page is asked for: it shows the time as free
    window.addEventListener("pagehide", () => this.#leave());
    window.addEventListener("pageshow", (event) => {
      this.#sent = false;
      if (event.persisted) this.#next(() => this.#take());
    });
    this.#next(() => this.#take());
  }

  get #form() {
    return /** @type {HTMLFormElement | null} */ (document.getElementById(this.getAttribute("form") ?? ""));
  }

  /** @param {() => Promise<void>} ask */
  #next(ask) {
    this.#before = this.#before.then(ask).catch(() => this.#tell("trouble", this.#template("away")));
  }

  async #take() {
    const start = this.#chosen();
    if (!start) return;
    const answer = await this.#post("", { hold: this.#id, appointment: this.getAttribute("appointment") ?? "" });
    if (answer.querySelector("[data-hold]")) this.#show(answer, start);
    else {
      this.#tell("trouble", answer);
      this.#choose(this.#start); // what was held before still is
    }
  }

  async #prolong() {
    if (!this.#id) return;
    this.#told = Date.now();
    const answer = await this.#post(`/${this.#id}/prolongation`);
    if (answer.querySelector("[data-hold]")) this.#show(answer, this.#start);
    else this.#end();
  }

  /**
   * @param {DocumentFragment} answer
   * @param {string} start
   */
  #show(answer, start) {
    const band = /** @type {HTMLElement} */ (answer.querySelector("[data-hold]"));
    const { hold = "", left = "0", soon = "" } = band.dataset;
    const again = this.#id !== "" && start === this.#start; // held already: no need to hear it anew
    [this.#id, this.#start, this.#mayLast, this.#told] = [hold, start, band.hasAttribute("data-longer"), Date.now()];
    this.#stopTimers();
    const left_ms = Number(left) * 1000;
    this.#timers = [window.setTimeout(() => this.#end(), left_ms), window.setTimeout(() => this.#say(soon), Math.max(0, left_ms - SOON_MS))];
    this.#tell("trouble", null);
    this.#tell("held", answer, again);
  }

  #end() {
    this.#stopTimers();
    this.#id = "";
    this.#tell("held", this.#template("over"));
  }

  #leave() {
    if (!this.#id || this.#sent) return;
    const body = new URLSearchParams({ csrf_token: this.#field("csrf_token") });
    void fetch(`${this.getAttribute("action")}/${this.#id}/release`, { method: "POST", body, keepalive: true });
    this.#id = "";
    this.#timers.push(window.setTimeout(() => this.#next(() => this.#take()), STAYED_MS)); // it was a download
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} more
   * @returns {Promise<DocumentFragment>}
   */
  async #post(path, more = {}) {
    const body = new URLSearchParams({ ...Object.fromEntries(ASKED.map((name) => [name, this.#field(name)])), ...more });
    const answer = await fetch(`${this.getAttribute("action")}${path}`, { method: "POST", body, headers: { Accept: "text/html" } });
    const part = document.createElement("template");
    part.innerHTML = await answer.text();
    if (!part.content.querySelector("[data-said]")) throw new Error(`${answer.status}`); // signed out, or the server is away
    return part.content;
  }

  /**
   * @param {"held" | "trouble"} where
   * @param {DocumentFragment | null} what
   * @param {boolean} quietly
   */
  #tell(where, what, quietly = false) {
    const said = what?.querySelector("[data-said]")?.getAttribute("data-said") ?? "";
    const kept = this.contains(document.activeElement) && where === "held";
    this.querySelector(`[data-place=${where}]`)?.replaceChildren(...(what ? [what] : []));
    if (kept) this.querySelector("button")?.focus();
    if (said && !quietly) this.#say(said);
  }

  /** @param {string} words */
  #say(words) {
    const status = this.querySelector("[role=status]");
    if (status) status.textContent = words;
  }

  /** @param {string} name */
  #template(name) {
    const template = this.querySelector(`template[data-name=${name}]`);
    return /** @type {DocumentFragment} */ (/** @type {HTMLTemplateElement} */ (template).content.cloneNode(true));
  }

  #stopTimers() {
    for (const timer of this.#timers) window.clearTimeout(timer);
    this.#timers = [];
  }

  #chosen() {
    return this.#field("start");
  }

  /** @param {string} name */
  #field(name) {
    return this.#form ? String(new FormData(this.#form).get(name) ?? "") : "";
  }

  /** @param {string} start */
  #choose(start) {
    for (const input of this.#form?.elements ?? []) {
      if (input instanceof HTMLInputElement && input.name === "start") input.checked = start !== "" && input.value === start;
    }
  }
}

customElements.define("desk-hold", DeskHold);
