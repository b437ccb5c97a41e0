/**
 * Words typed and not sent yet: who closes or leaves the page is asked first (the browser's own question).
 * A box that saves by itself says so: data-saves.
 */

/** @type {WeakSet<Element>} */
const sent = new WeakSet();

/** Whether this box holds words that would be lost. @param {HTMLTextAreaElement} box */
function unsaved(box) {
  const kept = box.dataset.saves !== undefined || (box.form && sent.has(box.form));
  return !kept && box.value.trim() !== box.defaultValue.trim();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof Element)) return;
  sent.add(form);
  // Sent by script instead: the page stays, and shows afresh what was saved.
  setTimeout(() => { if (event.defaultPrevented) sent.delete(form); });
});

globalThis.addEventListener("pageshow", () => {
  for (const form of document.forms) sent.delete(form); // back again: it may be changed once more
});

globalThis.addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll("textarea")].some(unsaved)) event.preventDefault();
});
