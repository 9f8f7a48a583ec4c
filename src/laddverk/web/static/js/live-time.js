/** @file Keeps "3 min ago" true while a page stays open: every `time.since`, in the words of <html data-…>. */

const PERIOD_MS = 10_000; // the words change by the minute; a sixth of that is soon enough

/**
 * The steps of `laddverk.platform.formats.since`: up to so many seconds, counted in units of so many, in these words.
 * @type {ReadonlyArray<[limit: number, unit: number, words: "min" | "h" | "d"]>}
 */
const STEPS = [[3600, 60, "min"], [86_400, 3600, "h"], [14 * 86_400, 86_400, "d"]];

/**
 * @param {number} elapsedS seconds since the instant
 * @param {DOMStringMap} words the dataset of <html>
 * @returns {string | null} null when the date that the server wrote is clearer
 */
export function since(elapsedS, words) {
  if (elapsedS < 45) return words.now ?? null;
  const step = STEPS.find(([limit]) => elapsedS < limit);
  return step ? (words[step[2]] ?? "").replace("%(count)s", String(Math.max(1, Math.floor(elapsedS / step[1])))) : null;
}

function refresh() {
  if (document.hidden) return;
  const now = Date.now();
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time.since"))) {
    const text = since((now - Date.parse(time.dateTime)) / 1000, document.documentElement.dataset);
    if (text && text !== time.textContent) time.textContent = text;
  }
}

setInterval(refresh, PERIOD_MS);
document.addEventListener("visibilitychange", refresh);
