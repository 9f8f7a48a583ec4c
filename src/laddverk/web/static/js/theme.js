/** @file Changes the theme at once; the form still tells the server, which remembers it in a cookie. */

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.classList.contains("theme-switch")) return;
  const chosen = /** @type {HTMLButtonElement} */ (/** @type {SubmitEvent} */ (event).submitter);
  event.preventDefault();
  document.documentElement.dataset.theme = chosen.value;
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === chosen));
  const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  body.set("theme", chosen.value);
  fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true });
  document.dispatchEvent(new CustomEvent("laddverk:theme"));
});
