/**
 * The note page: choose a sentence and see where it comes from, listen to it, edit in place, decide.
 * Every act posts the page's own form; the answer is the page again, of which we take the new parts.
 */

import { Editing } from "./note-editing.js";
import { Sound } from "./note-sound.js";

/** @typedef {{id: string, role: string, who: string, text: string, at: string, stream: string, from_ms: number, to_ms: number}} Line */
/** @typedef {{version: number, state: string, audible: boolean, urls: {audio: string, progress: string}, lines: Line[], evidence: Record<string, string[]>, origins: Record<string, string>, flags: Record<string, string>}} Data */

const LOOK_AGAIN_MS = 1000;
const OUTLIVES_PAGE_BYTES = 60_000; // browsers carry 64 KiB past the end of a page
const PARTS = ["bands", "chips", "two", "foot"];

const strings = JSON.parse(text("strings"));
/** @type {Data} */
let data = JSON.parse(text("note-data"));
const sound = new Sound();
let selected = document.querySelector(".st[aria-current]")?.getAttribute("data-id") ?? "";
let acts = 0;  // what this page asked the server to change

/** @param {string} id */
function text(id) {
  return document.getElementById(id)?.textContent ?? "{}";
}

/** @returns {HTMLElement[]} */
function sentences() {
  return [...document.querySelectorAll(".st")].filter((e) => e instanceof HTMLElement);
}

/** @param {string} id */
function sentence(id) {
  return sentences().find((e) => e.dataset.id === id);
}

// --- choosing a sentence ------------------------------------------------------------------

/**
 * @param {string} id
 * @param {{scroll?: boolean, near?: boolean}} options
 */
function choose(id, { scroll = false, near = scroll } = {}) {
  const chosen = sentence(id);
  if (!chosen) return;
  stop();
  selected = id;
  for (const each of sentences()) {
    if (each === chosen) each.setAttribute("aria-current", "true");
    else each.removeAttribute("aria-current");
  }
  if (scroll) {
    chosen.focus({ preventScroll: true });
    chosen.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
  showProof(id);
  retarget(id);
  if (near) bringNear(chosen);
}

/**
 * On a narrow screen the evidence comes to the sentence, not the reader to the evidence.
 * @param {HTMLElement} chosen
 */
function bringNear(chosen) {
  const evidence = document.getElementById("evidence");
  if (!evidence || !matchMedia("(max-width: 999px)").matches) return;
  evidence.className = "card s sans";
  chosen.closest("section")?.append(evidence);
}

/** @param {string} id */
function proofOf(id) {
  return (data.evidence[id] ?? []).flatMap((line) => data.lines.filter((each) => each.id === line));
}

/** @param {string} id */
function showProof(id) {
  const place = document.getElementById("proof");
  if (!place) return;
  const proof = proofOf(id);
  const first = data.lines.indexOf(proof[0]);
  const shown = first > 0 ? [data.lines[first - 1], ...proof] : proof;
  place.replaceChildren(...shown.map((line) => lineElement(line, proof.includes(line))));
  if (!proof.length) place.append(paragraph(strings.typed));
  const origin = document.getElementById("origin");
  if (origin) origin.textContent = strings[`origin_${data.origins[id]}`] ?? "";
  const flag = document.getElementById("flag");
  if (flag) {
    flag.textContent = data.flags[id] ?? "";
    flag.hidden = !data.flags[id];
  }
  const listen = document.getElementById("listen");
  if (listen) {
    listen.hidden = !proof.length;
    label(listen, proof.length ? `${strings.listen} · ${proof[0].at}` : strings.listen);
  }
}

/**
 * @param {Line} line
 * @param {boolean} lit
 */
function lineElement(line, lit) {
  const template = document.getElementById("line-template");
  if (!(template instanceof HTMLTemplateElement)) throw new Error("line-template");
  const made = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  made.classList.toggle("doc", line.role === "doctor");
  made.classList.toggle("lit", lit);
  const [time, name, words] = ["time", "b", "p > span"].map((query) => made.querySelector(query));
  if (time && name && words) [time.textContent, name.textContent, words.textContent] = [line.at, line.who, line.text];
  return made;
}

/** @param {string} words */
function paragraph(words) {
  const made = document.createElement("p");
  made.className = "quiet mid";
  made.textContent = words;
  return made;
}

/**
 * @param {HTMLElement} button
 * @param {string} words
 */
function label(button, words) {
  const place = button.querySelector("span");
  if (place) place.textContent = words;
}

/**
 * Point the edit link and the remove form at the chosen sentence.
 * @param {string} id
 */
function retarget(id) {
  const actions = document.getElementById("sentence-actions");
  if (!actions) return;
  for (const form of actions.querySelectorAll("form")) {
    form.action = form.action.replace(/sentences\/[^/]+/, `sentences/${id}`);
    if (form.id !== "remove") form.hidden = !sentence(id)?.classList.contains("flag");
  }
}

/** A sentence that is unsure stays as it stands by this key; any other is read, so on to the next. */
function accept() {
  const form = document.querySelector("#sentence-actions form:not(#remove)");
  if (form instanceof HTMLFormElement && !form.hidden) form.requestSubmit();
  else move(1);
}

/** @param {number} step */
function move(step) {
  const all = sentences();
  const at = all.findIndex((e) => e.dataset.id === selected);
  const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
  if (next?.dataset.id) choose(next.dataset.id, { scroll: true });
}

// --- listening ----------------------------------------------------------------------------

function stop() {
  sound.stop();
  document.getElementById("listen")?.setAttribute("aria-pressed", "false");
}

async function listen() {
  const button = document.getElementById("listen");
  const wasPlaying = sound.playing;
  stop();
  if (wasPlaying || !button || button.hidden) return;
  button.setAttribute("aria-pressed", "true");
  try {
    if (await sound.play(proofOf(selected), data.urls.audio)) stop();
  } catch {
    stop();
    say(strings.no_sound, "bad");
  }
}

// --- forms: post, then take the new parts of the page ---------------------------------------

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 * @returns {Promise<Document>}
 */
async function post(form, submitter = null) {
  acts += 1;
  const body = new URLSearchParams(/** @type {any} */ (new FormData(form, submitter)));
  const answer = await fetch(form.action, {
    method: "POST", body, headers: { Accept: "application/json, text/html" },
    keepalive: `${body}`.length < OUTLIVES_PAGE_BYTES, // a tab closed meanwhile does not stop it
  });
  if (!answer.ok) throw await answer.json().catch(() => ({ error: { message: strings.offline } }));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** @param {Document} fresh */
function take(fresh) {
  stop();
  const kept = selected;
  const wasNear = Boolean(document.querySelector(".paper #evidence"));
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.id : "";
  const opened = [...document.querySelectorAll("details[open][id]")].map((e) => e.id);
  const scrolled = [...document.querySelectorAll("#two > *")].map((e) => e.scrollTop);
  for (const id of PARTS) {
    const [now, next] = [document.getElementById(id), fresh.getElementById(id)];
    const asking = id === "foot" && document.querySelector("dialog[open]");  // its form is about to be sent
    if (now && next && !asking) now.replaceWith(document.adoptNode(next));
  }
  data = JSON.parse(fresh.getElementById("note-data")?.textContent ?? "{}");
  refer();
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  document.querySelectorAll("#two > *").forEach((e, n) => { e.scrollTop = scrolled[n] ?? 0; });
  const current = fresh.querySelector(".st[aria-current]")?.getAttribute("data-id") ?? sentences()[0]?.dataset.id ?? "";
  choose(sentence(kept) ? kept : current, { near: wasNear });
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** Let every form name the version this page now shows. */
function refer() {
  for (const field of document.querySelectorAll("input[name=version]")) {
    if (field instanceof HTMLInputElement) field.value = String(data.version);
  }
}

/**
 * @param {string} words
 * @param {"good" | "bad"} kind
 */
function say(words, kind = "good") {
  const saved = document.getElementById("saved");
  if (!saved) return;
  saved.textContent = words;
  saved.className = kind === "bad" ? "small bad-ink" : "small good";
}

/** @param {any} failure */
function explain(failure) {
  return failure?.error?.message ?? strings.offline;
}

/** @param {SubmitEvent} event */
async function submitted(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.id === "sign" || !form.closest("#two, #bands")) return;
  event.preventDefault();
  const submitter = event.submitter instanceof HTMLElement ? event.submitter : null;
  submitter?.setAttribute("aria-busy", "true");
  say(strings.saving);
  try {
    take(await post(form, submitter));
    say(strings.saved);
  } catch (failure) {
    say(explain(failure), "bad");
  }
  submitter?.removeAttribute("aria-busy");
}

// --- editing in place: saved while typing ----------------------------------------------------

/** @param {string} id */
function edit(id) {
  const shown = sentence(id);
  const link = document.getElementById("edit-link");
  if (!shown || !link) return;
  const box = document.createElement("textarea");
  box.className = "input edit";
  box.rows = 2;
  box.value = shown.textContent ?? "";
  box.setAttribute("aria-label", strings.sentence);
  shown.hidden = true;
  shown.after(box);
  box.focus();
  new Editing(box, {
    send: async (words) => {
      const fresh = await post(sentenceForm(id, words));
      data.version = JSON.parse(fresh.getElementById("note-data")?.textContent ?? "{}").version;
      refer();
      return fresh;
    },
    leave: (words, afterAnother) => {
      const form = sentenceForm(id, words, data.version + (afterAnother ? 1 : 0));
      const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
      void fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, keepalive: true });
    },
    saving: () => say(strings.saving),
    saved: () => say(strings.saved),
    unsaved: (failure) => say(`${strings.unsaved}. ${explain(failure)}`, "bad"),
    done: (fresh) => {
      box.remove();
      shown.hidden = false;
      if (fresh) take(fresh);
      choose(id, { scroll: true });
    },
  }).begin();
}

/**
 * The form that rewrites one sentence, as the page without script would send it.
 * @param {string} id
 * @param {string} words
 * @param {number} version
 */
function sentenceForm(id, words, version = data.version) {
  const form = document.createElement("form");
  const remove = document.getElementById("remove");
  form.action = (remove instanceof HTMLFormElement ? remove.action : "").replace(/sentences\/.*$/, `sentences/${id}`);
  const csrf = document.querySelector("input[name=csrf_token]");
  const fields = { csrf_token: csrf instanceof HTMLInputElement ? csrf.value : "", version: String(version), text: words };
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("input");
    [field.type, field.name, field.value] = ["hidden", name, value];
    form.append(field);
  }
  return form;
}


// --- keys ----------------------------------------------------------------------------------

/** @param {KeyboardEvent} event */
function pressed(event) {
  const target = event.target instanceof Element ? event.target : document.body;
  const busy = target.closest("input, textarea, select, button, summary, dialog, a:not(.st)");
  if (busy || event.ctrlKey || event.metaKey || event.altKey) return;
  const writable = Boolean(document.getElementById("edit-link"));
  const remove = document.getElementById("remove");
  if (event.key === "ArrowDown") move(1);
  else if (event.key === "ArrowUp") move(-1);
  else if (event.key === " ") listen();
  else if (event.key.toLowerCase() === "a" && writable) accept();
  else if (event.key.toLowerCase() === "e" && writable) edit(selected);
  else if ((event.key === "Backspace" || event.key === "Delete") && remove instanceof HTMLFormElement) remove.requestSubmit();
  else return;
  event.preventDefault();
}

/** @param {MouseEvent} event */
function clicked(event) {
  if (!(event.target instanceof Element) || event.ctrlKey || event.metaKey) return;
  const st = event.target.closest(".st");
  if (st instanceof HTMLElement && st.dataset.id) {
    event.preventDefault();
    choose(st.dataset.id, { near: true });
    st.focus({ preventScroll: true });
  } else if (event.target.closest("#listen")) {
    listen();
  } else if (event.target.closest("#edit-link")) {
    event.preventDefault();
    edit(selected);
  }
}

// --- waiting for the draft -------------------------------------------------------------------

async function watch() {
  const waiting = document.getElementById("drafting");
  const growing = Boolean(document.getElementById("remove") || document.getElementById("add"));
  if (!waiting && !growing) return;
  const before = acts;
  try {
    const answer = await fetch(data.urls.progress, { headers: { Accept: "application/json" } });
    const now = await answer.json();
    if (waiting && now.state === "ready") return void location.reload();
    const place = document.getElementById("drafting-text");
    if (place && strings[now.state]) place.textContent = strings[now.state];
    // A draft that grew while nobody touches the page may be shown at once.
    const idle = acts === before && !document.querySelector("textarea.edit, dialog[open], #bands form");
    if (!waiting && idle && now.version > data.version) return void location.reload();
    if (!waiting && !now.open_streams) return;
  } catch {
    // The server restarts or the network is away: look again.
  }
  setTimeout(watch, LOOK_AGAIN_MS);
}

document.addEventListener("click", clicked);
document.addEventListener("keydown", pressed);
document.addEventListener("submit", submitted);
if (selected) choose(selected);
watch();
