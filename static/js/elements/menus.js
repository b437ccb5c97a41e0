/** <details class="menu"> closes on Escape, on a press elsewhere and when another opens; focus returns to its button. */

/** @param {Node | null} [except] */
function closeMenus(except = null) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (except === null || !menu.contains(except)) menu.removeAttribute("open");
  }
}

document.addEventListener("click", (event) => {
  if (event.target instanceof Node) closeMenus(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !(document.activeElement instanceof Element)) return;
  const menu = document.activeElement.closest("details.menu[open]");
  if (!menu) return;
  closeMenus();
  menu.querySelector("summary")?.focus();
});
