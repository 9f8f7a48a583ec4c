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
const NAMES_ZOOM = 6.8; // farther away the names of municipalities only fill the map
const BORDER_OPACITY = ["interpolate", ["linear"], ["zoom"], 4, 0.25, 8, 1];
const APART_PX = 34; // discs nearer than this become one
const OUTLETS_DRAWN = 60; // a disc grows with its outlets up to here
const TROUBLE = ["broken", "wait"]; // the worst first

class ChargerMap extends HTMLElement {
  /** @type {any} */ map = null;
  /** @type {any} */ library = null;
  /** @type {Map<string, any>} */ marks = new Map();
  /** @type {SitePoint[]} */ points = [];
  timer = 0;
  again = () => this.paint();

  async connectedCallback() {
    if (!document.createElement("canvas").getContext("webgl2")) return;
    const [library, sites] = await Promise.all([import(MAPLIBRE.href), this.sites(), adopt(new URL("maplibre-gl.css", MAPLIBRE).href)]);
    if (!sites.length || !this.isConnected) return;
    this.library = library;
    this.points = sites;
    this.stage();
    document.addEventListener("laddverk:theme", this.again);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.again);
    this.timer = setInterval(() => document.hidden || this.refresh(), REFRESH_MS);
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

  /** @param {SitePoint[]} sites */
  around(sites) {
    const bounds = new this.library.LngLatBounds();
    for (const site of sites) bounds.extend(site.geometry.coordinates);
    return bounds;
  }

  stage() {
    const list = document.createElement("div");
    list.className = "hidden";
    list.append(...this.childNodes);
    const canvas = Object.assign(document.createElement("div"), { className: "map-canvas" });
    this.classList.add("is-drawn");
    this.append(list, canvas, Object.assign(document.createElement("div"), { className: "map-tip" }));
    this.map = new this.library.Map({
      container: canvas, style: this.land(), bounds: this.around(this.points), fitBoundsOptions: { padding: 48, maxZoom: 9 }, maxZoom: CLOSEST_ZOOM,
      attributionControl: { compact: false, customAttribution: "SCB" }, dragRotate: false, pitchWithRotate: false,
      cooperativeGestures: matchMedia("(pointer: coarse)").matches,
    });
    this.map.addControl(new this.library.NavigationControl({ showCompass: false }), "top-right");
    this.map.getCanvas().setAttribute("aria-label", this.dataset.label ?? "");
    this.map.on("zoomend", () => this.place());
    this.place();
  }

  land() {
    return {
      version: 8, sources: { land: { type: "geojson", data: new URL(this.dataset.land ?? "", location.href).href } },
      layers: [
        { id: "sea", type: "background", paint: { "background-color": colour(this, "--sunken") } },
        { id: "land", type: "fill", source: "land", paint: { "fill-color": colour(this, "--surface") } },
        { id: "border", type: "line", source: "land", paint: { "line-color": colour(this, "--line-strong"), "line-width": 0.6, "line-opacity": BORDER_OPACITY } },
        {
          id: "name", type: "symbol", source: "land", minzoom: NAMES_ZOOM, filter: ["has", "name"],
          layout: { "text-field": ["get", "name"], "text-size": 11, "text-font": ["sans-serif"], "text-max-width": 6 },
          paint: { "text-color": colour(this, "--ink-3"), "text-halo-color": colour(this, "--surface"), "text-halo-width": 1.5 },
        },
      ],
    };
  }

  paint() {
    this.map?.setStyle(this.land());
  }

  /**
   * Sites that would cover each other at this zoom, together; the busiest trouble of a group is the group's.
   * @param {SitePoint[]} sites @returns {SitePoint[][]}
   */
  groups(sites) {
    /** @type {{ at: { x: number, y: number }, sites: SitePoint[] }[]} */
    const found = [];
    for (const site of [...sites].sort((a, b) => b.properties.outlets - a.properties.outlets)) {
      const at = this.map.project(site.geometry.coordinates);
      const near = found.find((one) => Math.hypot(one.at.x - at.x, one.at.y - at.y) < APART_PX);
      if (near) near.sites.push(site);
      else found.push({ at, sites: [site] });
    }
    return found.map((one) => one.sites);
  }

  place() {
    const groups = this.groups(this.points);
    const keys = new Set(groups.map(keyOf));
    for (const [key, mark] of this.marks) {
      if (keys.has(key)) continue;
      mark.remove();
      this.marks.delete(key);
    }
    for (const group of groups) {
      const mark = this.marks.get(keyOf(group)) ?? this.mark(group);
      this.show(mark.getElement(), group);
    }
  }

  /** @param {SitePoint[]} group @returns {any} */
  mark(group) {
    const element = document.createElement(group.length === 1 ? "a" : "button");
    element.className = "site-mark";
    element.append(document.createElement("span"));
    if (group.length === 1) element.setAttribute("href", group[0].properties.href);
    else element.onclick = () => this.map.fitBounds(this.around(group), { padding: 64, maxZoom: CLOSEST_ZOOM });
    const mark = new this.library.Marker({ element }).setLngLat(group[0].geometry.coordinates).addTo(this.map);
    this.marks.set(keyOf(group), mark);
    return mark;
  }

  /** @param {HTMLElement} element @param {SitePoint[]} group */
  show(element, group) {
    const all = group.map((site) => site.properties);
    const outlets = all.reduce((sum, site) => sum + site.outlets, 0);
    const busy = all.reduce((sum, site) => sum + site.busy, 0);
    const worst = TROUBLE.find((state) => all.some((site) => site.state === state));
    for (const state of TROUBLE) element.classList.toggle(`is-${state}`, state === worst);
    element.classList.toggle("is-group", group.length > 1);
    element.style.setProperty("--across", `${Math.round(18 + Math.sqrt(Math.min(outlets, OUTLETS_DRAWN)) * 5)}px`);
    element.style.setProperty("--busy", String(outlets ? busy / outlets : 0));
    element.style.zIndex = worst ? "2" : "1";
    if (element.firstElementChild) element.firstElementChild.textContent = String(outlets);
    const said = all.map((site) => (site.text ? `${site.name}: ${site.text}` : site.name)).join(" · ");
    element.setAttribute("aria-label", said);
    element.onpointerenter = element.onfocus = () => this.tell(said);
    element.onpointerleave = element.onblur = () => this.tell("");
  }

  /** @param {string} words */
  tell(words) {
    const tip = this.querySelector(".map-tip");
    if (tip) tip.textContent = words;
  }

  async refresh() {
    this.points = await this.sites();
    this.place();
  }
}

/** @param {SitePoint[]} group */
function keyOf(group) {
  return group.map((site) => site.properties.href).join(" ");
}

customElements.define("charger-map", ChargerMap);
