/** @file <copy-button data-text="ses_0198…">: a press copies the whole text and says so for a moment. */

const SAID_MS = 1200; // long enough to be read, short enough not to be in the way

class CopyButton extends HTMLElement {
  connectedCallback() {
    this.tabIndex = 0;
    this.setAttribute("role", "button");
    this.addEventListener("click", () => this.copy());
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.copy();
    });
  }

  async copy() {
    await navigator.clipboard?.writeText(this.dataset.text ?? "");
    this.dataset.said = document.documentElement.dataset.copied ?? "";
    setTimeout(() => delete this.dataset.said, SAID_MS);
  }
}

customElements.define("copy-button", CopyButton);
