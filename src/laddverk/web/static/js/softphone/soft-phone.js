/** @file <soft-phone>: the phone of one at the desk. Asks us for an account, and says in words what the phone does. */
import { CallMedia, microphone } from "./call-media.js";
import { allow, ring } from "./ring-tone.js";
import { SipPhone } from "./sip-phone.js";

const LOCK = "laddverk-softphone";
const REFUSED_MAX = 3; // fresh passwords in a row that the exchange does not take: then it is not about passwords
const RINGS_TITLE = "☎ ";

class SoftPhone extends HTMLElement {
  state = "off";
  phone = null;
  refused = 0;

  connectedCallback() {
    this.title = document.title;
    this.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("click", (event) => this.#toDesk(event));
    addEventListener("online", () => this.phone?.wake());
    addEventListener("pagehide", () => this.phone && navigator.sendBeacon(`${this.dataset.place}/presence`, new URLSearchParams({ state: "" })));
    addEventListener("beforeunload", (event) => this.#inCall() && event.preventDefault());
    this.#show(isSecureContext ? "off" : "insecure");
    // Whoever loads this window anew has not left the desk.
    if (isSecureContext && sessionStorage.getItem(LOCK)) void this.take();
  }

  #inCall() {
    return this.phone?.call && this.phone.call.state !== "ended";
  }

  #clicked(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.keyPressed) this.phone?.call?.press(button.dataset.keyPressed);
    const deeds = { take: this.take, answer: this.answer, decline: this.decline, mute: this.mute, hold: this.hold, "hang-up": this.hangUp, leave: this.leave };
    deeds[button.dataset.do]?.call(this);
  }

  /** Pages of the desk open in the window that this one was opened from: this one has to stay. */
  #toDesk(event) {
    const link = event.target.closest("a[data-desk]");
    if (!link || !window.opener || window.opener.closed) return;
    event.preventDefault();
    window.opener.location.href = link.href;
    window.opener.focus();
  }

  /** One window of a browser at a time is the phone: another's registration would replace it. */
  async take() {
    allow();
    const free = await new Promise((resolve) => {
      void navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock && new Promise((release) => (this.release = release));
      });
    });
    if (!free) return this.#show("elsewhere");
    try {
      this.#show("asking");
      for (const track of (await microphone()).getTracks()) track.stop();
    } catch {
      this.release();
      return this.#show("silent");
    }
    this.#show("connecting");
    return this.#renew();
  }

  /** Gets a new password, at once and then each half of its time. */
  async #renew() {
    clearTimeout(this.timer);
    const answer = await fetch(`${this.dataset.place}/account`, { method: "POST" }).catch(() => null);
    const account = await answer?.json().catch(() => null);
    if (!answer?.ok || !account) return this.#without(answer, account);
    this.ice = account.ice;
    this.timer = setTimeout(() => this.#renew(), (account.expires_s / 2) * 1000);
    if (this.phone) return this.phone.renew(account);
    sessionStorage.setItem(LOCK, "1");
    this.phone = new SipPhone(account, this.#instance(), () => new CallMedia(this.#part("[data-speaker]"), this.ice), {
      changed: () => this.#changed(),
      refused: () => this.#refused(),
    });
    return undefined;
  }

  #without(answer, told) {
    // What we cannot be asked just now, we are asked again: a call goes on, and so does a registration.
    const isLasting = answer && answer.status < 500;
    if (this.phone && !isLasting) return (this.timer = setTimeout(() => this.#renew(), 30_000));
    this.#part("[data-message]").textContent = told?.message ?? "";
    return this.#stop("unavailable");
  }

  #refused() {
    this.refused += 1;
    if (this.refused <= REFUSED_MAX) return this.#renew();
    this.#part("[data-message]").textContent = "";
    return this.#stop("unavailable");
  }

  #instance() {
    const known = localStorage.getItem(LOCK) ?? crypto.randomUUID();
    localStorage.setItem(LOCK, known);
    return known;
  }

  async #stop(state) {
    clearTimeout(this.timer);
    sessionStorage.removeItem(LOCK);
    const phone = this.phone;
    this.phone = null;
    this.isPresent = false;
    await phone?.end();
    ring(false);
    this.release?.();
    this.#show(state);
  }

  async leave() {
    await this.#stop("off");
    await this.#be("");
  }

  async #be(state) {
    await fetch(`${this.dataset.place}/presence`, { method: "POST", body: new URLSearchParams({ state }) }).catch(() => {});
  }

  /** Something of the phone is otherwise: say so. */
  #changed() {
    if (!this.phone) return;
    const { state, call } = this.phone;
    if (state === "registered") {
      this.refused = 0;
      if (!this.isPresent) void this.#be("ready");
      this.isPresent = true;
    }
    if (call && call.state !== "ended") {
      if (this.shown !== call) this.#part("[data-do=mute]").ariaPressed = "false";
      this.shown = call;
      const who = call.number || this.dataset.withheld;
      this.#part("[data-caller]").textContent = this.dataset.calling.replace("%(who)s", who);
      return this.#show(call.state === "talking" && call.isHeld ? "held" : call.state);
    }
    const why = call && this.shown === call ? call.why : "";
    return this.#show({ registered: "ready", away: this.isPresent ? "away" : "connecting" }[state] ?? "connecting", why);
  }

  async answer() {
    try {
      await this.phone.call.answer();
    } catch {
      this.#changed();
    }
  }

  decline() {
    this.phone.call.decline();
  }

  hangUp() {
    this.phone.call.hangUp();
  }

  mute() {
    const button = this.#part("[data-do=mute]");
    const muted = button.ariaPressed !== "true";
    this.phone.call.media.mute(muted);
    button.ariaPressed = String(muted);
  }

  async hold() {
    const call = this.phone.call;
    await call.hold(!call.isHeld);
    this.#part("[data-do=hold]").ariaPressed = String(call.isHeld);
  }

  #part(selector) {
    return this.querySelector(selector);
  }

  #show(state, why = "") {
    const isNew = state !== this.state;
    this.state = state;
    this.dataset.state = state;
    for (const each of this.querySelectorAll("[data-when]")) each.hidden = !each.dataset.when.split(" ").includes(state);
    for (const each of this.querySelectorAll("[data-why]")) each.hidden = each.dataset.why !== why;
    if (this.phone?.state === "registered") this.#part("[data-apart]").hidden = true;
    ring(state === "ringing");
    document.title = state === "ringing" ? RINGS_TITLE + this.#part("[data-caller]").textContent : this.title;
    if (isNew && state === "ringing") this.#part("[data-do=answer]").focus();
  }
}

customElements.define("soft-phone", SoftPhone);
