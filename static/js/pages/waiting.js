/** The waiting room, live: place and delay as they change, the choice of transcription, and the door when it opens. */

import { CallSession } from "../call/session.js";

const room = byId("waiting", HTMLElement);
/** @type {Record<string, string>} */
const text = JSON.parse(byId("words", HTMLScriptElement).textContent ?? "{}");
const LATE_FROM_MIN = 5;

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

const session = new CallSession(new URL(room.dataset.socket ?? "", location.href).href);
session.addEventListener("message", (event) => {
  const message = /** @type {CustomEvent} */ (event).detail;
  if (message.type === "waiting") place(message.ahead, message.delay_min, message.low_at_ms, message.high_at_ms);
  if (message.type === "admitted") location.assign(room.dataset.call ?? "");
  if (message.type === "ended") location.assign(room.dataset.ended ?? "");
  if (message.type === "transcription") transcription(message.consent);
});
session.addEventListener("socket", (event) => line(/** @type {CustomEvent} */ (event).detail));
session.addEventListener("refused", () => location.reload());
session.open();

/**
 * @param {number} ahead
 * @param {number} delay
 * @param {number} lowAtMs
 * @param {number} highAtMs
 */
function place(ahead, delay, lowAtMs, highAtMs) {
  const words = ahead === 0 ? text.next : ahead === 1 ? text.one : text.many.replace("{n}", String(ahead));
  const late = delay >= LATE_FROM_MIN ? ` ${text.late.replace("{n}", String(delay))}` : "";
  set("ahead", words + late);
  const clock = new Intl.DateTimeFormat("fr-FR", { hour: "2-digit", minute: "2-digit", timeZone: room.dataset.zone });
  for (const [id, at] of /** @type {[string, Date][]} */ ([["low", new Date(lowAtMs)], ["high", new Date(highAtMs)]])) {
    set(id, clock.format(at));
    document.getElementById(id)?.setAttribute("datetime", at.toISOString());
  }
  set("delay-chip", text.chip.replace("{n}", String(delay)));
  byId("delay", HTMLElement).hidden = delay < LATE_FROM_MIN;
  const bar = room.querySelector("progress");
  if (bar) bar.max = ahead + 1;
}

/**
 * Write only what changed: a live region that is written again is read aloud again.
 * @param {string} id
 * @param {string} words
 */
function set(id, words) {
  const target = document.getElementById(id);
  if (target && target.textContent !== words) target.textContent = words;
}

/** @param {boolean} open */
function line(open) {
  byId("offline", HTMLElement).hidden = open;
}

const choice = byId("transcription", HTMLInputElement);
byId("save-choice", HTMLElement).hidden = true; // the switch itself saves
choice.addEventListener("change", () => {
  if (!session.send({ type: "consent", transcription: choice.checked })) choice.checked = !choice.checked;
});

/** @param {boolean} consented */
function transcription(consented) {
  choice.checked = consented;
}
