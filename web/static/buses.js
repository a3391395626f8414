// The passengers' map: buses as labels with their route, paler the older their position.

import { duration } from "./ago.js";
import { boundsOf, boxOf, colours, crowdImage, hasBaseMap, makeMap, onView } from "./map.js";

const container = document.getElementById("map");
const live = document.getElementById("live");
const heading = live.closest(".passengers");
const field = document.getElementById("route");
const form = document.getElementById("routes");
const oldest = Number(container.dataset.seconds);
const streetsEvery = 20_000;
const labelled = 10;
const stopsFrom = 13;
const network = container.dataset.network;

const buses = new Map();
let ahead = 0;
let placed = false;
let popup = null;
let shown = null;
let crowded = false;
let box = "";
let events = null;

const now = () => Date.now() / 1000 + ahead;

function say(state) {
  heading.dataset.state = state;
  let number = 0;
  for (const bus of buses.values()) number += bus.n ?? 1;
  const text = live.dataset[state].replace("{n}", number);
  if (live.textContent !== text) live.textContent = text;
}

function features() {
  const wanted = field.value.trim().toLowerCase();
  const found = [];
  for (const [id, bus] of buses) {
    if (bus.n) {
      found.push({ type: "Feature", properties: { id, n: bus.n, icon: `crowd:${bus.n}`, turn: -1 }, geometry: { type: "Point", coordinates: bus.p } });
      continue;
    }
    if (now() - bus.t > oldest + 2) continue;
    if (wanted && (bus.r ?? "").toLowerCase() !== wanted) continue;
    const age = now() - bus.t > oldest / 2 ? "old" : "new";
    const properties = { id, icon: `${age}:${bus.r ?? ""}`, turn: bus.b ?? -1, t: bus.t, route: bus.r ?? "" };
    found.push({ type: "Feature", properties, geometry: { type: "Point", coordinates: bus.p } });
  }
  return found;
}

/** Draw the label of a route: what the style would need fonts for. */
function label(id) {
  if (id.startsWith("crowd:")) return crowdImage(Number(id.slice(6)));
  const [age, ...rest] = id.split(":");
  const text = rest.join(":").slice(0, 12);
  const ratio = 2;
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const font = `600 ${12 * ratio}px system-ui, "DejaVu Sans", Arial, sans-serif`;
  pen.font = font;
  const height = 20 * ratio;
  const width = Math.max(height, Math.ceil(pen.measureText(text).width) + 12 * ratio);
  canvas.width = width;
  canvas.height = height;
  pen.font = font;
  const colour = colours();
  pen.fillStyle = age === "old" ? colour.old : colour.bus;
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 1.5 * ratio;
  pen.beginPath();
  pen.roundRect(ratio, ratio, width - 2 * ratio, height - 2 * ratio, 6 * ratio);
  pen.fill();
  pen.stroke();
  pen.fillStyle = colour.text;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(text, width / 2, height / 2 + ratio / 2);
  return pen.getImageData(0, 0, width, height);
}

/** Draw the arrow that shows where a bus is heading. */
function arrow() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const pen = canvas.getContext("2d");
  pen.fillStyle = colours().bus;
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 2;
  pen.beginPath();
  pen.moveTo(32, 2);
  pen.lineTo(42, 18);
  pen.lineTo(22, 18);
  pen.closePath();
  pen.fill();
  pen.stroke();
  return pen.getImageData(0, 0, 64, 64);
}

function describe(feature) {
  const { route, t } = feature.properties;
  const box = document.createElement("div");
  const name = document.createElement("strong");
  name.textContent = route ? container.dataset.route.replace("{r}", () => route) : container.dataset.noRoute;
  const age = document.createElement("div");
  age.textContent = container.dataset.ago.replace("{a}", duration(now() - t));
  box.append(name, age);
  return box;
}

async function fillStreets(map) {
  const answer = await fetch("/map/traces.geojson");
  if (answer.ok) map.getSource("streets").setData(await answer.json());
}

// What the timetable knows is drawn in the routes' own colours; nothing is asked for where there is none.
function addNetwork(map) {
  if (!network) return;
  const width = ["interpolate", ["linear"], ["zoom"], 9, 1.2, 15, 5];
  map.addSource("routes", { type: "geojson", data: `/map/routes.geojson?v=${network}` });
  map.addLayer({
    id: "routes", type: "line", source: "routes",
    paint: { "line-color": ["coalesce", ["get", "color"], colours().street], "line-width": width, "line-opacity": 0.6 },
    layout: { "line-cap": "round", "line-join": "round" },
  });
  map.addLayer({
    id: "chosen", type: "line", source: "routes", filter: ["==", ["get", "route"], ""],
    paint: { "line-color": ["coalesce", ["get", "color"], colours().line], "line-width": ["interpolate", ["linear"], ["zoom"], 9, 3, 15, 8] },
    layout: { "line-cap": "round", "line-join": "round" },
  });
  map.addSource("stops", { type: "geojson", data: `/map/stops.geojson?v=${network}` });
  map.addLayer({
    id: "stops", type: "circle", source: "stops", minzoom: stopsFrom,
    paint: { "circle-color": colours().ground, "circle-radius": ["interpolate", ["linear"], ["zoom"], stopsFrom, 2.5, 17, 7], "circle-stroke-color": colours().old, "circle-stroke-width": 2 },
  });
  map.on("click", "stops", ({ features: [stop] }) => {
    if (map.queryRenderedFeatures(map.project(stop.geometry.coordinates), { layers: ["buses", "dots"] }).length) return;
    shown = null;
    open(map, stop.geometry.coordinates, describeStop(stop.properties));
  });
}

function describeStop({ name, routes }) {
  const box = document.createElement("div");
  const title = document.createElement("strong");
  title.textContent = name;
  const which = document.createElement("div");
  which.textContent = routes ? container.dataset.routes.replace("{r}", () => routes) : "";
  box.append(title, which);
  return box;
}

function open(map, place, content) {
  popup?.remove();
  popup = new maplibregl.Popup({ offset: 14 }).setLngLat(place).setDOMContent(content).addTo(map);
}

/** Show the place that the address asks for, with a pin. */
function goToPlace(map) {
  if (!container.dataset.place) return;
  const place = container.dataset.place.split(",").map(Number);
  placed = true;
  map.jumpTo({ center: place, zoom: 16 });
  new maplibregl.Marker({ color: colours().gap }).setLngLat(place).addTo(map);
}

function highlight(map) {
  if (!map.getLayer("chosen")) return;
  const wanted = field.value.trim().toLowerCase();
  map.setFilter("chosen", ["==", ["downcase", ["get", "route"]], wanted || "\0"]);
  map.setPaintProperty("routes", "line-opacity", wanted ? 0.2 : 0.6);
}

function addLayers(map) {
  const none = { type: "FeatureCollection", features: [] };
  map.addSource("streets", { type: "geojson", data: none });
  if (!hasBaseMap) map.addLayer({ id: "streets", type: "line", source: "streets", paint: { "line-color": colours().street, "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.7, 15, 4] }, layout: { "line-cap": "round" } });
  addNetwork(map);
  map.addSource("buses", { type: "geojson", data: none });
  const age = ["case", ["==", ["slice", ["get", "icon"], 0, 3], "old"], colours().old, colours().bus];
  // From afar, labels would only cover each other.
  map.addLayer({
    id: "dots", type: "circle", source: "buses", maxzoom: labelled, filter: ["!", ["has", "n"]],
    paint: { "circle-color": age, "circle-radius": ["interpolate", ["linear"], ["zoom"], 6, 3, labelled, 6], "circle-stroke-color": "#ffffff", "circle-stroke-width": 1 },
  });
  map.addLayer({
    id: "heading", type: "symbol", source: "buses", filter: [">=", ["get", "turn"], 0], minzoom: 12,
    layout: { "icon-image": "arrow", "icon-rotate": ["get", "turn"], "icon-rotation-alignment": "map", "icon-allow-overlap": true },
  });
  map.addLayer({
    id: "crowds", type: "symbol", source: "buses", filter: ["has", "n"],
    layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": true },
  });
  map.addLayer({
    id: "buses", type: "symbol", source: "buses", minzoom: labelled, filter: ["!", ["has", "n"]],
    layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": true, "icon-size": ["interpolate", ["linear"], ["zoom"], labelled, 0.75, 13, 1], "symbol-sort-key": ["get", "t"] },
  });
}

function draw(map) {
  const found = features();
  map.getSource("buses").setData({ type: "FeatureCollection", features: found });
  if (!placed && found.length) {
    placed = true;
    map.fitBounds(boundsOf(found), { padding: 60, maxZoom: 14, animate: false });
  }
  const followed = shown && found.find((each) => each.properties.id === shown);
  if (popup && followed) popup.setLngLat(followed.geometry.coordinates).setDOMContent(describe(followed));
  container.dataset.buses = found.length;
}

// Of a large fleet the server tells of what is in view; of a small one, always of all.
function address(map) {
  if (map && placed && (crowded || box)) box = boxOf(map);
  const wanted = field.value.trim();
  const asked = { ...(box && { box }), ...(box && wanted && { route: wanted }) };
  return `/map/events?${new URLSearchParams(asked)}`;
}

function listen(map) {
  events?.close();
  const source = (events = new EventSource(address(map)));
  source.addEventListener("buses", (event) => {
    const change = JSON.parse(event.data);
    ahead = change.at - Date.now() / 1000;
    crowded = change.crowded;
    if (change.all) buses.clear();
    for (const [id, bus] of Object.entries(change.buses)) buses.set(id, bus);
    for (const id of change.gone) buses.delete(id);
    say("live");
    if (map) draw(map);
  });
  source.addEventListener("trouble", () => say("trouble"));
  source.addEventListener("error", () => {
    say("offline");
    if (source.readyState === EventSource.CLOSED) setTimeout(() => source === events && listen(map), 5000);
  });
}

function listenToView(map) {
  if (crowded || box) listen(map);
}

function start() {
  const map = makeMap(container, { center: [40, 56], zoom: 5 });
  if (!map) return listen(null);
  map.on("styleimagemissing", ({ id }) => {
    if (!map.hasImage(id)) map.addImage(id, id === "arrow" ? arrow() : label(id), { pixelRatio: 2 });
  });
  map.on("load", () => {
    addLayers(map);
    highlight(map);
    goToPlace(map);
    listen(map);
    onView(map, () => listenToView(map));
    if (!hasBaseMap) {
      fillStreets(map);
      setInterval(() => fillStreets(map), streetsEvery);
    }
    container.dataset.ready = "true";
  });
  map.on("click", ["buses", "dots"], ({ features: [feature] }) => {
    shown = feature.properties.id;
    open(map, feature.geometry.coordinates, describe(feature));
  });
  map.on("click", "crowds", ({ features: [crowd] }) => map.easeTo({ center: crowd.geometry.coordinates, zoom: map.getZoom() + 2 }));
  map.on("mouseenter", ["buses", "dots", "crowds"], () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", ["buses", "dots", "crowds"], () => (map.getCanvas().style.cursor = ""));
  const choose = () => {
    history.replaceState(null, "", field.value.trim() ? `/map?route=${encodeURIComponent(field.value.trim())}` : "/map");
    placed = false;
    if (!map.getSource("buses")) return;
    highlight(map);
    draw(map);
    listenToView(map);
  };
  field.addEventListener("input", choose);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    choose();
  });
}

start();
