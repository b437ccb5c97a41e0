/**
 * A form is not sent to a server that is away: the browser's own error page would take the page, and what was typed, with it.
 * Whether it is there is asked when somebody begins to move, press or type again, and now and then while they go on; in doubt,
 * once more before sending. Where there is no doubt a form is sent at once, as ever.
 * First of all listeners, so that none takes the form for sent; one that was not sent hears `not-sent`. What to say is the
 * body's data-away.
 */

const LATELY_MS = 5000; // an answer so young is believed
const ANSWER_MS = 8000;
const NO_SERVER = [502, 503, 504]; // as the proxy tells it, or the server of its database

/** @type {WeakSet<HTMLFormElement>} */
const asking = new WeakSet();
/** @type {WeakSet<HTMLFormElement>} */
const answered = new WeakSet();
let away = false;
let askedAt = performance.now(); // the page came from it

/** @param {HTMLFormElement} form */
function isPosted(form) {
  return form.method === "post" && form.hasAttribute("action");
}

async function ask() {
  askedAt = performance.now();
  try {
    const answer = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
    away = NO_SERVER.includes(answer.status);
  } catch {
    away = true;
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} button
 */
async function sendIfThere(form, button) {
  asking.add(form);
  document.querySelector("[data-not-sent]")?.remove();
  await ask();
  if (away) {
    tell(form.hidden ? document.querySelector("main > *") : (button?.closest(".actions") ?? button ?? form.lastElementChild));
    form.dispatchEvent(new Event("not-sent"));
  } else {
    answered.add(form);
    form.requestSubmit(button);
    answered.delete(form);
  }
  asking.delete(form);
}

/** @param {Element | null} before */
function tell(before) {
  const band = document.createElement("div");
  band.className = "band rose";
  band.dataset.notSent = "";
  band.setAttribute("role", "alert");
  before?.before(band);
  band.textContent = document.body.dataset.away ?? "";
  band.scrollIntoView({ block: "nearest" });
}

function wonder() {
  const late = performance.now() - askedAt > LATELY_MS;
  if (late && document.body.dataset.away && [...document.forms].some(isPosted)) void ask();
}

for (const sign of ["pointermove", "pointerdown", "keydown", "focusin"]) window.addEventListener(sign, wonder, { passive: true });

window.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || answered.has(form) || !document.body.dataset.away || !isPosted(form)) return;
  if (navigator.onLine && !away) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!asking.has(form)) void sendIfThere(form, event.submitter);
}, { capture: true });
