/** @file The code of a scanned prepaid card: from behind the # of the address, which no server sees, into its field. */

const CODE = /^[0-9A-Za-z -]{16,24}$/; // 16 signs, with what is printed between them

const field = /** @type {HTMLInputElement | null} */ (document.querySelector("input[data-from-fragment]"));
const scanned = decodeURIComponent(location.hash.slice(1));
if (field && CODE.test(scanned)) {
  field.value = scanned;
  history.replaceState(null, "", location.pathname); // the code does not stay in the history of a shared phone
}
