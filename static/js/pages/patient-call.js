/** The patient's call: joins by itself, comes back by itself, and lets the patient change their mind about transcription. */

import { CallSession } from "../call/session.js";
import { CallStage, element, on, words } from "./call-stage.js";
import { wireSettings } from "./call-settings.js";
import { wireChat } from "./chat.js";
import { peopleWords, wireTiles } from "./tiles.js";

const root = element("call", HTMLElement);
const text = words();
const session = new CallSession(new URL(root.dataset.socket ?? "", location.href).href);
const stage = new CallStage(session, "doctor", text, "patient");
const hold = element("hold", HTMLElement);
const captions = element("captions", HTMLElement);
const consent = element("transcription", HTMLInputElement);
const captionSwitch = element("show-captions", HTMLInputElement);
const LINES = 2;
const INTERIM_MS = 8000; // words that never became a caption go away
/** @type {{line: HTMLElement, role: string, timer: number} | null} */
let unfinished = null; // what is being said, below what was
wireChat(session);
wireTiles(session, stage, "doctor");
wireSettings(session, stage);

async function join() {
  await stage.openDevices().then((local) => session.join(local));
}

on(session, "message", (message) => {
  switch (message.type) {
    case "admitted":
      if (["idle", "left"].includes(session.state)) void join();
      break;
    case "waiting":
      location.assign(root.dataset.waiting ?? "/");
      break;
    case "callback":
      stage.band("callback", text.callBack, "mind");
      break;
    case "transcription":
      consentIs(message.consent);
      break;
    case "caption":
      if (message.kind === "speech") caption(message);
      break;
    case "interim":
      interim(message);
      break;
    case "presence":
      if (message.role === "doctor") stage.awayIs(message.online ? "" : text.otherAway);
      break;
    case "replaced":
      showHold(text.replaced, text.continueHere);
      break;
    case "ended":
      session.close();
      location.assign(root.dataset.ended ?? "/");
      break;
  }
});
on(session, "remote", ({ participant }) => participant === "doctor" && (hold.hidden = true));
on(session, "gone", ({ participant, kind }) => participant === "doctor" && kind === "camera" && showHold(text.waitingForOther));

/**
 * @param {string} words_
 * @param {string} [action]
 */
function showHold(words_, action) {
  hold.hidden = false;
  hold.replaceChildren(Object.assign(document.createElement("b"), { textContent: words_ }));
  if (!action) return;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn primary", textContent: action });
  button.addEventListener("click", () => void join());
  hold.append(button);
}

/** @param {boolean} given */
function consentIs(given) {
  const before = consent.checked;
  consent.checked = given;
  captionSwitch.disabled = !given;
  showCaptions(given && captionSwitch.checked);
  if (before !== given) stage.band("consent", given ? text.consentOn : text.consentOff, "good");
  setTimeout(() => stage.band("consent", "", "good"), 6000);
}

/** @param {boolean} shown */
function showCaptions(shown) {
  captions.hidden = !shown;
  captionSwitch.checked = shown;
}

/** @param {{role: string, text: string}} said */
function caption(said) {
  if (unfinished?.role === said.role) settle();
  show(captionLine(said));
}

/** @param {{role: string, text: string}} said  words that go on, and may change */
function interim(said) {
  settle();
  const line = captionLine(said);
  line.ariaHidden = "true"; // a reader of screens hears each caption once
  unfinished = { line, role: said.role, timer: setTimeout(settle, INTERIM_MS) };
  show(line);
}

function settle() {
  clearTimeout(unfinished?.timer);
  unfinished?.line.remove();
  unfinished = null;
}

/** @param {{role: string, text: string}} said */
function captionLine(said) {
  const line = document.createElement("p");
  const who = document.createElement("b");
  who.textContent = said.role === "doctor" ? text.doctorShort : said.role === "patient" ? text.you : peopleWords().roles[said.role] ?? said.role;
  line.append(who, ` ${said.text}`);
  return line;
}

/** @param {HTMLElement} line */
function show(line) {
  const lines = element("caption", HTMLElement);
  lines.append(line);
  if (unfinished) lines.append(unfinished.line);
  while (lines.childElementCount > LINES) lines.firstElementChild?.remove();
  lines.scrollTop = lines.scrollHeight; // long lines do not fit a phone: what was said last is what one reads
}

consent.addEventListener("change", () => {
  if (!session.send({ type: "consent", transcription: consent.checked })) {
    consent.checked = !consent.checked; // nothing was sent: the switch must not lie
    stage.band("consent", text.notSent, "bad");
  }
});
captionSwitch.addEventListener("change", () => showCaptions(captionSwitch.checked));
// One question at a time; and whoever goes on with the visit wants the call, not the dialog before.
element("withdraw-visit", HTMLButtonElement).addEventListener("click", () => element("more", HTMLDialogElement).close());
element("tool-leave", HTMLButtonElement).addEventListener("click", () => element("leave", HTMLDialogElement).showModal());
element("leave-now", HTMLButtonElement).addEventListener("click", () => {
  session.close();
  location.assign(root.dataset.ended ?? "/");
});

void stage.openDevices();
session.open();
