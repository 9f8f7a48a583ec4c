/** @file A line to a SIP server: one WebSocket (RFC 7118) that opens again by itself, our requests and their answers. */
import { challenge, format, header, parameters, parse, party, sequence, values } from "./sip-message.js";
import { answered } from "./sip-digest.js";

const ANSWER_WITHIN_MS = 32_000; // 64 T1 (RFC 3261, 17.1.2.2)
const AGAIN_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const ALLOW = "INVITE, ACK, CANCEL, BYE, UPDATE, OPTIONS, INFO, NOTIFY";

/** @returns {string} letters that nobody guesses */
export function random(bytes = 10) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class SipLine {
  #socket = null;
  #waiting = new Map(); // branch and method → what to do with an answer
  #failures = 0;
  #timer = 0;
  #count = 0; // of CSeq: rises over all requests, and so within each dialog

  /**
   * @param {string} url ws: or wss:
   * @param {{user: string, password: string}} account
   * @param {{opened: () => void, closed: () => void, request: (message: object) => void}} owner
   */
  constructor(url, account, owner) {
    this.url = url;
    this.account = account;
    this.owner = owner;
    this.domain = new URL(url).hostname;
    this.host = `${random(6)}.invalid`; // we cannot be reached but through this socket (RFC 7118, 5)
    this.contact = `<sip:${account.user}@${this.host};transport=ws>`;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    clearTimeout(this.#timer);
    this.close();
    const socket = new WebSocket(this.url, "sip");
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#failures = 0;
      this.owner.opened();
    });
    socket.addEventListener("message", (event) => this.#hear(event.data));
    socket.addEventListener("close", () => {
      if (this.#socket === socket) this.#lost();
    });
  }

  /** Opens the line anew: nothing is heard on it any more. */
  reopen() {
    this.close();
    this.#lost();
  }

  close() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #lost() {
    this.#socket = null;
    for (const give of [...this.#waiting.values()]) give(null);
    this.owner.closed();
    const wait = AGAIN_MS[Math.min(this.#failures, AGAIN_MS.length - 1)];
    this.#failures += 1;
    // Not all at once: every phone of the desk has lost the same server.
    this.#timer = setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
  }

  send(message) {
    if (this.isOpen) this.#socket.send(format(message));
  }

  #hear(data) {
    const message = typeof data === "string" ? parse(data) : null;
    if (!message) return;
    if (message.method) return this.owner.request(message);
    const branch = parameters(values(message, "via")[0]).branch;
    if (message.status >= 200) this.#waiting.get(`${branch} ${sequence(message).method}`)?.(message);
  }

  /**
   * Sends a request, proves who we are where that is asked for, and returns the final answer; null when none came.
   * @param {{method: string, uri: string, headers: [string, string][], body?: string}} wanted without Via and CSeq
   */
  async request(wanted) {
    let proof = [];
    let nonces = 0;
    for (;;) {
      const answer = await this.#ask(wanted, proof);
      if (!answer || (answer.status !== 401 && answer.status !== 407)) return answer;
      const isProxy = answer.status === 407;
      const asked = challenge(header(answer, isProxy ? "proxy-authenticate" : "www-authenticate"));
      const isStale = (asked.stale ?? "").toLowerCase() === "true";
      const value = answered(this.account, asked, wanted.method, wanted.uri, random());
      // The same proof once more would be refused once more, but for a nonce that was only too old.
      if (!value || (nonces > 0 && !isStale) || nonces > 2) return answer;
      nonces += 1;
      proof = [[isProxy ? "proxy-authorization" : "authorization", value]];
    }
  }

  #ask({ method, uri, headers, body = "" }, proof) {
    const branch = `z9hG4bK${random()}`;
    const key = `${branch} ${method}`;
    const number = (this.#count += 1);
    const top = [["via", `SIP/2.0/WS ${this.host};branch=${branch}`], ["max-forwards", "70"], ["cseq", `${number} ${method}`]];
    const message = { method, uri, headers: [...top, ...headers, ...proof, ["user-agent", "Laddverk"]], body };
    if (!this.isOpen) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => give(null), ANSWER_WITHIN_MS);
      const give = (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(key);
        if (method === "INVITE" && answer?.status >= 300) this.#acknowledge(message, answer);
        resolve(answer);
      };
      this.#waiting.set(key, give);
      this.send(message);
    });
  }

  /** A refused INVITE is acknowledged within its own transaction (RFC 3261, 17.1.1.3). */
  #acknowledge(invite, answer) {
    const kept = invite.headers.filter(([name]) => ["via", "max-forwards", "from", "call-id", "route"].includes(name));
    const cseq = `${sequence(invite).number} ACK`;
    this.send({ method: "ACK", uri: invite.uri, headers: [...kept, ["to", header(answer, "to")], ["cseq", cseq]], body: "" });
  }

  /** Answers a request. `tag` makes a dialog of it; @param {[string, string][]} more headers */
  answer(request, status, reason, { tag = "", more = [], body = "" } = {}) {
    const to = header(request, "to");
    const copied = ["via", "record-route", "from", "call-id", "cseq"].flatMap((name) =>
      request.headers.filter((each) => each[0] === name),
    );
    const ours = tag && !party(to).tag ? `${to};tag=${tag}` : to;
    this.send({ status, reason, headers: [...copied, ["to", ours], ["allow", ALLOW], ...more], body });
  }
}
