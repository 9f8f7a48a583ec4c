/** @file Keys in lists: j and k go down and up, x chooses, Enter opens. What a list names does more with those chosen. */

const CHOSEN = "input[type=checkbox][name=case]:checked";

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (target.closest("input:not([type=checkbox]), textarea, select")) return;
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".key-rows tbody tr")]);
  const deed = document.querySelector(`[data-row-key="${CSS.escape(event.key)}"]`);
  if (rows.length === 0 || !(["j", "k", "x"].includes(event.key) || deed)) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  event.preventDefault();
  const box = /** @type {HTMLInputElement | null} */ (rows[at]?.querySelector("input[type=checkbox]") ?? null);
  if (event.key === "x") {
    if (box) box.checked = !box.checked;
    return;
  }
  if (deed instanceof HTMLElement) {
    if (box && !document.querySelector(CHOSEN)) box.checked = true;
    if (!document.querySelector(CHOSEN)) return;
    for (let outer = deed.closest("details"); outer; outer = outer.parentElement?.closest("details") ?? null) outer.open = true;
    /** @type {HTMLElement | null} */ (deed.querySelector("select, input"))?.focus();
    return;
  }
  const next = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)));
  const link = /** @type {HTMLElement | null} */ (rows[next].querySelector("a"));
  link?.focus();
  link?.scrollIntoView({ block: "nearest" });
});
