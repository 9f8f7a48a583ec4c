/** @file <phone-voice>: lets the browser read aloud what the voice of the demo's phone says; digits press its keys. */

class PhoneVoice extends HTMLElement {
  connectedCallback() {
    this.spoken = new Set(this.lines().map((line) => this.nameOf(line)));
    this.observer = new MutationObserver(() => this.changed());
    this.observer.observe(this, { childList: true, subtree: true, characterData: true });
    this.onKey = (event) => this.pressed(event);
    document.addEventListener("keydown", this.onKey);
    if ("speechSynthesis" in window && window.speechSynthesis.getVoices().length) this.offer();
    else window.speechSynthesis?.addEventListener?.("voiceschanged", () => this.offer(), { once: true });
    // What was said is said: the page is morphed, and would keep the words in the field.
    this.addEventListener("submit", (event) => setTimeout(() => {
      const field = event.target.querySelector("input[name=text]");
      if (field) field.value = "";
    }));
    this.toEnd();
  }

  disconnectedCallback() {
    this.observer.disconnect();
    document.removeEventListener("keydown", this.onKey);
    window.speechSynthesis?.cancel();
  }

  offer() {
    if (this.button) return;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "button";
    this.button.textContent = this.dataset.on;
    this.button.setAttribute("aria-pressed", "false");
    this.button.addEventListener("click", () => {
      this.reads = !this.reads;
      this.button.setAttribute("aria-pressed", String(this.reads));
      this.button.textContent = this.reads ? this.dataset.off : this.dataset.on;
      if (!this.reads) window.speechSynthesis.cancel();
    });
    this.before(this.button);
  }

  lines() {
    return [...this.querySelectorAll("[data-voice] .chat-text")];
  }

  nameOf(line) {
    return `${this.querySelector(".handset")?.dataset.call}:${this.lines().indexOf(line)}`;
  }

  toEnd() {
    const log = this.querySelector(".handset-log");
    if (log) log.scrollTop = log.scrollHeight;
  }

  changed() {
    for (const line of this.lines()) {
      const name = this.nameOf(line);
      if (this.spoken.has(name)) continue;
      this.spoken.add(name);
      this.toEnd();
      if (!this.reads) continue;
      window.speechSynthesis.cancel();
      const said = new SpeechSynthesisUtterance(line.textContent);
      said.lang = document.documentElement.lang;
      window.speechSynthesis.speak(said);
    }
  }

  pressed(event) {
    if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = [...this.querySelectorAll(".key")].find((each) => each.value === event.key);
    if (!key) return;
    event.preventDefault();
    key.click();
  }
}

customElements.define("phone-voice", PhoneVoice);
