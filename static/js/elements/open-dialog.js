/**
 * <open-dialog for="move"><a href="…">Move</a></open-dialog>
 * Opens the <dialog id="move"> of this page instead of following the link. A [data-close] inside closes it;
 * a click outside closes it too.
 */
export class OpenDialog extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const dialog = document.getElementById(this.getAttribute("for") ?? "");
      if (!(dialog instanceof HTMLDialogElement)) return;
      event.preventDefault();
      dialog.showModal();
    });
  }
}

document.addEventListener("click", (event) => {
  const { target } = event;
  if (!(target instanceof Element)) return;
  const dialog = target.closest("dialog");
  if (dialog && (target === dialog || target.closest("[data-close]"))) dialog.close();
});

customElements.define("open-dialog", OpenDialog);
