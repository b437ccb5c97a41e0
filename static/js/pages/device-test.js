/** The device test: camera, microphone, loudspeaker and the way to the media node; one sentence says how it went. */

import { browserOf } from "../call/browser.js";
import { CallSession } from "../call/session.js";
import { hearVoice, playTone } from "../call/sound.js";

/** @typedef {"good"|"weak"|"bad"|"idle"|"busy"} State */
/** @typedef {"camera"|"microphone"|"speaker"|"connection"} Part */

const PICTURE_WITHIN_MS = 6000;
const VOICE_WITHIN_MS = 12000;
const CONNECTED_WITHIN_MS = 15000;
const WATCH_MS = 4000; // of the echoed call, for its quality

const root = byId("device-test", HTMLElement);
/** @type {Record<string, string>} */
const text = JSON.parse(byId("words", HTMLScriptElement).textContent ?? "{}");
const verdict = byId("verdict", HTMLElement);
const startButton = byId("start", HTMLButtonElement);
const preview = byId("preview", HTMLVideoElement);
const meter = byId("level", HTMLMeterElement);
const question = byId("heard", HTMLElement);
const form = byId("result", HTMLFormElement);

/** @type {Record<Part, State>} */
let states = { camera: "idle", microphone: "idle", speaker: "idle", connection: "idle" };
/** @type {MediaStream|null} */
let local = null;
/** @type {AudioContext|null} */
let sound = null;
let running = new AbortController();

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

startButton.addEventListener("click", () => void test());
startButton.disabled = false; // a press before this was read would have done nothing
form.addEventListener("submit", stop);
globalThis.addEventListener("pagehide", stop);
for (const answer of question.querySelectorAll("button")) {
  answer.addEventListener("click", () => heard(answer.value === "yes"));
}
byId("again", HTMLButtonElement).addEventListener("click", () => void ask());

async function test() {
  stop();
  running = new AbortController();
  hideHelp();
  question.hidden = true;
  for (const part of /** @type {Part[]} */ (["camera", "microphone", "connection"])) show(part, "busy", text.testing);
  show("speaker", "idle", text.notYet);
  startButton.disabled = true;
  verdict.textContent = text.asking;
  sound = new AudioContext(); // within the click: browsers let no page sound by itself
  local = await devices();
  if (local) {
    verdict.textContent = text.speak;
    await Promise.all([camera(local), microphone(local, sound), connection(local)]);
  }
  startButton.disabled = false;
  startButton.lastChild?.replaceWith(` ${text.again}`);
  if (local) await ask();
  conclude();
}

function stop() {
  running.abort();
  for (const track of local?.getTracks() ?? []) track.stop();
  void sound?.close().catch(() => undefined);
  local = sound = null;
}

/** Camera and microphone, or the one of them there is; null when the browser gives neither. */
async function devices() {
  if (!navigator.mediaDevices) return refuse("unsupported");
  let reason = "";
  for (const wanted of [{ audio: true, video: { width: { ideal: 640 } } }, { audio: true }, { video: true }]) {
    try {
      return await navigator.mediaDevices.getUserMedia(wanted);
    } catch (refusal) {
      reason = refusal instanceof DOMException ? refusal.name : "";
      if (reason === "NotAllowedError" || reason === "SecurityError") return refuse("refused");
    }
  }
  return refuse(reason === "NotReadableError" ? "busy" : "missing");
}

/** @param {"refused"|"unsupported"|"busy"|"missing"} why */
function refuse(why) {
  for (const part of /** @type {Part[]} */ (["camera", "microphone"])) show(part, "bad", text[why]);
  show("connection", "idle", text.notYet);
  if (why === "refused" || why === "unsupported") showHelp();
  return null;
}

/** @param {MediaStream} stream */
async function camera(stream) {
  if (stream.getVideoTracks().length === 0) return show("camera", "weak", text.noCamera);
  preview.srcObject = stream;
  preview.hidden = false;
  const seen = await within(PICTURE_WITHIN_MS, (done) => {
    preview.addEventListener("loadeddata", () => done(preview.videoWidth > 0), { once: true });
  });
  return seen ? show("camera", "good", text.cameraGood) : show("camera", "weak", text.cameraDark);
}

/**
 * @param {MediaStream} stream
 * @param {AudioContext} context
 */
async function microphone(stream, context) {
  if (stream.getAudioTracks().length === 0) return show("microphone", "bad", text.noMicrophone);
  await context.resume();
  meter.hidden = false;
  const limits = { withinMs: VOICE_WITHIN_MS, signal: running.signal };
  const voice = await hearVoice(context, stream, (level) => (meter.value = level), limits);
  meter.hidden = true;
  return voice ? show("microphone", "good", text.microphoneGood) : show("microphone", "bad", text.microphoneSilent);
}

/** @param {MediaStream} stream  goes to the media node and comes back, on a connection like that of the visit */
async function connection(stream) {
  const copy = new MediaStream(stream.getTracks().map((track) => track.clone())); // the session stops what it sends
  const probe = new CallSession(new URL(root.dataset.probe ?? "", location.href).href, copy);
  let weak = false;
  probe.addEventListener("quality", (event) => {
    const { level } = /** @type {CustomEvent} */ (event).detail;
    weak ||= level !== "good";
  });
  const connected = await within(CONNECTED_WITHIN_MS, (done) => {
    probe.addEventListener("remote", () => done(true), { once: true });
    probe.addEventListener("refused", () => done(false), { once: true });
    running.signal.addEventListener("abort", () => done(false), { once: true });
    probe.open();
    probe.join();
  });
  if (connected) {
    weak = false; // of the first second, before anything could flow
    await within(WATCH_MS, (done) => running.signal.addEventListener("abort", () => done(false), { once: true }));
  }
  probe.close();
  for (const track of copy.getTracks()) track.stop();
  if (!connected) return show("connection", "bad", text.connectionBad);
  return weak ? show("connection", "weak", text.connectionWeak) : show("connection", "good", text.connectionGood);
}

/** Play the tone and ask whether it was heard. */
async function ask() {
  show("speaker", "busy", text.listen);
  sound ??= new AudioContext();
  await within(3000, (done) => void playTone(/** @type {AudioContext} */ (sound)).then(() => done(true), () => done(false)));
  question.hidden = false;
}

/** @param {boolean} yes */
function heard(yes) {
  show("speaker", yes ? "good" : "weak", yes ? text.speakerGood : text.speakerBad);
  question.hidden = yes;
  conclude();
}

/** One sentence, and the result that goes with the form. */
function conclude() {
  const { camera: eye, microphone: ear, connection: way, speaker } = states;
  const failed = ear === "bad" || way === "bad" || way === "idle";
  const weak = eye !== "good" || way === "weak" || speaker === "weak";
  const result = failed ? "failed" : weak ? "weak" : "ok";
  const input = form.elements.namedItem("result");
  if (input instanceof HTMLInputElement) input.value = result;
  form.querySelector("button")?.classList.toggle("primary", !failed);
  startButton.classList.toggle("primary", failed);
  const works = speaker === "busy" ? text.verdictNotes : weak ? text.verdictWeak : text.verdictOk;
  verdict.textContent = failed ? sentence(ear, way) : works;
  root.dataset.result = result;
}

/**
 * @param {State} ear
 * @param {State} way
 */
function sentence(ear, way) {
  if (!local) return text.verdictDevices;
  return ear === "bad" ? text.verdictMicrophone : way === "bad" ? text.verdictConnection : text.verdictDevices;
}

/**
 * @param {Part} part
 * @param {State} state
 * @param {string} words
 */
function show(part, state, words) {
  states = { ...states, [part]: state };
  const line = byId(`check-${part}`, HTMLElement);
  line.className = `check ${{ good: "", weak: "bad", bad: "fail", idle: "idle", busy: "idle" }[state]}`.trim();
  line.dataset.state = state;
  const said = line.querySelector("[data-said]");
  if (said) said.textContent = words;
  const symbol = { good: "circle-check", weak: "triangle-alert", bad: "circle-x", idle: "", busy: "" }[state];
  const use = line.querySelector("use");
  const own = line.dataset.symbol ?? "";
  use?.setAttribute("href", (use.getAttribute("href") ?? "").replace(/#.*/, `#${symbol || own}`));
}

function showHelp() {
  const browser = browserOf(navigator.userAgent, navigator.maxTouchPoints);
  for (const help of document.querySelectorAll("[data-help]")) {
    if (help instanceof HTMLElement) help.hidden = !(help.dataset.help ?? "").split(" ").includes(browser);
  }
  byId("help", HTMLElement).hidden = false;
}

function hideHelp() {
  byId("help", HTMLElement).hidden = true;
}

/**
 * The answer of `begin`, or false when it takes too long.
 * @param {number} ms
 * @param {(done: (answer: boolean) => void) => void} begin
 * @returns {Promise<boolean>}
 */
function within(ms, begin) {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), ms);
    begin((answer) => {
      clearTimeout(late);
      resolve(answer);
    });
  });
}
