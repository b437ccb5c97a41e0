/** A guest's side of a visit: at the door until the doctor lets them in, then in the call. */

import { CallSession } from "../call/session.js";
import { CallStage, element, on, words } from "./call-stage.js";
import { wireSettings } from "./call-settings.js";
import { wireChat } from "./chat.js";
import { wireTiles } from "./tiles.js";

const root = element("call", HTMLElement);
const text = words();
const session = new CallSession(new URL(root.dataset.socket ?? "", location.href).href);
const stage = new CallStage(session, "doctor", text, root.dataset.me ?? "");
const agreed = element("transcription", HTMLInputElement);
wireChat(session);
wireTiles(session, stage, "doctor");
wireSettings(session, stage);

on(session, "message", (message) => {
  switch (message.type) {
    case "waiting":
      hold(text.atTheDoor);
      break;
    case "admitted":
      if (["idle", "left"].includes(session.state)) void stage.openDevices().then((local) => session.join(local));
      if (session.remotes.size === 0) hold(text.connecting);
      break;
    case "transcription":
      agreed.checked = message.consent;
      break;
    case "replaced":
      hold(text.replaced);
      break;
    case "removed":
      end("removed");
      break;
    case "ended":
      end("");
      break;
  }
});
on(session, "refused", () => end("removed"));
on(session, "remote", ({ participant }) => participant === "doctor" && hold(""));
on(session, "gone", ({ participant, kind }) => participant === "doctor" && kind === "camera" && hold(text.connecting));

agreed.addEventListener("change", () => {
  if (!session.send({ type: "consent", transcription: agreed.checked })) agreed.checked = !agreed.checked;
});
element("tool-leave", HTMLButtonElement).addEventListener("click", () => element("leave", HTMLDialogElement).showModal());
element("leave-now", HTMLButtonElement).addEventListener("click", () => end("left"));

/** @param {string} why */
function end(why) {
  session.close();
  location.assign(`${root.dataset.ended}?why=${why}`);
}

/** @param {string} words */
function hold(words) {
  const over = element("hold", HTMLElement);
  over.hidden = !words;
  /** @type {HTMLElement} */ (over.querySelector("b")).textContent = words;
}

void stage.openDevices();
session.open();
