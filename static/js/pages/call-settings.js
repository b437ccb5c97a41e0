/** How one wants the call: sound alone, everybody the same size, a small window of its own, other devices. */

import { element, on } from "./call-stage.js";

/** @typedef {import("./call-stage.js").CallStage} CallStage */

/** Where each device is chosen: the field, the browser's name of the kind, and ours. */
const DEVICES = /** @type {const} */ ([["use-camera", "videoinput", "video"], ["use-mic", "audioinput", "audio"], ["use-speaker", "audiooutput", ""]]);

/**
 * @param {import("../call/session.js").CallSession} session
 * @param {CallStage} stage
 */
export function wireSettings(session, stage) {
  wireSaving(session);
  wireLayout();
  wireWindow();
  wireDevices(stage);
  on(session, "state", () => void listDevices(stage)); // names are known once a device is open
}

/** @param {import("../call/session.js").CallSession} session */
function wireSaving(session) {
  const wanted = element("sound-alone", HTMLInputElement);
  wanted.addEventListener("change", () => void session.spare(wanted.checked));
  element("image-back", HTMLButtonElement).addEventListener("click", () => void session.spare(false));
  on(session, "saving", (saving) => {
    wanted.checked = saving;
    document.body.dataset.saving = saving ? "on" : "off";
    element("saving", HTMLElement).hidden = !saving;
    element("tool-camera", HTMLButtonElement).disabled = saving;
    if (saving) document.querySelector("dialog[open]")?.querySelector("[data-close]")?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  });
}

function wireLayout() {
  const grid = element("same-size", HTMLInputElement);
  const stage = element("stage", HTMLElement);
  const show = () => stage.classList.toggle("grid", grid.checked);
  grid.checked = localStorage.getItem("same-size") === "yes";
  show();
  grid.addEventListener("change", () => {
    localStorage.setItem("same-size", grid.checked ? "yes" : "no");
    show();
  });
  // A press on a small picture makes it the large one, and back.
  element("tiles", HTMLElement).addEventListener("click", (event) => {
    const tile = /** @type {Element} */ (event.target).closest(".tile");
    if (!tile) return;
    const large = !tile.classList.contains("large");
    document.querySelectorAll(".tile").forEach((one) => {
      one.classList.toggle("large", one === tile && large);
      one.setAttribute("aria-pressed", String(one === tile && large));
    });
  });
}

function wireWindow() {
  const tool = element("own-window", HTMLButtonElement);
  const remote = element("remote", HTMLVideoElement);
  tool.hidden = !document.pictureInPictureEnabled;
  tool.addEventListener("click", () => {
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
    else void remote.requestPictureInPicture().catch(() => {}); // no picture yet: nothing to show
  });
}

/** @param {CallStage} stage */
function wireDevices(stage) {
  for (const [id, , kind] of DEVICES) {
    const field = element(id, HTMLSelectElement);
    field.addEventListener("change", () => void (kind ? open(stage, kind, field.value) : speakThrough(field.value)));
  }
  navigator.mediaDevices?.addEventListener("devicechange", () => void changed(stage));
}

/**
 * A device came or went: the lists follow, and what was unplugged is replaced by what is left.
 * @param {CallStage} stage
 */
async function changed(stage) {
  for (const track of stage.tracks) if (track.readyState === "ended") await open(stage, /** @type {"audio"|"video"} */ (track.kind), "");
  await listDevices(stage);
}

/**
 * @param {CallStage} stage
 * @param {"audio"|"video"} kind
 * @param {string} deviceId  "" for whichever the browser takes
 */
async function open(stage, kind, deviceId) {
  const fault = element("device-fault", HTMLElement);
  fault.textContent = "";
  try {
    const wanted = deviceId ? { deviceId: { exact: deviceId } } : true;
    const opened = await navigator.mediaDevices.getUserMedia({ [kind]: wanted });
    await stage.use(opened.getTracks()[0]);
  } catch {
    fault.textContent = fault.dataset.text ?? "";
  }
  await listDevices(stage);
}

/** @param {string} deviceId */
async function speakThrough(deviceId) {
  for (const video of document.querySelectorAll("#remote, .tile video")) {
    await /** @type {any} */ (video).setSinkId(deviceId);
  }
}

/** @param {CallStage} stage */
async function listDevices(stage) {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  for (const [id, browserKind, kind] of DEVICES) {
    const field = element(id, HTMLSelectElement);
    const found = devices.filter((device) => device.kind === browserKind && device.deviceId);
    const inUse = kind ? stage.tracks.find((track) => track.kind === kind)?.getSettings().deviceId : field.value;
    field.replaceChildren(...found.map((device) => new Option(device.label, device.deviceId, false, device.deviceId === inUse)));
    const usable = kind !== "" || "setSinkId" in HTMLMediaElement.prototype;
    /** @type {HTMLElement} */ (field.closest(".field")).hidden = found.length < 2 || !usable;
  }
}
