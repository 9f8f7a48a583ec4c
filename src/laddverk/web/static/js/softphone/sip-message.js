/** @file SIP messages as text (RFC 3261, 7 and 25): read, looked into, written. Pure. */

const COMPACT = { v: "via", f: "from", t: "to", i: "call-id", m: "contact", l: "content-length", c: "content-type", k: "supported" };
const LENGTH_MAX = 65_536; // an offer with many candidates has some 6 000 letters
const HEADERS_MAX = 200;

/**
 * @typedef {object} Message a request has `method` and `uri`, a response `status` and `reason`
 * @property {string} [method]
 * @property {string} [uri]
 * @property {number} [status]
 * @property {string} [reason]
 * @property {[string, string][]} headers in order; names in lower case, in their long form
 * @property {string} body
 */

/** @param {string} text @returns {Message | null} null for what is no SIP message */
export function parse(text) {
  if (text.length > LENGTH_MAX) return null;
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [first, ...lines] = text.slice(0, end).replace(/\r\n[ \t]+/g, " ").split("\r\n");
  if (lines.length > HEADERS_MAX) return null;
  const headers = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) return null;
    const name = line.slice(0, colon).trim().toLowerCase();
    headers.push([COMPACT[name] ?? name, line.slice(colon + 1).trim()]);
  }
  const message = { ...startLine(first), headers, body: text.slice(end + 4) };
  if (!message.method && !message.status) return null;
  return ["via", "from", "to", "call-id", "cseq"].every((name) => header(message, name)) ? message : null;
}

function startLine(line) {
  const answer = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/.exec(line);
  if (answer) return { status: Number(answer[1]), reason: answer[2] ?? "" };
  const request = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(line);
  return request ? { method: request[1], uri: request[2] } : {};
}

/** @param {Message} message @returns {string} */
export function format(message) {
  const first = message.method ? `${message.method} ${message.uri} SIP/2.0` : `SIP/2.0 ${message.status} ${message.reason}`;
  const headers = message.headers.filter(([name]) => name !== "content-length").map(([name, value]) => `${written(name)}: ${value}`);
  const length = new TextEncoder().encode(message.body).length;
  return [first, ...headers, `Content-Length: ${length}`, "", message.body].join("\r\n");
}

const written = (name) =>
  ({ "call-id": "Call-ID", cseq: "CSeq" })[name] ?? name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

/** @returns {string} the first header of that name; "" for none */
export function header(message, name) {
  return message.headers.find((each) => each[0] === name)?.[1] ?? "";
}

/** @returns {string[]} every value of a header that may hold several, by commas or lines, in order */
export function values(message, name) {
  return message.headers.filter((each) => each[0] === name).flatMap((each) => split(each[1], ","));
}

/** Parts between separators, but for those within quotes or angle brackets. @returns {string[]} */
function split(text, separator) {
  const parts = [""];
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted && letter === "\\") {
      parts[parts.length - 1] += letter + (text[(at += 1)] ?? "");
      continue;
    }
    if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === "<") depth += 1;
    else if (!quoted && letter === ">") depth -= 1;
    if (letter === separator && !quoted && depth <= 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

const unquoted = (text) => (/^".*"$/s.test(text) ? text.slice(1, -1).replace(/\\(.)/gs, "$1") : text);

/** @returns {Record<string, string>} what stands behind semicolons; names in lower case */
export function parameters(value) {
  return pairs(split(value, ";").slice(1));
}

function pairs(parts) {
  return Object.fromEntries(
    parts.map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [part.toLowerCase(), ""] : [part.slice(0, at).trim().toLowerCase(), unquoted(part.slice(at + 1).trim())];
    }),
  );
}

/** @returns {{scheme: string} & Record<string, string>} a challenge: `Digest realm="…", nonce="…"` */
export function challenge(value) {
  const [scheme] = value.split(" ", 1);
  return { ...pairs(split(value.slice(scheme.length), ",")), scheme: scheme.toLowerCase() };
}

/** @returns {{name: string, uri: string, tag: string}} who is meant by From, To or Contact */
export function party(value) {
  const angled = /^\s*("(?:[^"\\]|\\.)*"|[^<"]*)\s*<([^>]*)>/s.exec(value);
  const rest = angled ? value.slice(angled[0].length) : value.replace(/^[^;]*/, "");
  const tag = parameters(`x${rest}`).tag ?? "";
  return { name: angled ? unquoted(angled[1].trim()) : "", uri: angled ? angled[2] : value.split(";", 1)[0].trim(), tag };
}

/** @returns {string} the user of an address: sip:+4670…@host → +4670… */
export function userOf(uri) {
  const user = /^sips?:([^@;]*)@/.exec(uri)?.[1] ?? "";
  try {
    return decodeURIComponent(user);
  } catch {
    return user;
  }
}

/** @returns {{number: number, method: string}} */
export function sequence(message) {
  const [number, method] = header(message, "cseq").split(/\s+/);
  return { number: Number(number) || 0, method: method ?? "" };
}
