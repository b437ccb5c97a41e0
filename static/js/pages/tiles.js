/** Everybody in a call beside the one who fills the stage: a small picture each, with name, microphone and camera. */

import { element, on } from "./call-stage.js";

const SAID_MS = 6000;

/** @typedef {{participant: string, role: string, name: string, audio: boolean, video: boolean, state: string}} Told */

/**
 * What people in a call are called, and what is said of them.
 * @returns {any}  roles: {role: word}; came and went with {name}; muted, cameraOff, lost
 */
export function peopleWords() {
  return JSON.parse(element("people-words", HTMLElement).textContent ?? "{}");
}

/**
 * @param {import("../call/session.js").CallSession} session
 * @param {import("./call-stage.js").CallStage} stage
 * @param {string} other  who fills the stage
 */
export function wireTiles(session, stage, other) {
  const text = peopleWords();
  const place = element("tiles", HTMLElement);
  /** @type {Map<string, Told>} */ const told = new Map();
  /** @type {Map<string, HTMLElement>} */ const tiles = new Map();
  /** @type {Map<string, number>} */ const timers = new Map();

  on(session, "remote", (remote) => {
    if (remote.participant === other || remote.kind !== "camera") return;
    const tile = tiles.get(remote.participant) ?? add(remote.participant);
    const video = /** @type {HTMLVideoElement} */ (tile.querySelector("video"));
    video.srcObject = remote.stream;
    void video.play().catch(() => {}); // the stage asks for the press that lets sound through
    describe(remote.participant);
  });
  on(session, "gone", ({ participant, kind }) => {
    const tile = kind === "camera" && tiles.get(participant);
    if (!tile) return;
    tile.remove();
    tiles.delete(participant);
    say(participant, text.went);
  });
  on(session, "participant", (who) => {
    told.set(who.participant, who);
    describe(who.participant);
  });

  /** @param {string} participant */
  function add(participant) {
    const tile = /** @type {HTMLElement} */ (element("tile", HTMLTemplateElement).content.firstElementChild?.cloneNode(true));
    tile.dataset.participant = participant;
    if (session.state !== "connected") tile.dataset.told = ""; // they were here before oneself: that is no news
    tiles.set(participant, tile);
    tile.addEventListener("keydown", (event) => {
      if (!["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      tile.click();
    });
    place.append(tile);
    return tile;
  }

  /** @param {string} participant */
  function describe(participant) {
    const [tile, who] = [tiles.get(participant), told.get(participant)];
    if (!tile || !who) return;
    tile.classList.toggle("off", !who.video);
    tile.classList.toggle("muted", !who.audio);
    const lost = ["unheard", "lost"].includes(who.state);
    tile.classList.toggle("lost", lost);
    const name = /** @type {HTMLElement} */ (tile.querySelector(".name"));
    name.textContent = called(participant);
    const states = /** @type {HTMLElement} */ (tile.querySelector(".sr"));
    if (!("told" in tile.dataset)) say(participant, text.came); // once it is known who they are
    tile.dataset.told = "";
    states.textContent = [!who.audio && text.muted, !who.video && text.cameraOff, lost && text.lost].filter(Boolean).join(", ");
  }

  /** @param {string} participant */
  function called(participant) {
    const who = told.get(participant);
    const role = text.roles[who?.role ?? participant] ?? "";
    return who?.name ? `${who.name} · ${role}` : role;
  }

  /**
   * @param {string} participant
   * @param {string} sentence
   */
  function say(participant, sentence) {
    stage.band(`about-${participant}`, sentence.replace("{name}", called(participant)), "info");
    clearTimeout(timers.get(participant)); // of what was said before, which would take this away too early
    timers.set(participant, setTimeout(() => stage.band(`about-${participant}`, "", "info"), SAID_MS));
  }
}
