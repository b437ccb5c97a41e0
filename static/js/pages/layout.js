/** Who is seen large in a call of more than two: whoever speaks, whom one has chosen, or nobody (everybody the same size). */

import { element, on } from "./call-stage.js";

/** @param {import("../call/session.js").CallSession} session */
export function wireLayout(session) {
  const [stage, place] = [element("stage", HTMLElement), element("tiles", HTMLElement)];
  const [remote, screen] = [element("remote", HTMLVideoElement), element("screen", HTMLVideoElement)];
  /** @type {string|null} */ let speaker = null;
  /** @type {string|null} */ let chosen = null;
  const grid = remembered("same-size", "no", show);
  const follows = remembered("follow-speaker", "yes", show);
  show();

  on(session, "speaking", (who) => {
    speaker = who;
    show();
  });
  on(session, "remote", show);
  on(session, "gone", ({ participant, kind }) => {
    if (kind === "camera" && participant === chosen) chosen = null;
    show();
  });
  // A press on a small picture keeps it large, and another one gives it back.
  place.addEventListener("click", (event) => {
    const tile = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest(".tile"));
    if (!tile) return;
    chosen = tile.dataset.participant === chosen ? null : tile.dataset.participant ?? null;
    show();
  });

  function show() {
    stage.classList.toggle("grid", grid.checked);
    // Somebody's screen is looked at by all: a voice does not cover it.
    const large = chosen ?? (follows.checked && !grid.checked && screen.hidden ? speaker : null);
    const tiles = /** @type {HTMLElement[]} */ ([...place.querySelectorAll(".tile")]);
    remote.classList.toggle("speaks", speaker !== null && !tiles.some((tile) => tile.dataset.participant === speaker));
    for (const tile of tiles) {
      const who = tile.dataset.participant;
      tile.classList.toggle("large", who === large);
      tile.classList.toggle("speaks", who === speaker);
      tile.setAttribute("aria-pressed", String(who === chosen));
    }
  }
}

/**
 * A switch that this browser remembers.
 * @param {string} id  of the switch, and of what is remembered
 * @param {"yes"|"no"} usual
 * @param {() => void} show
 */
function remembered(id, usual, show) {
  const field = element(id, HTMLInputElement);
  field.checked = (localStorage.getItem(id) ?? usual) === "yes";
  field.addEventListener("change", () => {
    localStorage.setItem(id, field.checked ? "yes" : "no");
    show();
  });
  return field;
}
