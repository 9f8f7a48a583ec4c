/**
 * @file <power-chart data-src="/…json" data-height="220">: one calm curve over time, with what happened marked on it.
 *
 * @typedef {{ label: string, unit: string, kind: "power" | "limit" | "current" | "level", values: (number | null)[] }} Series
 * @typedef {{ time: number[], series: Series[], events?: { at: number, text: string }[] }} Curve
 */

import { adopt, colour } from "./styles.js";

const UPLOT = new URL("../vendor/uplot-1.6.32/", import.meta.url);
const COLOURS = { power: "--energy", limit: "--wait", current: "--info", level: "--ink-3" };
const WHOLE_MINUTES_S = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 10080, 20160].map((minutes) => minutes * 60); // labels have no seconds
const DAYS_FROM_S = 2 * 86_400; // a longer curve is read by days
const FILL_ALPHA = "1f"; // of the area under the curve: there, and no more

/** @param {Series} one */
const tokenOf = (one) => COLOURS[one.kind] ?? "--ink-2";

class PowerChart extends HTMLElement {
  /** @type {any} */ chart = null;
  /** @type {Curve | null} */ curve = null;
  again = () => this.draw();
  fit = new ResizeObserver(() => this.chart?.setSize({ width: this.clientWidth, height: this.tall }));

  get tall() {
    return Number(this.dataset.height ?? 220);
  }

  /** In a live part the element stays (hx-morph-skip-children); another version says that its curve is another. */
  static observedAttributes = ["data-version"];

  attributeChangedCallback(/** @type {string} */ _, /** @type {string | null} */ before, /** @type {string | null} */ now) {
    if (before !== null && before !== now && this.isConnected) this.load();
  }

  async connectedCallback() {
    document.addEventListener("laddverk:theme", this.again);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.again);
    await adopt(new URL("uPlot.min.css", UPLOT).href);
    await this.load();
    this.fit.observe(this);
  }

  disconnectedCallback() {
    document.removeEventListener("laddverk:theme", this.again);
    matchMedia("(prefers-color-scheme: dark)").removeEventListener("change", this.again);
    this.fit.disconnect();
    this.chart?.destroy();
  }

  /** Fetch the curve again; a page calls it when a stream says that there is more. */
  async load() {
    const answer = await fetch(this.dataset.src ?? "", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    this.curve = await answer.json();
    await this.draw();
  }

  async draw() {
    if (!this.curve || this.curve.time.length < 2) return this.tellNone();
    const { default: UPlot } = await import(new URL("uPlot.esm.js", UPLOT).href);
    this.chart?.destroy();
    this.replaceChildren();
    this.chart = new UPlot(this.options(this.curve, UPlot), [this.curve.time, ...this.curve.series.map((one) => one.values)], this);
  }

  /** Say that there is nothing to draw yet, unless the page gave the element something else to show. */
  tellNone() {
    if (this.querySelector(":scope > :not(noscript)")) return;
    this.append(Object.assign(document.createElement("p"), { className: "quiet chart-none", textContent: this.dataset.none ?? "" }));
  }

  /** @param {Curve} curve @param {any} UPlot */
  options(curve, UPlot) {
    const language = document.documentElement.lang === "en" ? "en-SE" : "sv-SE";
    const zone = document.documentElement.dataset.zone || undefined;
    const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone: zone });
    const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: zone });
    const instant = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone });
    const long = curve.time.length > 1 && curve.time[curve.time.length - 1] - curve.time[0] > DAYS_FROM_S;
    const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    const axis = {
      stroke: colour(this, "--ink-3"), font: `12px ${getComputedStyle(this).fontFamily}`,
      grid: { stroke: colour(this, "--line"), width: 1 }, ticks: { show: false }, gap: 6,
    };
    return {
      width: this.clientWidth, height: this.tall, padding: [curve.events?.length ? 22 : 8, 8, 0, 0],
      tzDate: (/** @type {number} */ at) => (zone ? UPlot.tzDate(new Date(at * 1000), zone) : new Date(at * 1000)),
      cursor: { sync: { key: "laddverk" }, points: { size: 6 } }, legend: { live: true, markers: { width: 0, fill: (/** @type {any} */ _, /** @type {number} */ place) => colour(this, tokenOf(curve.series[place - 1])) } },
      scales: { y: { range: (/** @type {any} */ _, /** @type {number} */ _low, /** @type {number} */ high) => [0, (high || 1) * 1.08] }, level: { range: [0, 100] } },
      axes: [
        { ...axis, grid: { show: false }, size: 28, space: 64, incrs: WHOLE_MINUTES_S, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((s) => (long ? day : clock).format(s * 1000)) },
        { ...axis, size: 40, values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((n) => numbers.format(n)) },
      ],
      series: [
        { value: (/** @type {any} */ _, /** @type {number | null} */ s) => (s == null ? "–" : (long ? instant : clock).format(s * 1000)), label: "" },
        ...curve.series.map((one) => this.series(one, numbers, UPlot)),
      ],
      plugins: [{ hooks: { draw: [(/** @type {any} */ chart) => this.mark(chart, curve)] } }],
    };
  }

  /** @param {Series} one @param {Intl.NumberFormat} numbers @param {any} UPlot */
  series(one, numbers, UPlot) {
    const stroke = colour(this, tokenOf(one));
    return {
      label: one.label, stroke, width: one.kind === "power" ? 1.75 : 1.25, dash: one.kind === "limit" ? [4, 4] : undefined,
      scale: one.kind === "level" ? "level" : "y", fill: one.kind === "power" ? stroke + FILL_ALPHA : undefined,
      paths: one.kind === "limit" ? UPlot.paths.stepped({ align: 1 }) : undefined, points: { show: false }, spanGaps: false,
      value: (/** @type {any} */ _, /** @type {number | null} */ n) => (n == null ? "–" : `${numbers.format(n)} ${one.unit}`),
    };
  }

  /** Draw a hairline and a word where something happened. @param {any} chart @param {Curve} curve */
  mark(chart, curve) {
    for (const old of chart.over.querySelectorAll(".chart-event")) old.remove();
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.strokeStyle = colour(this, "--line-strong");
    ctx.setLineDash([2, 3]);
    for (const event of curve.events ?? []) {
      const x = chart.valToPos(event.at, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const word = Object.assign(document.createElement("span"), { className: "chart-event", textContent: event.text, title: event.text });
      word.style.top = "-20px";
      chart.over.append(word);
      const half = word.offsetWidth / 2; // the first and the last word stay within the chart
      word.style.left = `${Math.max(half, Math.min(chart.valToPos(event.at, "x"), chart.over.clientWidth - half))}px`;
    }
    ctx.restore();
  }
}

customElements.define("power-chart", PowerChart);
