/**
 * An appointment is carried to a free time: with the mouse or a pen, or with the keyboard (M, arrows, Enter, Escape).
 * The server decides and says so on the next page, with the way back. A finger scrolls: phones move by the appointment's page.
 */
const FAR_PX = 6; // less is a click
const planner = document.querySelector("live-planner");
const form = document.querySelector("form#drop");
const said = document.querySelector("#carrying");
/** @type {HTMLAnchorElement | null} */
let carried = null;
/** @type {{ link: HTMLAnchorElement, x: number, y: number } | null} */
let pressed = null;
/** @type {HTMLElement | null} */
let ghost = null;

/**
 * @param {EventTarget | null} target
 * @returns {HTMLAnchorElement | null}
 */
function movable(target) {
  return target instanceof Element ? target.closest("a[data-move]") : null;
}

/**
 * @param {EventTarget | null} target
 * @returns {HTMLAnchorElement | null}
 */
function free(target) {
  return target instanceof Element ? target.closest("live-planner a.free") : null;
}

/** @param {HTMLAnchorElement} link */
function pickUp(link) {
  carried = link;
  planner?.classList.add("carrying");
  link.classList.add("lifted");
  if (said instanceof HTMLElement) {
    said.textContent = (said.dataset.picked ?? "").replace("%s", link.querySelector("b")?.textContent ?? "");
    said.hidden = false;
  }
}

function letGo() {
  carried?.classList.remove("lifted");
  planner?.classList.remove("carrying");
  mark(null);
  ghost?.remove();
  ghost = carried = pressed = null;
  if (said instanceof HTMLElement) said.hidden = true;
}

/** @param {Element | null} target */
function mark(target) {
  for (const old of document.querySelectorAll(".free.target")) if (old !== target) old.classList.remove("target");
  target?.classList.add("target");
}

/** @param {HTMLAnchorElement} target */
function drop(target) {
  const day = target.closest("section.day");
  if (!(form instanceof HTMLFormElement) || !(day instanceof HTMLElement) || !carried) return letGo();
  form.action = `${carried.pathname}/time`;
  /** @type {Record<string, string | undefined>} */
  const fields = { start: target.dataset.start, practitioner: day.dataset.practitioner };
  for (const [name, value] of Object.entries(fields)) {
    const input = form.elements.namedItem(name);
    if (input instanceof HTMLInputElement) input.value = value ?? "";
  }
  form.requestSubmit();
}

form?.addEventListener("not-sent", () => {
  const back = carried;
  letGo();
  back?.focus();
});

/**
 * The click that ends a drag opens nothing.
 * @param {Event} click
 */
function ignore(click) {
  click.preventDefault();
}

/** @param {PointerEvent} event */
function follow(event) {
  if (!ghost && carried) {
    ghost = document.createElement("div");
    ghost.className = "in-hand";
    ghost.textContent = carried.querySelector("b")?.textContent ?? "";
    document.body.append(ghost);
  }
  ghost?.style.setProperty("translate", `${event.clientX + 12}px ${event.clientY + 12}px`);
  mark(free(document.elementFromPoint(event.clientX, event.clientY)));
}

document.addEventListener("pointerdown", (event) => {
  const link = movable(event.target);
  if (link && event.button === 0 && event.pointerType !== "touch") pressed = { link, x: event.clientX, y: event.clientY };
});
document.addEventListener("pointermove", (event) => {
  if (!pressed) return;
  if (!carried && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > FAR_PX) pickUp(pressed.link);
  if (carried) follow(event);
});
document.addEventListener("pointerup", (event) => {
  if (!pressed) return;
  pressed = null;
  if (!carried) return;
  window.addEventListener("click", ignore, { capture: true });
  window.setTimeout(() => window.removeEventListener("click", ignore, { capture: true }), 0);
  const target = free(document.elementFromPoint(event.clientX, event.clientY));
  if (target) drop(target);
  else letGo();
});
document.addEventListener("pointercancel", letGo);
document.addEventListener("dragstart", (event) => {
  if (movable(event.target)) event.preventDefault(); // the browser would drag the link's address
});
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const link = movable(event.target);
  const target = free(event.target);
  if (event.key === "Escape" && carried) {
    const back = carried;
    letGo();
    back.focus();
  } else if (event.key.toLowerCase() === "m" && link && !carried) {
    event.preventDefault();
    pickUp(link);
    nearest(link)?.focus();
  } else if (event.key === "Enter" && carried && target) {
    event.preventDefault();
    drop(target);
  }
});

/**
 * The free time nearest to an appointment, in its own column if there is one.
 * @param {HTMLElement} link
 * @returns {HTMLElement | undefined}
 */
function nearest(link) {
  const own = link.closest("section.day")?.querySelectorAll("a.free") ?? [];
  const all = /** @type {HTMLElement[]} */ ([...(own.length > 0 ? own : document.querySelectorAll("live-planner a.free"))]);
  const at = link.getBoundingClientRect();
  /** @param {HTMLElement} entry */
  const far = (entry) => {
    const box = entry.getBoundingClientRect();
    return Math.hypot(box.top - at.top, box.left - at.left);
  };
  return all.sort((one, other) => far(one) - far(other))[0];
}
