/** @file A phone with one line and one call at a time: registered with the server, rung by it. Knows no page. */
import { SipLine } from "./sip-line.js";
import { Registration } from "./sip-registration.js";
import { SipCall } from "./sip-call.js";
import { header, party } from "./sip-message.js";

export class SipPhone {
  state = "away"; // away, registered, refused
  call = null;
  #owed = new Set();

  /**
   * @param {{url: string, user: string, password: string}} account @param {string} instance names this browser
   * @param {() => import("./sip-call.js").Media} mediaOf a call that is new
   * @param {{changed: () => void, refused: () => void}} owner
   */
  constructor(account, instance, mediaOf, owner) {
    Object.assign(this, { mediaOf, owner });
    this.line = new SipLine(account.url, account, {
      opened: () => this.#opened(),
      closed: () => this.#closed(),
      request: (message) => this.#hear(message),
    });
    this.registration = new Registration(this.line, instance, (state) => this.#become(state));
    this.line.open();
  }

  /** Goes on with another account at the same server: passwords do not last long. */
  renew(account) {
    this.line.account = account;
    if (this.line.isOpen) void this.registration.register();
    else this.line.open();
  }

  /** Opens the line at once: the network is there again. */
  wake() {
    if (!this.line.isOpen) this.line.open();
  }

  async end() {
    this.call?.hangUp();
    await this.registration.end();
    this.line.close();
  }

  #opened() {
    for (const call of this.#owed) void call.bye();
    this.#owed.clear();
    void this.registration.register();
  }

  #closed() {
    this.registration.stop();
    this.call?.lost();
    this.#become("away");
  }

  #become(state) {
    this.state = state;
    if (state === "refused") this.owner.refused();
    this.owner.changed();
  }

  #hear(message) {
    const call = this.call;
    if (call && header(message, "call-id") === call.id) {
      const isOther = message.method === "INVITE" && !party(header(message, "to")).tag;
      return isOther ? this.line.answer(message, 482, "Loop Detected") : call.hear(message);
    }
    if (message.method === "INVITE") return this.#rung(message);
    if (message.method === "ACK") return undefined;
    if (message.method === "OPTIONS" || message.method === "NOTIFY") return this.line.answer(message, 200, "OK");
    return this.line.answer(message, 481, "Call/Transaction Does Not Exist");
  }

  #rung(invite) {
    if (this.call && this.call.state !== "ended") return this.line.answer(invite, 486, "Busy Here", { tag: "busy" });
    const required = header(invite, "require");
    if (required) {
      return this.line.answer(invite, 420, "Bad Extension", { tag: "bad", more: [["unsupported", required]] });
    }
    if (!invite.body) return this.line.answer(invite, 488, "Not Acceptable Here", { tag: "none" });
    const media = this.mediaOf();
    this.call = new SipCall(this.line, invite, media, () => this.#changed());
    media.failed = () => this.call.media === media && this.call.silent();
    this.call.ring();
    return this.owner.changed();
  }

  #changed() {
    if (this.call.state === "ended" && this.call.owesBye && !this.line.isOpen) this.#owed.add(this.call);
    this.owner.changed();
  }
}
