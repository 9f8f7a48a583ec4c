/** @file Brings in the stylesheet of a vendored library, in the lowest layer, so that ours decides how it looks. */

/** @type {Map<string, Promise<void>>} */
const adopted = new Map();

/** @param {string} href an address of ours @returns {Promise<void>} when the rules are in force */
export function adopt(href) {
  const known = adopted.get(href);
  if (known) return known;
  const work = (async () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`@layer vendor { ${await (await fetch(href)).text()} }`);
    document.adoptedStyleSheets.push(sheet);
  })();
  adopted.set(href, work);
  return work;
}

/**
 * @param {HTMLElement} host an element in the theme that is asked for
 * @param {string} token a custom property, such as "--energy"
 * @returns {string} its present colour as #rrggbb, which canvases and WebGL understand
 */
export function colour(host, token) {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  host.append(probe);
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  if (!canvas) return "#888888";
  canvas.fillStyle = getComputedStyle(probe).color;
  canvas.fillRect(0, 0, 1, 1);
  probe.remove();
  const parts = [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
