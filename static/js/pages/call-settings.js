/** How one wants the call: sound alone, a small window of its own, a blurred room, other devices. */

import { element, on } from "./call-stage.js";
import { wireLayout } from "./layout.js";

/** @typedef {import("./call-stage.js").CallStage} CallStage */

/** Where each device is chosen: the field, the browser's name of the kind, and ours. */
const DEVICES = /** @type {const} */ ([["use-camera", "videoinput", "video"], ["use-mic", "audioinput", "audio"], ["use-speaker", "audiooutput", ""]]);

/**
 * @param {import("../call/session.js").CallSession} session
 * @param {CallStage} stage
 */
export function wireSettings(session, stage) {
  wireSaving(session);
  wireLayout(session);
  wireWindow();
  wireDevices(stage);
  wireBlur(session, stage);
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

function wireWindow() {
  const tool = element("own-window", HTMLButtonElement);
  const remote = element("remote", HTMLVideoElement);
  tool.hidden = !document.pictureInPictureEnabled;
  tool.addEventListener("click", () => {
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
    else void remote.requestPictureInPicture().catch(() => {}); // no picture yet: nothing to show
  });
}

/**
 * The room behind one is blurred by the camera's own driver, where it can: nothing of ours computes on the picture.
 * @param {import("../call/session.js").CallSession} session
 * @param {CallStage} stage
 */
function wireBlur(session, stage) {
  const wanted = element("blur", HTMLInputElement);
  const camera = () => stage.tracks.find((track) => track.kind === "video");
  const show = () => {
    const modes = blurModes(camera());
    wanted.checked = camera()?.getSettings().backgroundBlur ?? false;
    /** @type {HTMLElement} */ (wanted.closest(".switch-row")).hidden = modes.length === 0;
    wanted.disabled = modes.length < 2; // the system has decided
  };
  wanted.addEventListener("change", async () => {
    await camera()?.applyConstraints({ backgroundBlur: wanted.checked }).catch(() => {});
    show();
  });
  on(session, "state", show);
  element("more", HTMLElement).addEventListener("toggle", show); // another camera, or the system's own switch meanwhile
  show();
}

/** @param {MediaStreamTrack|undefined} camera */
function blurModes(camera) {
  const modes = camera?.getCapabilities?.().backgroundBlur ?? [];
  return modes.includes(true) ? modes : [];
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
