/** @file Keys: "/" goes to the search field, "?" says what all keys do. And a popover whose form was sent closes. */

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || target.closest("input:not([type=checkbox]), textarea, select")) return;
  const help = /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"));
  if (event.key === "?" && help && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    help.showModal();
    return;
  }
  if (event.key !== "/" || document.querySelector("dialog[open]")) return;
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector(".page input[type=search], .find input"));
  if (!field) return;
  event.preventDefault();
  field.select();
});

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLElement} */ (event.target);
  if (form.popover && form.hasAttribute("hx-post")) form.hidePopover();
});
