/** A second press sends nothing again; at the window, after every other listener. */

const PATIENCE_MS = 15_000; // whoever stops the loading may send again

window.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== "post") return;
  if (form.ariaBusy) event.preventDefault();
  form.ariaBusy = "true";
  setTimeout(() => (form.ariaBusy = null), PATIENCE_MS);
});
// The browser's way back shows the page as it was: it may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) form.ariaBusy = null;
});
