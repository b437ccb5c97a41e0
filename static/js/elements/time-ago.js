/**
 * <time-ago><time datetime="2026-11-23T14:15:00+01:00">14:15</time></time-ago>
 * Adds how long ago (or in how long) that is, in the page's language, and keeps it true.
 */
export class TimeAgo extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.#show();
    this.#timer = window.setInterval(() => this.#show(), 20_000);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  #show() {
    const time = this.querySelector("time");
    if (!time) return;
    const minutes = Math.round((Date.parse(time.dateTime) - Date.now()) / 60_000);
    const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
    const text = Math.abs(minutes) < 90 ? words.format(minutes, "minute") : words.format(Math.round(minutes / 60), "hour");
    time.title = time.title || time.textContent || "";
    time.textContent = text;
  }
}

customElements.define("time-ago", TimeAgo);
