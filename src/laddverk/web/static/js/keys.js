/** @file Keys: "/" goes to the search field. And a popover whose form was sent closes. */

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key !== "/" || event.ctrlKey || event.metaKey || target.closest("input, textarea, select")) return;
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector(".page input[type=search], .find input"));
  if (!field) return;
  event.preventDefault();
  field.select();
});

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLElement} */ (event.target);
  if (form.popover && form.hasAttribute("hx-post")) form.hidePopover();
});
