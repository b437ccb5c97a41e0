/**
 * The doctor's queue, live: the server sends the list's own HTML whenever something changes.
 * @module
 */

import { CallSession } from "../call/session.js";

/** @param {HTMLElement} list  with data-socket; its content is replaced */
export function keepLive(list) {
  const session = new CallSession(new URL(list.dataset.socket ?? "", location.href).href);
  const offline = document.getElementById("offline");
  session.addEventListener("socket", (event) => {
    if (offline) offline.hidden = /** @type {CustomEvent<boolean>} */ (event).detail;
  });
  session.addEventListener("message", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    if (detail.type !== "queue") return;
    replace(list, detail.html);
    showDelay(detail.delay_min);
    offerToTell(detail.untold);
    showCount(detail.waiting);
  });
  session.open();
}

/**
 * New content, with the keyboard's focus kept on the visit where it was.
 * @param {HTMLElement} list
 * @param {string} html  rendered and escaped by our own server
 */
function replace(list, html) {
  const focused = document.activeElement instanceof HTMLElement && list.contains(document.activeElement)
    ? document.activeElement.dataset.visit : undefined;
  list.innerHTML = html;
  const again = focused && list.querySelector(`[data-visit="${CSS.escape(focused)}"]`);
  if (again instanceof HTMLElement) again.focus();
}

/** @param {number} minutes */
function showDelay(minutes) {
  const delay = document.getElementById("delay");
  const chip = delay?.querySelector(".chip");
  if (!delay || !chip) return;
  delay.hidden = minutes < 5;
  const text = (delay.dataset.text ?? "").replace("{n}", String(minutes));
  chip.lastChild?.replaceWith(document.createTextNode(` ${text}`));
}

/** @param {number} untold  patients still to come who do not know that the doctor is late */
function offerToTell(untold) {
  const offer = document.getElementById("tell");
  if (offer) offer.hidden = untold === 0;
}

/** @param {number} waiting */
function showCount(waiting) {
  const count = document.getElementById("waiting-count");
  if (!count) return;
  const { none = "", one = "", many = "" } = count.dataset;
  const text = (waiting === 0 ? none : waiting === 1 ? one : many).replace("{n}", String(waiting));
  if (count.textContent !== text) count.textContent = text;
}
