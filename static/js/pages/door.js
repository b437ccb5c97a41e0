/** The door of a visit: the doctor makes links, lets guests in or not, sends them away, and locks the room. */

import { element, on } from "./call-stage.js";
import { peopleWords } from "./tiles.js";

/** @typedef {{id: string, name: string, relation: string, admitted: boolean}} Guest */
/** @typedef {{links: {id: string, until_ms: number}[], guests: Guest[], locked: boolean, link?: string, error?: {message: string}}} Door */

/**
 * @param {import("../call/session.js").CallSession} session
 * @param {import("./call-stage.js").CallStage} stage
 * @param {Record<string, string>} text
 */
export function wireDoor(session, stage, text) {
  const { roles } = peopleWords();
  const dialog = element("guests", HTMLDialogElement);
  const root = element("visit", HTMLElement);
  const lists = { knocks: element("knocks", HTMLElement), guests: element("guest-list", HTMLElement), links: element("link-list", HTMLElement) };
  const locked = element("lock-room", HTMLInputElement);
  const token = /** @type {HTMLInputElement} */ (dialog.querySelector("[name=csrf_token]"));
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

  on(session, "message", (message) => message.type === "guests" && void look());
  on(session, "socket", (open) => open && void look());
  element("make-link", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void act("guest-links");
  });
  locked.addEventListener("change", () => void act("lock", { locked: String(locked.checked) }));

  async function look() {
    try {
      const answer = await fetch(`${root.dataset.door}guests`, { headers: { Accept: "application/json" } });
      if (answer.ok) show(await answer.json());
    } catch {
      // No network: the socket's next opening looks again.
    }
  }

  /**
   * @param {string} what  the rest of the address
   * @param {Record<string, string>} [fields]
   */
  async function act(what, fields = {}) {
    stage.band("door", "", "mind");
    try {
      const body = new URLSearchParams({ csrf_token: token.value, ...fields });
      const answer = await fetch(`${root.dataset.door}${what}`, { method: "POST", body, headers: { Accept: "application/json" } });
      show(await answer.json());
    } catch {
      stage.band("door", text.notSent, "bad");
      element("door-fault", HTMLElement).textContent = text.notSent;
    }
  }

  /** @param {Door} door */
  function show(door) {
    element("door-fault", HTMLElement).textContent = door.error?.message ?? "";
    if (door.error) {
      stage.band("door", door.error.message, "mind");
      locked.checked = !locked.checked; // what was asked did not happen
      return void look();
    }
    locked.checked = door.locked;
    const waiting = door.guests.filter((guest) => !guest.admitted);
    const asking = () => waiting.map((guest) => line(text.knocks.replace("{name}", named(guest)), [
      [text.letIn, `guests/${guest.id}/admission`, "primary"], [text.refuse, `guests/${guest.id}/dismissal`, ""]]));
    fill(lists.knocks, asking());
    fill(lists.guests, [...asking(), ...door.guests.filter((guest) => guest.admitted).map((guest) => line(named(guest), [
      [text.sendAway, `guests/${guest.id}/dismissal`, ""]]))]);
    fill(lists.links, door.links.map((link) => line(text.linkUntil.replace("{time}", time.format(link.until_ms)), [
      [text.revoke, `guest-links/${link.id}/revocation`, ""]])));
    element("no-guests", HTMLElement).hidden = lists.guests.childElementCount > 0;
    const badge = element("waiting-guests", HTMLElement);
    badge.hidden = waiting.length === 0;
    badge.textContent = String(waiting.length);
    if (door.link) showLink(door.link);
  }

  /** @param {string} link  shown this once: only its hash is kept */
  function showLink(link) {
    element("new-link", HTMLElement).hidden = false;
    const field = element("guest-link", HTMLInputElement);
    field.value = link;
    dialog.querySelector("copy-button")?.setAttribute("text", link);
    field.focus();
    field.select();
  }

  /** @param {Guest} guest */
  function named(guest) {
    return `${guest.name} (${roles[guest.relation] ?? guest.relation})`;
  }

  /**
   * @param {string} words
   * @param {string[][]} deeds  label, address, kind
   */
  function line(words, deeds) {
    const row = Object.assign(document.createElement("div"), { className: "row" });
    row.append(Object.assign(document.createElement("span"), { className: "grow", textContent: words }));
    for (const [label, address, kind] of deeds) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: `btn s ${kind}`, textContent: label });
      button.addEventListener("click", () => void act(address));
      row.append(button);
    }
    return row;
  }
}

/**
 * Only what changed is replaced: a screen reader says what came, and a button keeps its focus.
 * @param {HTMLElement} list
 * @param {HTMLElement[]} rows
 */
function fill(list, rows) {
  const now = [...list.children].map((row) => row.textContent).join("\n");
  if (now !== rows.map((row) => row.textContent).join("\n")) list.replaceChildren(...rows);
}
