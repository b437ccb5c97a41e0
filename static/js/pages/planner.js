/**
 * The planner comes alive: arrow keys walk through the grid, and what others book shows without a reload.
 * <live-planner> wraps the grid; without script the grid is a page of links.
 */
const REFRESH_MS = 60_000; // each look is noted in the audit trail: often enough, not more
const ENTRIES = "a.free, a.a";

class LivePlanner extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.addEventListener("keydown", (event) => this.#walk(event));
    this.#timer = window.setInterval(() => void this.#refresh(), REFRESH_MS);
    document.addEventListener("visibilitychange", this.#seen);
    this.#beginAtNow();
  }

  /** Where the grid scrolls by itself, today begins an hour before now. */
  #beginAtNow() {
    const now = this.querySelector(".now-line");
    if (!(now instanceof HTMLElement) || this.scrollHeight <= this.clientHeight) return;
    this.scrollTop = now.offsetTop - this.clientHeight / 3;
  }

  disconnectedCallback() {
    window.clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#seen);
  }

  #seen = () => void this.#refresh();

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const here = event.target;
    if (!(here instanceof HTMLElement) || !here.matches(ENTRIES) || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = this.#neighbour(here, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  /**
   * @param {HTMLElement} here
   * @param {string} key
   * @returns {HTMLElement | undefined}
   */
  #neighbour(here, key) {
    const days = [...this.querySelectorAll("section.day")];
    const day = days.findIndex((section) => section.contains(here));
    const carrying = this.classList.contains("carrying");
    const column = entries(days[day]).filter((entry) => !carrying || entry.matches(".free"));
    const at = column.indexOf(here);
    if (key === "ArrowDown") return column[at + 1];
    if (key === "ArrowUp") return column[at - 1];
    if (key === "Home") return column[0];
    if (key === "End") return column.at(-1);
    if (key === "ArrowRight") return nearest(days.slice(day + 1), here, carrying);
    if (key === "ArrowLeft") return nearest(days.slice(0, day).reverse(), here, carrying);
    return undefined;
  }

  async #refresh() {
    if (document.hidden || this.classList.contains("carrying")) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("live-planner");
      if (fresh && fresh.innerHTML !== this.innerHTML) this.#show(fresh);
    } catch {
      // The network is away for a moment: what is shown stays, the next round tries again.
    }
  }

  /** @param {Element} fresh */
  #show(fresh) {
    const focused = this.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
    this.replaceChildren(...fresh.childNodes);
    if (!focused) return;
    const again = [...this.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused);
    again?.focus({ preventScroll: true });
  }
}

/**
 * @param {Element | undefined} day
 * @returns {HTMLElement[]}
 */
function entries(day) {
  return day ? /** @type {HTMLElement[]} */ ([...day.querySelectorAll(ENTRIES)]) : [];
}

/**
 * The entry at about the same height in the first of these days that has any.
 * @param {Element[]} days
 * @param {HTMLElement} here
 * @param {boolean} carrying  only free times then
 * @returns {HTMLElement | undefined}
 */
function nearest(days, here, carrying) {
  const top = here.getBoundingClientRect().top;
  const day = days.map((each) => entries(each).filter((entry) => !carrying || entry.matches(".free"))).find((found) => found.length > 0) ?? [];
  /** @param {HTMLElement} entry */
  const far = (entry) => Math.abs(entry.getBoundingClientRect().top - top);
  return day.reduce((/** @type {HTMLElement | undefined} */ best, entry) => (best && far(best) <= far(entry) ? best : entry), undefined);
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const finder = document.querySelector("a#find-a-time");
  if (!(finder instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  location.assign(finder.href);
});

customElements.define("live-planner", LivePlanner);
