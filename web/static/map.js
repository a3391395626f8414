// A map that needs no other host: on the base map that the settings name, or on what is known here.

import { baseLayers } from "./base_map.js";

/* global maplibregl, pmtiles */

const settings = JSON.parse(document.body.dataset.map);
const base = settings.base;

/** Whether there is a base map, which has the streets. */
export const hasBaseMap = Boolean(base);

const dark = () => {
  const scheme = document.documentElement.dataset.theme;
  return scheme === "dark" || (scheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
};

/** Return the colours of the page's theme. */
export function colours() {
  return dark()
    ? { ground: "#161b22", street: "#34404f", line: "#7cb8f5", gap: "#ff8f85", bus: "#1f6fc0", old: "#5b6674", text: "#ffffff", water: "#1d2f42", green: "#1b2a22", building: "#1f262f", name: "#a3afbd" }
    : { ground: "#eef1f5", street: "#c3ccd7", line: "#165a9e", gap: "#b3261e", bus: "#165a9e", old: "#66717f", text: "#ffffff", water: "#c4d9ec", green: "#dbe8d8", building: "#e0e4ea", name: "#56606c" };
}

function style() {
  const theme = colours();
  const ground = { id: "ground", type: "background", paint: { "background-color": theme.ground } };
  if (!base) return { version: 8, sources: {}, layers: [ground] };
  return { version: 8, sources: { base: source() }, layers: [ground, ...baseLayers(base, theme, dark())] };
}

function source() {
  if (base.address) return { type: "raster", tiles: [base.address], tileSize: 256, maxzoom: 19 };
  if (!maplibregl.fleetgaugeTiles) {
    maplibregl.fleetgaugeTiles = new pmtiles.Protocol();
    maplibregl.addProtocol("pmtiles", maplibregl.fleetgaugeTiles.tile);
  }
  const url = `pmtiles://${new URL(base.file, location.href)}`;
  return base.schema ? { type: "vector", url } : { type: "raster", url, tileSize: 256 };
}

/** Whom the base map is from, as text: its file may hold any markup. */
class Attribution {
  onAdd() {
    this.box = document.createElement("div");
    this.box.className = "maplibregl-ctrl attribution";
    this.box.textContent = base.attribution;
    return this.box;
  }

  onRemove() {
    this.box.remove();
  }
}

/** Make a map in a container; null where the browser cannot draw one. */
export function makeMap(container, options = {}) {
  try {
    const map = new maplibregl.Map({ container, style: style(), attributionControl: false, maxZoom: 18, locale: settings.texts, ...options });
    map.addControl(new maplibregl.NavigationControl({ showCompass: false }));
    map.addControl(new maplibregl.ScaleControl());
    if (base?.attribution) map.addControl(new Attribution(), "bottom-right");
    map.touchZoomRotate.disableRotation();
    return map;
  } catch (error) {
    container.textContent = container.dataset.unable ?? "";
    return null;
  }
}

/** Return the box around all coordinates of features. */
export function boundsOf(features) {
  const bounds = new maplibregl.LngLatBounds();
  const add = (place) => (typeof place[0] === "number" ? bounds.extend(place) : place.forEach(add));
  for (const feature of features) add(feature.geometry.coordinates);
  return bounds;
}

/** Return what a map shows as an address has it: west, south, east, north. */
export function boxOf(map) {
  const bounds = map.getBounds();
  const sides = [bounds.getWest(), Math.max(-90, bounds.getSouth()), bounds.getEast(), Math.min(90, bounds.getNorth())];
  return sides.map((degrees) => degrees.toFixed(4)).join(",");
}

/** Call back when a map has come to rest in another place. */
export function onView(map, changed) {
  let timer = null;
  map.on("moveend", () => {
    clearTimeout(timer);
    timer = setTimeout(changed, 300);
  });
}

/** Draw a crowd of vehicles: how many they are, and in the ring how many of them are missing. */
export function crowdImage(number, missing = 0) {
  const ratio = 2;
  const size = (26 + 6 * Math.log10(number)) * ratio;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(size);
  const pen = canvas.getContext("2d");
  const theme = colours();
  const disc = (radius, colour) => {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(size / 2, size / 2, radius, 0, 2 * Math.PI);
    pen.fill();
  };
  disc(size / 2 - 1, theme.bus);
  pen.fillStyle = theme.gap;
  pen.beginPath();
  pen.moveTo(size / 2, size / 2);
  pen.arc(size / 2, size / 2, size / 2 - 1, -Math.PI / 2, -Math.PI / 2 + (2 * Math.PI * missing) / number);
  pen.fill();
  disc(size / 2 - 4 * ratio, theme.bus);
  pen.font = `600 ${11 * ratio}px system-ui, "DejaVu Sans", Arial, sans-serif`;
  pen.fillStyle = theme.text;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(number < 1000 ? number : `${Math.round(number / 100) / 10}k`, size / 2, size / 2 + ratio / 2);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}
