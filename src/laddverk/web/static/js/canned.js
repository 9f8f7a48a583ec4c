/** @file Canned answers by name: "/" or Ctrl-K in an answer opens a list to type in; Enter puts the filled-in words in. */

const LIST_MAX_MS = 150;
/** @type {HTMLTextAreaElement | null} */
let answer = null;
let at = 0;
let waits = 0;

const box = () => /** @type {HTMLElement | null} */ (document.getElementById("canned-box"));
const field = () => /** @type {HTMLInputElement} */ (box()?.querySelector("input"));
const list = () => /** @type {HTMLElement} */ (box()?.querySelector("[role=listbox]"));
const options = () => /** @type {HTMLElement[]} */ ([...list().querySelectorAll("[role=option]")]);

/** @param {HTMLTextAreaElement} textarea */
function open(textarea) {
  const shown = box();
  if (!shown) return;
  answer = textarea;
  at = textarea.selectionStart;
  shown.hidden = false;
  field().value = "";
  field().focus();
  look();
}

/** @param {string} [words] what is put in; without, nothing is */
function close(words) {
  const shown = box();
  if (!shown || !answer) return;
  shown.hidden = true;
  field().setAttribute("aria-expanded", "false");
  answer.focus();
  answer.setSelectionRange(at, at);
  if (words) {
    answer.setRangeText(words, at, at, "end");
    answer.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

async function look() {
  const asked = ++waits;
  const answerTo = await fetch(`${box()?.dataset.href}?q=${encodeURIComponent(field().value)}`, { headers: { accept: "text/html" } }).catch(() => null);
  if (asked !== waits || !answerTo?.ok) return;
  list().innerHTML = await answerTo.text();
  field().setAttribute("aria-expanded", String(options().length > 0));
  choose(0);
}

/** @param {number} index */
function choose(index) {
  const all = options();
  const chosen = all[Math.min(Math.max(index, 0), all.length - 1)];
  for (const each of all) each.setAttribute("aria-selected", String(each === chosen));
  if (chosen) field().setAttribute("aria-activedescendant", chosen.id);
  else field().removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

/** @param {KeyboardEvent} event */
function inBox(event) {
  const all = options();
  const now = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") choose(now + 1);
  else if (event.key === "ArrowUp") choose(now - 1);
  else if (event.key === "Enter") close(all[now]?.dataset.words);
  else if (event.key === "Escape" || (event.key === "Backspace" && !field().value)) close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

document.addEventListener(
  "keydown",
  (event) => {
    if (!box() || !(event.target instanceof HTMLElement)) return;
    if (event.target === field()) return inBox(event);
    const isAnswer = event.target instanceof HTMLTextAreaElement && event.target.name === "reply";
    const begins = isAnswer && /(^|\s)$/.test(event.target.value.slice(0, event.target.selectionStart));
    const asksFor = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (!isAnswer || !(asksFor || (event.key === "/" && begins && !event.altKey))) return;
    event.preventDefault();
    event.stopPropagation();
    open(event.target);
  },
  true,
);

document.addEventListener("input", (event) => {
  if (!box() || event.target !== field()) return;
  clearTimeout(Number(field().dataset.timer));
  field().dataset.timer = String(setTimeout(look, LIST_MAX_MS));
});

document.addEventListener("click", (event) => {
  const option = event.target instanceof Element && event.target.closest("#canned-box [role=option]");
  if (option instanceof HTMLElement) close(option.dataset.words);
});
