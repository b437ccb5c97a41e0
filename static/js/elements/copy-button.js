/**
 * <copy-button text="…" done="Copied"><button type="button">Copy</button></copy-button>
 * Puts its text on the clipboard and says so for two seconds, also to a screen reader.
 */
import { toast } from "./toast.js";

export class CopyButton extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => void this.#copy());
  }

  async #copy() {
    await navigator.clipboard.writeText(this.getAttribute("text") ?? "");
    toast(this.getAttribute("done") ?? "", 2000);
  }
}

customElements.define("copy-button", CopyButton);
