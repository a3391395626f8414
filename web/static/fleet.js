// The map of the page "Now": each vehicle where it was last, in the colour of its reason.

import { duration, serverTime } from "./ago.js";
import { boundsOf, boxOf, colours, crowdImage, makeMap, onView } from "./map.js";

/* global maplibregl */

const container = document.getElementById("fleet-map");
const nowhere = document.getElementById("nowhere");
const reasons = JSON.parse(container.dataset.reasons);
const none = { type: "FeatureCollection", features: [] };
const everySeconds = 5;

let map = null;
let placed = false;
let crowded = false;
let popup = null;
let asked = 0;
let waiting = false;

// Each reason has its colour in the list above the map.
function colourOf(reason) {
  return getComputedStyle(document.querySelector(`#summary .reason-${reason} .reason`)).color;
}

function describe({ operator, vehicle, name, plate, route, reason, t }) {
  const box = document.createElement("div");
  const link = document.createElement("a");
  link.href = `/vehicle?${new URLSearchParams({ operator, vehicle })}`;
  link.textContent = [name, plate].filter(Boolean).join(" · ");
  const lines = [
    reason ? reasons[reason] : container.dataset.trackable,
    route && container.dataset.route.replace("{r}", () => route),
    t && container.dataset.ago.replace("{a}", duration(serverTime() / 1000 - t)),
  ];
  box.append(link);
  for (const text of lines.filter(Boolean)) box.append(Object.assign(document.createElement("div"), { textContent: text }));
  return box;
}

function describeCrowd({ n, missing }) {
  const text = container.dataset.crowd.replace("{n}", n).replace("{m}", missing);
  return Object.assign(document.createElement("div"), { textContent: text });
}

function addLayers() {
  const theme = colours();
  map.addSource("fleet", { type: "geojson", data: none });
  const known = Object.keys(reasons).flatMap((reason) => [reason, colourOf(reason)]);
  const isCrowd = ["has", "n"];
  const isMissing = ["all", ["!", isCrowd], ["!=", ["get", "reason"], ""]];
  map.addLayer({
    id: "trackable", type: "circle", source: "fleet", filter: ["all", ["!", isCrowd], ["==", ["get", "reason"], ""]],
    paint: { "circle-color": theme.bus, "circle-opacity": 0.75, "circle-radius": ["interpolate", ["linear"], ["zoom"], 7, 3, 14, 6] },
  });
  map.addLayer({
    id: "missing", type: "circle", source: "fleet", filter: isMissing,
    paint: {
      "circle-color": ["match", ["get", "reason"], ...known, theme.old],
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 7, 5, 14, 9], "circle-stroke-color": theme.ground, "circle-stroke-width": 1.5,
    },
  });
  map.addLayer({
    id: "crowds", type: "symbol", source: "fleet", filter: isCrowd,
    layout: { "icon-image": ["concat", "crowd:", ["to-string", ["get", "n"]], ":", ["to-string", ["get", "missing"]]], "icon-allow-overlap": true },
  });
}

function show(data) {
  map.getSource("fleet").setData(data);
  crowded = data.crowded;
  if (!placed && data.features.length) {
    placed = true;
    map.fitBounds(boundsOf(data.features), { padding: 40, maxZoom: 13, animate: false });
  }
  nowhere.textContent = data.nowhere ? nowhere.dataset.text.replace("{n}", data.nowhere) : "";
  container.dataset.vehicles = data.features.length;
}

async function load() {
  asked = Date.now();
  const address = new URL(container.dataset.source, location.href);
  if (placed && (crowded || address.searchParams.has("box") || container.dataset.box)) {
    container.dataset.box = boxOf(map);
    address.searchParams.set("box", container.dataset.box);
  }
  const answer = await fetch(address).catch(() => null);
  if (answer?.ok) show(await answer.json());
}

/** Show what is known now; asked for at most once in some seconds. */
export function refreshFleetMap() {
  if (!map || waiting || document.hidden) return;
  waiting = true;
  setTimeout(async () => {
    await load();
    waiting = false;
  }, Math.max(0, asked + 2000 - Date.now()));
}

function open(place, content) {
  popup?.remove();
  popup = new maplibregl.Popup({ offset: 10 }).setLngLat(place).setDOMContent(content).addTo(map);
}

function start() {
  const made = makeMap(container, { center: [40, 56], zoom: 5, cooperativeGestures: true });
  if (!made) return;
  made.on("styleimagemissing", ({ id }) => {
    const [, number, missing] = id.split(":").map(Number);
    if (!made.hasImage(id)) made.addImage(id, crowdImage(number, missing), { pixelRatio: 2 });
  });
  made.on("load", async () => {
    map = made;
    addLayers();
    await load();
    container.dataset.ready = "true";
    setInterval(refreshFleetMap, everySeconds * 1000);
    onView(map, () => (crowded || container.dataset.box) && load());
  });
  made.on("click", ["trackable", "missing"], ({ features }) => {
    const [feature] = features.sort((one, other) => Boolean(other.properties.reason) - Boolean(one.properties.reason));
    open(feature.geometry.coordinates, describe(feature.properties));
  });
  made.on("click", "crowds", ({ features: [crowd] }) => {
    if (made.getZoom() < 15) made.easeTo({ center: crowd.geometry.coordinates, zoom: made.getZoom() + 2 });
    else open(crowd.geometry.coordinates, describeCrowd(crowd.properties));
  });
  for (const layer of ["trackable", "missing", "crowds"]) {
    made.on("mouseenter", layer, () => (made.getCanvas().style.cursor = "pointer"));
    made.on("mouseleave", layer, () => (made.getCanvas().style.cursor = ""));
  }
}

start();
