/**
 * @file The answer that a link in a mail stands for is sent when a person is there: at their first move, touch or key.
 * Mail scanners open links too, some with scripts; opening the page says nothing, and without this a button does it.
 */

const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel"];

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-one-tap]"));
const chosen = form?.querySelector(`button[value="${form.dataset.oneTap}"]`);

if (form && chosen) {
  const there = new AbortController();
  /** @param {Event} sign */
  const send = (sign) => {
    const pressed = sign.target instanceof Element && form.contains(sign.target);
    if (!sign.isTrusted || !document.hasFocus() || pressed) return; // who is at the buttons chooses there
    there.abort();
    form.requestSubmit(/** @type {HTMLButtonElement} */ (chosen));
  };
  for (const sign of SIGNS) addEventListener(sign, send, { signal: there.signal, passive: true });
}
