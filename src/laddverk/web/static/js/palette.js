/** @file Ctrl-K opens the palette; single keys press what a page marks with data-key; j and k go through its parts. */

const palette = () => /** @type {HTMLDialogElement | null} */ (document.getElementById("palette"));
const PARTS = ".case-desk .panel, .case-desk > * > details.more, tr.leads, .found-hits li";

/** @param {EventTarget | null} target */
const isWriting = (target) => target instanceof Element && !!target.closest("input, textarea, select, [contenteditable]");

/** Lists what the page itself can do, narrowed by what is typed. @param {string} words */
function listHere(words) {
  const here = document.getElementById("palette-here");
  const list = here?.querySelector("ul");
  if (!here || !list) return;
  const found = [...document.querySelectorAll("button[data-key], a[data-key], .places a")].filter((each) =>
    (each.textContent ?? "").toLowerCase().includes(words.toLowerCase()),
  );
  list.replaceChildren(
    ...found.slice(0, 6).map((each) => {
      const line = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = (each.textContent ?? "").trim();
      button.addEventListener("click", () => {
        palette()?.close();
        press(/** @type {HTMLElement} */ (each));
      });
      line.append(button);
      return line;
    }),
  );
  here.hidden = found.length === 0;
}

/** @param {HTMLElement} element */
function press(element) {
  for (let outer = element.closest("details"); outer; outer = outer.parentElement?.closest("details") ?? null) outer.open = true;
  if (element.matches("input, textarea, select")) return element.focus();
  element.click();
  const asked = element.getAttribute("popovertarget");
  if (asked) /** @type {HTMLElement | null} */ (document.querySelector(`#${CSS.escape(asked)} input:not([type=hidden]), #${CSS.escape(asked)} .primary, #${CSS.escape(asked)} .danger`))?.focus();
}

/** @param {number} by @param {string} among */
function step(by, among) {
  const parts = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(among)].filter((each) => each instanceof HTMLElement && each.offsetParent));
  if (!parts.length) return;
  const now = parts.findIndex((each) => each.contains(document.activeElement));
  const next = parts[Math.min(Math.max(now + by, 0), parts.length - 1)];
  const link = /** @type {HTMLElement | null} */ (next.querySelector("a, button, summary"));
  if (next.matches("tr.leads, li")) link?.focus();
  else {
    next.tabIndex = -1;
    next.focus();
  }
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette()) {
    event.preventDefault();
    const dialog = /** @type {HTMLDialogElement} */ (palette());
    if (!dialog.open) dialog.showModal();
    const field = dialog.querySelector("input");
    field?.select();
    listHere(field?.value ?? "");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (palette()?.open) {
    const lines = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#palette li > :is(a, button):first-child")]);
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by && lines.length) {
      event.preventDefault();
      lines[Math.min(Math.max(lines.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + by, 0), lines.length - 1)].focus();
    }
    return;
  }
  if (isWriting(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "j" || event.key === "k") {
    event.preventDefault();
    step(event.key === "j" ? 1 : -1, PARTS);
    return;
  }
  const marked = /^[a-z0-9]$/.test(event.key) && document.querySelector(`[data-key="${event.key}"]`);
  if (!(marked instanceof HTMLElement)) return;
  event.preventDefault();
  press(marked);
});

document.addEventListener("input", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.id === "palette-words") listHere(event.target.value);
});

document.addEventListener("click", (event) => {
  if (event.target === palette()) palette()?.close();
});
