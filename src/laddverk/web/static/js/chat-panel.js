/** @file The chat. <chat-panel> keeps its log at the end, sends by Enter and says that one is writing; <chat-door>
 *  opens it in a dialog from the help link. Without JavaScript the same forms are pages. */

const TYPING_EVERY_MS = 3000;
const WIDE = matchMedia("(width >= 720px)");

class ChatPanel extends HTMLElement {
  connectedCallback() {
    this.frame = this.closest("[data-chat-origins]");
    if (this.frame) window.addEventListener("message", (this.asked = (event) => this.tell(event)));
    this.typedAt = 0;
    this.seen = this.querySelectorAll(".chat-line").length;
    this.watcher = new MutationObserver(() => this.changed());
    this.watcher.observe(this, { childList: true, subtree: true });
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("input", (event) => this.typed(event));
    this.addEventListener("change", (event) => this.chosen(event));
    this.addEventListener("submit", () => (this.sent = true));
    this.toEnd();
    this.say();
    if (this.closest("dialog")) this.querySelector("textarea").focus({ preventScroll: true });
  }

  disconnectedCallback() {
    this.watcher.disconnect();
    if (this.asked) window.removeEventListener("message", this.asked);
  }

  /** @param {MessageEvent} event the web site that shows us in a frame asks where this chat is */
  tell(event) {
    const origins = this.frame.dataset.chatOrigins.split(" ");
    if (event.source === window.parent && event.data === "laddverk-chat" && origins.includes(event.origin)) {
      this.frame.dataset.asker = event.origin;
      this.say();
    }
  }

  /** Say it again whenever it changes: a chat has its address from its first words on. */
  say() {
    const asker = this.frame?.dataset.asker;
    if (asker && this.dataset.base) window.parent.postMessage({ laddverkChat: this.dataset.base }, asker);
  }

  toEnd() {
    const log = this.querySelector(".chat-log");
    if (log) log.scrollTop = log.scrollHeight;
  }

  /** Something was said: show it, and empty the field when it was said here. */
  changed() {
    const lines = this.querySelectorAll(".chat-line");
    if (lines.length === this.seen) return;
    this.seen = lines.length;
    this.toEnd();
    if (!this.sent || this.querySelector(".chat-foot .notice")) return;
    this.sent = false;
    this.querySelector(".chat-say").reset();
    this.querySelector(".chat-say textarea").value = "";
  }

  /** @param {KeyboardEvent} event Enter sends, Shift+Enter begins a new line */
  key(event) {
    const field = /** @type {HTMLElement} */ (event.target);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !field.matches(".chat-say textarea")) return;
    event.preventDefault();
    field.closest("form").requestSubmit();
  }

  typed(event) {
    const field = event.target;
    if (!field.matches(".chat-say textarea")) return;
    const now = Date.now();
    if (!("withUs" in this.dataset) || now - this.typedAt < TYPING_EVERY_MS) return;
    this.typedAt = now;
    fetch(`${this.dataset.base}/typing`, { method: "POST" }).catch(() => {});
  }

  /** A photo leaves as soon as it is chosen. */
  chosen(event) {
    if (event.target.matches("input[type=file]") && event.target.files.length) event.target.form.requestSubmit();
  }
}

class ChatDoor extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    document.addEventListener("click", (event) => this.clicked(event));
    this.dialog.addEventListener("close", () => this.closed());
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.dialog.close();
    });
    this.querySelector("[data-close]").addEventListener("click", () => this.dialog.close());
  }

  /** @param {MouseEvent} event a plain click on a help link opens the chat where one is */
  clicked(event) {
    const link = event.target.closest("a[data-chat]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button || document.querySelector("main chat-panel")) return;
    event.preventDefault();
    if (this.dialog.open) return this.dialog.close();
    this.opener = link;
    this.open();
  }

  async open() {
    if (WIDE.matches) this.dialog.show();
    else this.dialog.showModal();
    const place = this.querySelector(".chat-place");
    const href = this.opener.pathname === "/help/chat" ? this.opener.href : this.dataset.href;
    if (!place.querySelector("chat-panel")) {
      await window.htmx.ajax("GET", href, { target: place, swap: "innerHTML" });
    }
  }

  closed() {
    this.opener?.focus();
  }
}

customElements.define("chat-panel", ChatPanel);
customElements.define("chat-door", ChatDoor);
