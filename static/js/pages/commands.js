/** What the doctor says to the assistant: proposals to confirm, beside the record they would change. */

import { element, on } from "./call-stage.js";

/**
 * @param {import("../call/session.js").CallSession} session
 * @param {Record<string, string>} text
 */
export function wireCommands(session, text) {
  const place = element("asked", HTMLElement);
  const told = element("asked-told", HTMLElement);
  let waiting = count();

  on(session, "message", (message) => message.type === "commands" && void look());
  on(session, "socket", (open) => open && void look());
  place.addEventListener("submit", (event) => {
    if (!(event.target instanceof HTMLFormElement)) return;
    event.preventDefault();
    void decide(event.target, event.submitter);
  });
  document.addEventListener("keydown", (event) => {
    if (event.code !== "KeyK" || !event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    first()?.focus(); // the first press goes there, Enter confirms: no key writes into a record by accident
  });

  function first() {
    return /** @type {HTMLElement | null} */ (place.querySelector("[data-confirm]"));
  }

  function count() {
    return place.querySelectorAll("[data-state=open], [data-state=refused]").length;
  }

  async function look() {
    try {
      const answer = await fetch(place.dataset.address ?? "");
      if (answer.ok) show(await answer.text());
    } catch {
      // No network: the socket's next opening looks again.
    }
  }

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLElement | null} submitter
   */
  async function decide(form, submitter) {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form, submitter)));
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.text());
    } catch {
      told.textContent = text.notSent;
    }
  }

  /** @param {string} html  of our own server, escaped there */
  function show(html) {
    const card = document.activeElement?.closest("[data-command]");
    const within = place.contains(document.activeElement);
    const id = card instanceof HTMLElement ? card.dataset.command : "";
    place.innerHTML = html;
    if (within) { // whoever was here stays here: on the same card's button, or the next to decide
      const same = id ? place.querySelector(`[data-command="${CSS.escape(id)}"] button`) : null;
      /** @type {HTMLElement | null} */ (same ?? first())?.focus();
    }
    const now = count();
    told.textContent = now > waiting ? text.asked : "";
    waiting = now;
  }
}
