/**
 * @file <charger-map data-src="/…geojson" data-land="/static/map/sweden.json">: sites as discs on a quiet map.
 *
 * A disc's size is its outlets, its ring those in use, its mark trouble. The list inside the element stays for those
 * who cannot see or draw the map. No tiles, no fonts, no other host: the land is one file of ours.
 *
 * @typedef {{ name: string, href: string, outlets: number, busy: number, state: string, text?: string }} Site
 * @typedef {{ geometry: { coordinates: [number, number] }, properties: Site }} SitePoint
 */

import { adopt, colour } from "./styles.js";

const MAPLIBRE = new URL("../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs", import.meta.url);
const REFRESH_MS = 30_000; // discs change by the minute; the lines beside the map are live
const CLOSEST_ZOOM = 13; // nearer than this the land has no more to show
const TROUBLE = new Set(["broken", "wait"]);

class ChargerMap extends HTMLElement {
  /** @type {any} */ map = null;
  /** @type {Map<string, HTMLAnchorElement>} */ marks = new Map();
  timer = 0;
  again = () => this.paint();

  async connectedCallback() {
    if (!document.createElement("canvas").getContext("webgl2")) return;
    const [library, sites] = await Promise.all([import(MAPLIBRE.href), this.sites(), adopt(new URL("maplibre-gl.css", MAPLIBRE).href)]);
    if (!sites.length || !this.isConnected) return;
    this.stage(library, sites);
    document.addEventListener("laddverk:theme", this.again);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.again);
    this.timer = setInterval(() => document.hidden || this.refresh(library), REFRESH_MS);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    document.removeEventListener("laddverk:theme", this.again);
    matchMedia("(prefers-color-scheme: dark)").removeEventListener("change", this.again);
    this.map?.remove();
  }

  /** @returns {Promise<SitePoint[]>} */
  async sites() {
    const answer = await fetch(this.dataset.src ?? "", { headers: { Accept: "application/json" } });
    return answer.ok ? (await answer.json()).features : [];
  }

  /** @param {any} library @param {SitePoint[]} sites */
  stage(library, sites) {
    const list = document.createElement("div");
    list.className = "hidden";
    list.append(...this.childNodes);
    const canvas = Object.assign(document.createElement("div"), { className: "map-canvas" });
    this.tip = Object.assign(document.createElement("div"), { className: "map-tip" });
    this.classList.add("is-drawn");
    this.append(list, canvas, this.tip);
    const bounds = new library.LngLatBounds();
    for (const site of sites) bounds.extend(site.geometry.coordinates);
    this.map = new library.Map({
      container: canvas, style: this.land(), bounds, fitBoundsOptions: { padding: 48, maxZoom: 9 }, maxZoom: CLOSEST_ZOOM,
      attributionControl: { compact: false, customAttribution: "SCB" }, dragRotate: false, pitchWithRotate: false,
      cooperativeGestures: matchMedia("(pointer: coarse)").matches,
    });
    this.map.addControl(new library.NavigationControl({ showCompass: false }), "top-right");
    this.map.getCanvas().setAttribute("aria-label", this.dataset.label ?? "");
    this.place(library, sites);
  }

  land() {
    return {
      version: 8, sources: { land: { type: "geojson", data: new URL(this.dataset.land ?? "", location.href).href } },
      layers: [
        { id: "sea", type: "background", paint: { "background-color": colour(this, "--sunken") } },
        { id: "land", type: "fill", source: "land", paint: { "fill-color": colour(this, "--surface") } },
        { id: "border", type: "line", source: "land", paint: { "line-color": colour(this, "--line-strong"), "line-width": 0.75 } },
      ],
    };
  }

  paint() {
    this.map?.setStyle(this.land());
  }

  /** @param {any} library @param {SitePoint[]} sites */
  place(library, sites) {
    for (const { geometry, properties } of sites) {
      let mark = this.marks.get(properties.href);
      if (!mark) {
        mark = document.createElement("a");
        mark.href = properties.href;
        mark.append(document.createElement("span"));
        this.marks.set(properties.href, mark);
        new library.Marker({ element: mark }).setLngLat(geometry.coordinates).addTo(this.map);
      }
      this.show(mark, properties);
    }
  }

  /** @param {HTMLAnchorElement} mark @param {Site} site */
  show(mark, site) {
    mark.classList.add("site-mark");
    for (const state of TROUBLE) mark.classList.toggle(`is-${state}`, site.state === state);
    mark.style.setProperty("--across", `${Math.round(18 + Math.sqrt(site.outlets) * 5)}px`);
    mark.style.setProperty("--busy", String(site.outlets ? site.busy / site.outlets : 0));
    mark.setAttribute("aria-label", `${site.name}: ${site.text ?? ""}`);
    if (mark.firstElementChild) mark.firstElementChild.textContent = String(site.outlets);
    const said = `${site.name}${site.text ? ` · ${site.text}` : ""}`;
    mark.onpointerenter = mark.onfocus = () => this.tip && (this.tip.textContent = said);
    mark.onpointerleave = mark.onblur = () => this.tip && (this.tip.textContent = "");
  }

  /** @param {any} library */
  async refresh(library) {
    this.place(library, await this.sites());
  }
}

customElements.define("charger-map", ChargerMap);
