/** @file What is wider than the screen begins with what matters in sight: the chosen tab, the present hour. */

const WIDE = ".tabs, .chips, .one-line";
const WHAT = "[aria-current], .now";
const BESIDE = 0.3; // of the width stays to the left, so that one sees that there is more

for (const box of document.querySelectorAll(WIDE)) {
  const what = box.querySelector(WHAT);
  if (!what || box.scrollWidth <= box.clientWidth) continue;
  const { left, right } = what.getBoundingClientRect();
  const { left: from, right: to } = box.getBoundingClientRect();
  if (left < from || right > to - (to - from) * BESIDE) box.scrollLeft += left - from - (to - from) * BESIDE;
}
