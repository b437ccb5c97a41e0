/**
 * <copy-button text="…" done="Copied"><button type="button">Copy</button></copy-button>
 * Puts its text on the clipboard and says so for two seconds, also to a screen reader.
 */
export class CopyButton extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => void this.#copy());
  }

  async #copy() {
    await navigator.clipboard.writeText(this.getAttribute("text") ?? "");
    const said = document.createElement("span");
    said.className = "toast";
    said.setAttribute("role", "status");
    document.body.append(said);
    said.textContent = this.getAttribute("done");
    setTimeout(() => said.remove(), 2000);
  }
}

customElements.define("copy-button", CopyButton);
