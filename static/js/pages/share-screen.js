/** The tool that shows the doctor's screen to the patient, and stops; the browser asks which window, tab or screen. */

import { element, on } from "./call-stage.js";

const SCREEN = { frameRate: { ideal: 8, max: 15 }, width: { max: 1920 }, height: { max: 1200 } };

/**
 * @param {import("../call/session.js").CallSession} session
 * @param {import("./call-stage.js").CallStage} stage
 * @param {Record<string, string>} words
 */
export function wireSharing(session, stage, words) {
  const tool = element("tool-screen", HTMLButtonElement);
  if (!navigator.mediaDevices?.getDisplayMedia) {
    tool.hidden = true; // phones do not share screens
    return;
  }
  on(session, "state", (state) => (tool.disabled = !["connected", "reconnecting"].includes(state)));
  on(session, "sharing", (shares) => {
    tool.setAttribute("aria-pressed", String(shares));
    stage.band("sharing", shares ? words.sharing : "", "mind");
  });
  tool.addEventListener("click", () => void toggle());

  async function toggle() {
    stage.band("not-shared", "", "mind");
    if (session.isOn("screen")) return session.share(null);
    try {
      const picked = await navigator.mediaDevices.getDisplayMedia({ video: SCREEN, audio: false });
      await session.share(picked.getVideoTracks()[0]);
    } catch (error) {
      // Closing the browser's question is an answer, not a failure.
      if (!(error instanceof DOMException && error.name === "NotAllowedError")) stage.band("not-shared", words.notShared, "mind");
    }
  }
}
