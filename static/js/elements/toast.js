/**
 * A short sentence at the foot of the page, also for a screen reader; it goes by itself.
 * @module
 */

const SHOWN_MS = 4000;

/**
 * @param {string} text
 * @param {number} [shownMs]
 */
export function toast(text, shownMs = SHOWN_MS) {
  const said = document.createElement("span");
  said.className = "toast";
  said.setAttribute("role", "status");
  document.body.append(said);
  said.textContent = text;
  setTimeout(() => said.remove(), shownMs);
}
