/** @file How we prove to a SIP server who we are: digest with MD5, the one way every version of Asterisk takes. Pure.
 *  RFC 3261, 22.4 and RFC 2617, 3.2.2. Browsers bring no MD5 of their own. */

const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const SINES = Array.from({ length: 64 }, (_, at) => Math.floor(Math.abs(Math.sin(at + 1)) * 2 ** 32) | 0);

/** @param {string} text @returns {string} its MD5 in hexadecimal digits (RFC 1321) */
export function md5(text) {
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const words = new DataView(padded.buffer);
  words.setUint32(padded.length - 8, bytes.length * 8, true);
  const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let block = 0; block < padded.length; block += 64) mix(state, words, block);
  const out = new DataView(new ArrayBuffer(16));
  state.forEach((word, at) => out.setInt32(at * 4, word, true));
  return [...new Uint8Array(out.buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function mix(state, words, block) {
  let [a, b, c, d] = state;
  for (let at = 0; at < 64; at += 1) {
    const round = at >> 4;
    const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
    const word = [at, 5 * at + 1, 3 * at + 5, 7 * at][round] % 16;
    const sum = (a + mixed + SINES[at] + words.getInt32(block + word * 4, true)) | 0;
    const shift = SHIFTS[round * 4 + (at % 4)];
    [a, d, c, b] = [d, c, b, (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0];
  }
  [a, b, c, d].forEach((word, at) => (state[at] = (state[at] + word) | 0));
}

/**
 * @param {{user: string, password: string}} account
 * @param {Record<string, string>} asked what the server asked, as `challenge` reads it
 * @param {string} method @param {string} uri of the request @param {string} cnonce fresh and random
 * @returns {string} what goes into Authorization; "" for a challenge that we cannot meet
 */
export function answered(account, asked, method, uri, cnonce) {
  if (asked.scheme !== "digest" || (asked.algorithm ?? "MD5").toUpperCase() !== "MD5") return "";
  const known = md5(`${account.user}:${asked.realm}:${account.password}`);
  const request = md5(`${method}:${uri}`);
  const withQop = (asked.qop ?? "").split(",").some((each) => each.trim() === "auth");
  const middle = withQop ? `${asked.nonce}:00000001:${cnonce}:auth` : asked.nonce;
  const parts = [
    `username="${account.user}"`, `realm="${asked.realm}"`, `nonce="${asked.nonce}"`, `uri="${uri}"`,
    `response="${md5(`${known}:${middle}:${request}`)}"`, "algorithm=MD5",
  ];
  if (withQop) parts.push("qop=auth", "nc=00000001", `cnonce="${cnonce}"`);
  if (asked.opaque) parts.push(`opaque="${asked.opaque}"`);
  return `Digest ${parts.join(", ")}`;
}
