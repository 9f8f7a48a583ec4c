/** @file Says to a SIP server where we can be rung (RFC 3261, 10), again and again for as long as we want to be. */
import { header, parameters, party, userOf, values } from "./sip-message.js";
import { random } from "./sip-line.js";

const EXPIRES_S = 120;
const AGAIN_S = 10;
const AGAIN_MAX_S = 120;
const HEARD_WITHIN_MS = 8_000; // a server that is there answers at once

export class Registration {
  #timer = 0;
  #ended = false;
  #run = 0;
  #callId = random();
  #tag = random(6);

  /**
   * @param {import("./sip-line.js").SipLine} line
   * @param {string} instance names this browser, so that an older registration of it is replaced (RFC 5626, 4.1)
   * @param {(state: "registered" | "refused" | "away") => void} changed
   */
  constructor(line, instance, changed) {
    this.line = line;
    this.instance = instance;
    this.changed = changed;
    this.expires = EXPIRES_S;
  }

  async register() {
    clearTimeout(this.#timer);
    const run = (this.#run += 1);
    const silence = setTimeout(() => run === this.#run && this.line.reopen(), HEARD_WITHIN_MS);
    const answer = await this.#ask(this.expires);
    clearTimeout(silence);
    if (run !== this.#run || this.#ended || !answer) return; // a line that is lost opens again, and registers then
    this.#took(answer);
  }

  #took(answer) {
    if (answer.status < 300) {
      this.changed("registered");
      return this.#again(this.#granted(answer) / 2);
    }
    if (answer.status === 423) {
      const least = Number(header(answer, "min-expires")) || 0;
      if (least > this.expires && least <= 86_400) {
        this.expires = least;
        return this.#again(0);
      }
    }
    if ([401, 403, 404, 407].includes(answer.status)) return this.changed("refused");
    this.changed("away");
    const wanted = parseInt(header(answer, "retry-after"), 10) || AGAIN_S;
    return this.#again(Math.min(Math.max(wanted, 1), AGAIN_MAX_S));
  }

  #granted(answer) {
    const ours = values(answer, "contact").find((each) => userOf(party(each).uri) === this.line.account.user && each.includes(this.line.host));
    const given = Number(parameters((ours ?? "").replace(/^[^>]*>/, "x")).expires ?? header(answer, "expires"));
    return Number.isFinite(given) && given >= 10 ? Math.min(given, this.expires) : this.expires;
  }

  #again(seconds) {
    if (!this.#ended) this.#timer = setTimeout(() => this.register(), seconds * 1000);
  }

  #ask(expires) {
    const { account, domain, contact } = this.line;
    const us = `<sip:${account.user}@${domain}>`;
    const headers = [
      ["from", `${us};tag=${this.#tag}`], ["to", us], ["call-id", this.#callId], ["supported", "path, outbound"],
      ["contact", `${contact};+sip.instance="<urn:uuid:${this.instance}>";reg-id=1;expires=${expires}`],
      ["expires", String(expires)],
    ];
    return this.line.request({ method: "REGISTER", uri: `sip:${domain}`, headers });
  }

  /** Nobody is to be rung here any more. */
  async end() {
    this.#ended = true;
    this.#run += 1;
    clearTimeout(this.#timer);
    if (this.line.isOpen) await Promise.race([this.#ask(0), new Promise((resolve) => setTimeout(resolve, 1_000))]);
  }

  stop() {
    this.#run += 1;
    clearTimeout(this.#timer);
  }
}
