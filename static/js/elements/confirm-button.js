/**
 * <confirm-button question="…" confirm="Cancel the appointment" keep="Keep it">
 *   <form method="post" …><button>…</button></form>
 * </confirm-button>
 * Asks before its form is sent, and names what would be lost. Without script the form is sent at once
 * and the server's own confirmation or undo answers for it.
 */
export class ConfirmButton extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => this.#ask(event));
  }

  /** @param {SubmitEvent} event */
  #ask(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset.confirmed === "yes") return;
    event.preventDefault();
    const submitter = event.submitter;
    const dialog = this.#dialog();
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "yes") {
        form.dataset.confirmed = "yes";
        form.requestSubmit(submitter instanceof HTMLElement ? submitter : null);
      }
      dialog.remove();
      if (submitter instanceof HTMLElement) submitter.focus();
    }, { once: true });
    dialog.showModal();
  }

  /** @returns {HTMLDialogElement} */
  #dialog() {
    const dialog = document.createElement("dialog");
    dialog.className = "sheet";
    const form = document.createElement("form");
    form.method = "dialog";
    form.className = "col";
    const question = document.createElement("p");
    question.className = "big";
    question.textContent = this.getAttribute("question");
    question.id = "confirm-question";
    dialog.setAttribute("aria-labelledby", question.id);
    const actions = document.createElement("div");
    actions.className = "actions";
    actions.append(
      button(this.getAttribute("keep") ?? "", "no", "btn"),
      button(this.getAttribute("confirm") ?? "", "yes", `btn ${this.getAttribute("kind") ?? "danger"}`),
    );
    form.append(question, actions);
    dialog.append(form);
    document.body.append(dialog);
    return dialog;
  }
}

/**
 * @param {string} label
 * @param {string} value
 * @param {string} look
 */
function button(label, value, look) {
  const made = document.createElement("button");
  made.value = value;
  made.className = look;
  made.textContent = label;
  return made;
}

customElements.define("confirm-button", ConfirmButton);
