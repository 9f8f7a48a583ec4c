/** @file For the operator's own web site: <script src="https://…/chat-embed.js" defer></script> and
 *  <laddverk-chat label="Help"></laddverk-chat>. A button opens the chat in a frame; nothing else of the site is touched.
 *  Browsers send no cookie of ours from a frame there, so the site keeps the address of the chat while its tab is open. */
(() => {
  const home = new URL(document.currentScript.src).origin;

  class LaddverkChat extends HTMLElement {
    connectedCallback() {
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`
        button { position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; min-height: 48px; padding: 0 20px;
                 border: 0; border-radius: 24px; background: #16181d; color: #fff; font: 600 16px system-ui, sans-serif; cursor: pointer; }
        iframe { position: fixed; right: 20px; bottom: 80px; z-index: 2147483000; width: min(400px, calc(100vw - 40px));
                 height: min(620px, calc(100vh - 100px)); border: 1px solid #ccd; border-radius: 12px; background: #fff; }
        iframe[hidden] { display: none; }`);
      root.adoptedStyleSheets = [sheet];
      const button = document.createElement("button");
      button.textContent = this.getAttribute("label") || "Help";
      button.setAttribute("aria-expanded", "false");
      button.addEventListener("click", () => this.toggle());
      root.append(button);
      this.button = button;
      this.from = this.cameFrom();
      this.kept = `laddverk-chat ${this.from}`;
      window.addEventListener("message", (event) => this.told(event));
      this.addEventListener("keydown", (event) => event.key === "Escape" && this.frame && !this.frame.hidden && this.toggle());
    }

    /** The page of ours that the trouble is on: of an outlet by its sticker's code, or of a charge by its address. */
    cameFrom() {
      const [outlet, charge] = [this.getAttribute("outlet"), this.getAttribute("charge")];
      if (charge) return new URL(charge, home).pathname;
      return outlet ? `/u/${encodeURIComponent(outlet)}` : "";
    }

    /** @param {MessageEvent} event the frame says where its chat is */
    told(event) {
      if (event.origin !== home || event.source !== this.frame?.contentWindow) return;
      const path = event.data?.laddverkChat;
      if (typeof path === "string" && path.startsWith("/help/chat/")) this.begun = path;
    }

    /** Where the chat is that was begun here; a browser that keeps nothing for sites begins anew with each page. */
    get begun() {
      try {
        return sessionStorage.getItem(this.kept);
      } catch {
        return null;
      }
    }

    set begun(/** @type {string | null} */ path) {
      try {
        sessionStorage.setItem(this.kept, path);
      } catch {
        // The chat goes on in its frame as long as this page is open.
      }
    }

    toggle() {
      if (!this.frame) {
        this.frame = document.createElement("iframe");
        const begun = this.begun;
        const from = this.from ? `&from=${encodeURIComponent(this.from)}` : "";
        this.frame.src = begun ? `${home}${begun}?embed=1` : `${home}/help/chat?embed=1${from}`;
        this.frame.addEventListener("load", () => this.frame.contentWindow.postMessage("laddverk-chat", home));
        this.frame.title = this.button.textContent;
        this.frame.hidden = true;
        this.shadowRoot.append(this.frame);
      }
      this.frame.hidden = !this.frame.hidden;
      this.button.setAttribute("aria-expanded", String(!this.frame.hidden));
      (this.frame.hidden ? this.button : this.frame).focus();
    }
  }

  if (!customElements.get("laddverk-chat")) customElements.define("laddverk-chat", LaddverkChat);
})();
