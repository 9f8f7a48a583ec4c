/** @file Keys in lists: j and k go down and up, x chooses, Enter opens (it is a link that has the focus). */

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input:not([type=checkbox]), textarea, select")) return;
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".key-rows tbody tr")]);
  if (rows.length === 0 || !["j", "k", "x"].includes(event.key)) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  event.preventDefault();
  if (event.key === "x") {
    const box = /** @type {HTMLInputElement | null} */ (rows[at]?.querySelector("input[type=checkbox]") ?? null);
    if (box) box.checked = !box.checked;
    return;
  }
  const next = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)));
  const link = /** @type {HTMLElement | null} */ (rows[next].querySelector("a"));
  link?.focus();
  link?.scrollIntoView({ block: "nearest" });
});
