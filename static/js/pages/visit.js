/** The doctor's visit: admits, talks, sees the words grow, notes the facts, ends. */

import { CallSession } from "../call/session.js";
import { CallStage, element, on, post, words } from "./call-stage.js";
import { wireSettings } from "./call-settings.js";
import { wireChat } from "./chat.js";
import { wireCommands } from "./commands.js";
import { wireDoor } from "./door.js";
import { keepLive } from "./live-queue.js";
import { wireSharing } from "./share-screen.js";
import { peopleWords, wireTiles } from "./tiles.js";
import { Transcript, clock } from "./transcript.js";

const root = element("visit", HTMLElement);
const text = words();
const socket = new URL(root.dataset.socket ?? "", location.href);
socket.searchParams.set("screen", screenId());
const session = new CallSession(socket.href);
const stage = new CallStage(session, "patient", text, "doctor");
const transcript = new Transcript(element("lines", HTMLElement), text, { ...peopleWords().roles, doctor: text.doctorName, patient: text.patientName }, correct);
const facts = element("facts", HTMLFormElement);
const admission = element("admit", HTMLFormElement);
let startedAtMs = 0;
wireChat(session);
wireTiles(session, stage, "patient");
wireSettings(session, stage);
wireDoor(session, stage, text);
wireCommands(session, text);

/** One name for this tab, kept over reloads: the server knows a reload from a second screen by it. */
function screenId() {
  const kept = sessionStorage.getItem("screen") ?? crypto.randomUUID();
  sessionStorage.setItem("screen", kept);
  return kept;
}

on(session, "message", (message) => {
  switch (message.type) {
    case "visit":
      begin(message);
      break;
    case "arrived":
      hold("arrived");
      break;
    case "admitted":
      void join();
      break;
    case "media_started":
      startedAtMs ||= Date.now();
      break;
    case "caption":
      transcript.add(message);
      break;
    case "correction":
      transcript.replace(message);
      break;
    case "interim":
      transcript.interim({ ...message, start: startedAtMs ? (message.start_at_ms - startedAtMs) / 1000 : 0 });
      break;
    case "speaks":
      speaks(message.role, message.language);
      break;
    case "shares":
      sharing(message.role).checked = message.shared;
      break;
    case "captions":
      captionsAre(message.state);
      break;
    case "callback":
      stage.band("callback", text.callBack, "mind");
      break;
    case "transcription":
      consentIs(message.consent);
      break;
    case "presence":
      if (message.role === "patient") presence(message.online);
      break;
    case "elsewhere":
      hold("elsewhere");
      break;
    case "replaced":
      hold("elsewhere");
      break;
    case "ended":
      if (message.outcome === "withdrawn") withdrawn();
      else location.assign(root.dataset.note ?? "/");
      break;
  }
});
on(session, "remote", ({ participant }) => participant === "patient" && hold(""));
on(session, "gone", ({ participant, kind }) => participant === "patient" && kind === "camera" && hold("alone"));

/** @param {{status: string, transcription: boolean, captions: string, started_at_ms: number|null, patient_online: boolean, spoken: Record<string, string>, shared: string[], lines: import("./transcript.js").Line[]}} visit */
function begin(visit) {
  startedAtMs = visit.started_at_ms ?? 0;
  transcript.fill(visit.lines);
  consentIs(visit.transcription);
  captionsAre(visit.captions);
  for (const [role, language] of Object.entries(visit.spoken)) {
    speaks(role, language);
    sharing(role).checked = visit.shared.includes(role);
  }
  if (visit.status === "finished") location.assign(root.dataset.note ?? "/"); // it ended while this screen was away
  else if (visit.status === "in-progress") void join();
  else hold(visit.status);
  if (visit.status !== "planned") presence(visit.patient_online);
}

async function join() {
  element("tool-end", HTMLButtonElement).disabled = false;
  if (session.remotes.size === 0) hold("alone");
  const local = await stage.openDevices();
  if (["idle", "left", "replaced"].includes(session.state)) session.join(local);
}

/** @param {string} which  of the messages over the picture: planned, arrived, alone, elsewhere; "" for none */
function hold(which) {
  document.querySelectorAll("[data-hold]").forEach((message) => {
    /** @type {HTMLElement} */ (message).hidden = /** @type {HTMLElement} */ (message).dataset.hold !== which;
  });
}

/** The patient took back their agreement: the doctor reads so, and goes to the note when they are ready. */
function withdrawn() {
  session.close();
  stage.closeDevices();
  document.querySelectorAll(".tools button").forEach((tool) => ((/** @type {HTMLButtonElement} */ (tool)).disabled = true));
  hold("withdrawn");
}

/** @param {boolean} online */
function presence(online) {
  stage.awayIs(online ? "" : text.otherAway);
}

/** @param {boolean} given */
function consentIs(given) {
  root.dataset.transcription = given ? "on" : "off";
}

/** @param {string} state */
function captionsAre(state) {
  root.dataset.captions = state;
}

// --- admission, facts, end --------------------------------------------------------------------------------------------

admission.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = admission.querySelector("button");
  button?.setAttribute("aria-busy", "true");
  void stage.openDevices();
  post(admission)
    .then((answer) => stage.band("problem", answer.error?.message, "mind"))
    .catch(() => stage.band("problem", text.notSent, "bad"))
    .finally(() => button?.removeAttribute("aria-busy"));
});

facts.addEventListener("submit", (event) => {
  event.preventDefault();
  void saveFacts();
});
facts.addEventListener("change", () => void saveFacts());

const inFacts = () => new URLSearchParams(/** @type {any} */ (new FormData(facts)));
let noted = `${inFacts()}`;
globalThis.addEventListener("pagehide", () => { // closed in mid-word: the browser still delivers it
  if (`${inFacts()}` !== noted) void fetch(facts.action, { method: "POST", body: inFacts(), keepalive: true });
});

async function saveFacts() {
  const said = element("facts-saved", HTMLElement);
  try {
    const sending = `${inFacts()}`;
    const answer = await post(facts);
    if (!answer.error) noted = sending;
    showErrors(answer.error?.fields ?? {});
    said.textContent = answer.error ? "" : text.saved;
  } catch {
    said.textContent = text.notSent;
  }
  showMissing();
  showNoted();
}

/** The chips above the form: what is noted, and what is still to note. */
function showNoted() {
  const given = new FormData(facts);
  for (const chip of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-fact]"))) {
    const value = String(given.get(chip.dataset.fact ?? "") ?? "").trim();
    chip.classList.toggle("sun", !value);
    chip.lastChild?.replaceWith(` ${value ? chip.dataset.done ?? value : chip.dataset.todo}`);
  }
}

/** @param {Record<string, string>} errors */
function showErrors(errors) {
  facts.querySelectorAll(".error").forEach((error) => error.remove());
  for (const input of facts.querySelectorAll("input")) {
    const message = errors[input.name];
    input.toggleAttribute("aria-invalid", Boolean(message));
    if (!message) continue;
    const error = Object.assign(document.createElement("p"), { className: "error", textContent: message, id: `${input.id}-error` });
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", error.id);
    input.after(error);
  }
}

/** Before the end, name the facts that are still missing; the doctor decides. */
function showMissing() {
  const given = new FormData(facts);
  for (const item of document.querySelectorAll("[data-missing]")) {
    const name = /** @type {HTMLElement} */ (item).dataset.missing ?? "";
    /** @type {HTMLElement} */ (item).hidden = Boolean(given.get(name));
  }
  const list = element("missing", HTMLElement);
  list.hidden = !list.querySelector("[data-missing]:not([hidden])");
}

setInterval(() => {
  element("timer", HTMLElement).textContent = startedAtMs ? clock((Date.now() - startedAtMs) / 1000) : "";
}, 1000);

/** Keys work with Alt, so that no single key acts by accident or fights a screen reader. */
const KEYS = { KeyM: "tool-mic", KeyC: "tool-camera", KeyS: "tool-screen", KeyA: "admit-now", KeyT: "tool-end", KeyW: "tool-chat", KeyI: "tool-guests", KeyP: "tool-more" };
document.addEventListener("keydown", (event) => {
  const id = KEYS[/** @type {keyof typeof KEYS} */ (event.code)];
  if (!event.altKey || event.ctrlKey || event.metaKey || !id) return;
  event.preventDefault();
  document.getElementById(id)?.click();
});

element("take-over", HTMLButtonElement).addEventListener("click", () => session.send({ type: "take_over" }));

showMissing();
if (root.dataset.status !== "planned") void stage.openDevices();
keepLive(element("queue", HTMLElement));
wireSharing(session, stage, text);
session.open();

// --- the transcript: correct a line, find one ---------------------------------------------------------------------------

/** @type {import("./transcript.js").Correct} */
async function correct(line, meant) {
  const form = element("correction", HTMLFormElement);
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  body.set("text", meant);
  try {
    const answer = await fetch(`${form.action}${line.id}`, { method: "POST", body, headers: { Accept: "application/json" } });
    return (await answer.json()).error?.message;
  } catch {
    return text.notSent;
  }
}

// --- who speaks: in which language, and alone or not --------------------------------------------------------------------

const speaking = (/** @type {string} */ role) => element(`speaks-${role}`, HTMLSelectElement);

const sharing = (/** @type {string} */ role) => element(`shares-${role}`, HTMLInputElement);

/** @param {boolean} sent  @returns {void} */
const said = (sent) => void (element("speaks-saved", HTMLElement).textContent = sent ? text.saved : text.notSent);

/** @param {string} role  @param {string} language  as the server has it */
function speaks(role, language) {
  speaking(role).value = language;
}

for (const role of ["doctor", "patient"]) {
  speaking(role).addEventListener("change", () =>
    said(session.send({ type: "speaks", role, language: speaking(role).value })));
  sharing(role).addEventListener("change", () =>
    said(session.send({ type: "shares", role, shared: sharing(role).checked })));
}

const search = element("find", HTMLInputElement);
search.addEventListener("input", () => {
  const count = transcript.find(search.value);
  element("found", HTMLElement).textContent = search.value && count === 0 ? text.nothingFound : "";
});
