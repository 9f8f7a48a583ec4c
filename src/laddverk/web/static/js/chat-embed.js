/** @file For the operator's own web site: <script src="https://…/chat-embed.js" defer></script> and
 *  <laddverk-chat label="Help"></laddverk-chat>. A button opens the chat in a frame; nothing else of the site is touched. */
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
      this.addEventListener("keydown", (event) => event.key === "Escape" && this.frame && !this.frame.hidden && this.toggle());
    }

    toggle() {
      if (!this.frame) {
        this.frame = document.createElement("iframe");
        const outlet = this.getAttribute("outlet");
        this.frame.src = `${home}/help/chat?embed=1${outlet ? `&from=/u/${encodeURIComponent(outlet)}` : ""}`;
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
