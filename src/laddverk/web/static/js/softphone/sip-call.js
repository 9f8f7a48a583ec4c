/** @file One call that comes in: rung, answered, held, ended (RFC 3261, 12 to 15), from whichever side it is. */
import { header, party, sequence, userOf, values } from "./sip-message.js";
import { random } from "./sip-line.js";

const T1_MS = 500;
const T2_MS = 4_000;
const CONFIRMED_WITHIN_MS = 32_000;
const SDP = ["content-type", "application/sdp"];

/**
 * @typedef {object} Media what speaks and hears; each gives or takes a description (SDP)
 * @property {(offer: string) => Promise<string>} take answers an offer
 * @property {(held: boolean) => Promise<string>} offer makes one
 * @property {(answer: string) => Promise<void>} settle takes the answer to it
 * @property {(key: string) => boolean} press whether it could carry a key
 * @property {() => void} end
 */

export class SipCall {
  state = "ringing"; // answering, talking, ended
  isHeld = false;
  why = ""; // how it ended: cancelled, declined, missed, over, lost, failed
  #tag = random(6);
  #heardNumber;
  #ours = null; // our offer that waits for its answer
  #confirmed = () => {};
  #wantsEnd = false;
  #asksBack = false; // our offer stands in a 200, its answer comes with the ACK

  /**
   * @param {import("./sip-line.js").SipLine} line @param {object} invite @param {Media} media
   * @param {(call: SipCall) => void} changed
   */
  constructor(line, invite, media, changed) {
    Object.assign(this, { line, invite, media, changed });
    this.id = header(invite, "call-id");
    const caller = party(header(invite, "from"));
    this.number = userOf(caller.uri);
    this.name = caller.name;
    this.remoteTag = caller.tag;
    this.target = party(header(invite, "contact")).uri;
    this.routes = values(invite, "record-route");
    this.#heardNumber = sequence(invite).number;
  }

  ring() {
    this.line.answer(this.invite, 180, "Ringing", { tag: this.#tag, more: [["contact", this.line.contact]] });
  }

  /** Picks up. What the microphone or the description refuses ends the call with a reason for its caller. */
  async answer() {
    if (this.state !== "ringing") return;
    this.#become("answering");
    try {
      const body = await this.media.take(this.invite.body);
      if (this.state !== "answering") return;
      this.#become("talking");
      this.#insist(this.invite, body, () => this.#over("failed", true));
    } catch (problem) {
      if (this.state === "answering") this.#refuse(488, "Not Acceptable Here", "failed");
      throw problem;
    }
  }

  /** Says 200 again until it is confirmed (13.3.1.4): the answer may be lost between the server and the other side. */
  #insist(request, body, never) {
    const say = () =>
      this.line.answer(request, 200, "OK", { tag: this.#tag, more: [["contact", this.line.contact], SDP], body });
    let wait = T1_MS;
    let timer = 0;
    const again = () => {
      say();
      timer = setTimeout(again, wait);
      wait = Math.min(wait * 2, T2_MS);
    };
    const giveUp = setTimeout(() => {
      this.#confirmed();
      if (this.#wantsEnd) this.bye();
      else never();
    }, CONFIRMED_WITHIN_MS);
    this.#confirmed = () => {
      clearTimeout(timer);
      clearTimeout(giveUp);
      this.#confirmed = () => {};
    };
    this.isConfirming = true;
    again();
  }

  decline() {
    if (this.state === "ringing" || this.state === "answering") this.#refuse(486, "Busy Here", "declined");
  }

  #refuse(status, reason, why) {
    this.line.answer(this.invite, status, reason, { tag: this.#tag });
    this.#over(why);
  }

  hangUp() {
    if (this.state === "ringing" || this.state === "answering") return this.decline();
    if (this.state !== "talking") return;
    // Before its answer is confirmed a dialog may not be ended by who answered (15).
    if (this.isConfirming) this.#wantsEnd = true;
    else void this.bye();
    this.#over("over");
  }

  /** Says that it is over; owed until somebody has heard it. */
  async bye() {
    this.owesBye = true;
    this.owesBye = (await this.line.request(this.#within("BYE"))) === null;
  }

  /** The line was lost. Who speaks goes on speaking: sound goes another way, and the line opens again. */
  lost() {
    if (this.state === "ringing" || this.state === "answering") this.#over("missed");
  }

  /** Nothing is heard any more. */
  silent() {
    this.#over("lost", true);
  }

  #over(why, withBye = false) {
    if (this.state === "ended") return;
    if (withBye) void this.bye();
    if (!this.#wantsEnd) this.#confirmed();
    this.why = why;
    this.media.end();
    this.#become("ended");
  }

  #become(state) {
    this.state = state;
    this.changed(this);
  }

  #within(method, more = [], body = "") {
    const headers = [
      ...this.routes.map((route) => ["route", route]), ["from", `${header(this.invite, "to")};tag=${this.#tag}`],
      ["to", header(this.invite, "from")], ["call-id", this.id], ["contact", this.line.contact], ...more,
    ];
    return { method, uri: this.target, headers, body };
  }

  /** @returns {Promise<boolean>} whether the other side agreed */
  async hold(held) {
    if (this.state !== "talking" || this.#ours || this.isConfirming) return false;
    const ours = (this.#ours = { held });
    try {
      const answer = await this.line.request(this.#within("INVITE", [SDP], await this.media.offer(held)));
      if (answer?.status !== 200) {
        await this.media.offer(this.isHeld); // as it was
        return false;
      }
      this.#acknowledge(answer);
      if (this.state !== "talking") return false;
      await this.media.settle(answer.body);
      this.isHeld = held;
      this.changed(this);
      return true;
    } finally {
      if (this.#ours === ours) this.#ours = null;
    }
  }

  #acknowledge(answer) {
    const { uri, headers } = this.#within("ACK");
    const top = [["via", `SIP/2.0/WS ${this.line.host};branch=z9hG4bK${random()}`], ["max-forwards", "70"]];
    this.line.send({ method: "ACK", uri, headers: [...top, ["cseq", `${sequence(answer).number} ACK`], ...headers], body: "" });
  }

  /** @param {string} key where the media cannot carry it, the key goes as a message (RFC 6086, Asterisk's dtmf-relay) */
  press(key) {
    if (this.state !== "talking" || this.media.press(key)) return;
    const relay = ["content-type", "application/dtmf-relay"];
    void this.line.request(this.#within("INFO", [relay], `Signal=${key}\r\nDuration=160\r\n`));
  }

  /** @param {object} request of this call, or what cancels it */
  hear(request) {
    if (request.method === "CANCEL") return this.#cancelled(request);
    const { number } = sequence(request);
    if (request.method === "ACK") return this.#acknowledged(request);
    if (number < this.#heardNumber) return this.line.answer(request, 500, "Server Internal Error", { tag: this.#tag });
    this.#heardNumber = number;
    if (request.method === "BYE") {
      this.line.answer(request, 200, "OK", { tag: this.#tag });
      return this.#over("over");
    }
    if (request.method === "INVITE" || request.method === "UPDATE") return void this.#changedBy(request);
    const isKnown = ["INFO", "OPTIONS", "NOTIFY"].includes(request.method);
    return this.line.answer(request, isKnown ? 200 : 405, isKnown ? "OK" : "Method Not Allowed", { tag: this.#tag });
  }

  #cancelled(request) {
    this.line.answer(request, 200, "OK", { tag: this.#tag });
    if (this.state === "ringing" || this.state === "answering") this.#refuse(487, "Request Terminated", "cancelled");
  }

  #acknowledged(request) {
    this.isConfirming = false;
    if (request.body && this.#asksBack) void this.media.settle(request.body).catch(() => this.silent());
    this.#asksBack = false;
    this.#confirmed();
    if (this.#wantsEnd) {
      this.#wantsEnd = false;
      void this.bye();
    }
  }

  /** The other side wants the call otherwise: held, or with other media; or only says that it is there. */
  async #changedBy(request) {
    const contact = party(header(request, "contact")).uri;
    if (contact) this.target = contact;
    const isInvite = request.method === "INVITE";
    if (this.state !== "talking" || (isInvite && this.isConfirming)) {
      const later = [["retry-after", "1"]];
      return this.line.answer(request, 500, "Server Internal Error", { tag: this.#tag, more: later });
    }
    if (this.#ours) return this.line.answer(request, 491, "Request Pending", { tag: this.#tag });
    try {
      this.#asksBack = isInvite && !request.body;
      const body = request.body ? await this.media.take(request.body) : isInvite ? await this.media.offer(this.isHeld) : "";
      if (isInvite) return this.#insist(request, body, () => this.#over("failed", true));
      const more = [["contact", this.line.contact], ...(body ? [SDP] : [])];
      return this.line.answer(request, 200, "OK", { tag: this.#tag, more, body });
    } catch {
      return this.line.answer(request, 488, "Not Acceptable Here", { tag: this.#tag });
    }
  }
}
