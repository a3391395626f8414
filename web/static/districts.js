// The districts as a heat map: areas where their borders are known, circles elsewhere.

import { boundsOf, colours, makeMap } from "./map.js";
/* global maplibregl */


const container = document.getElementById("districts");
const ramp = ["interpolate", ["linear"], ["get", "ratio"], 0, "#a63603", 0.5, "#f0b36b", 0.8, "#8fbfe0", 1, "#165a9e"];
const colour = ["case", ["==", ["get", "ratio"], null], colours().old, ramp];

function describe({ name, ratio, vehicles, of }) {
  const box = document.createElement("div");
  const title = document.createElement("strong");
  title.textContent = name;
  const share = document.createElement("div");
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumFractionDigits: 2 });
  // Properties of a rendered feature come back as they were, and null as absent.
  const part = container.dataset.part.replace("{n}", () => vehicles).replace("{m}", () => of);
  share.textContent = typeof ratio === "number" ? `${percent.format(ratio)} (${part})` : part;
  box.append(title, share);
  return box;
}

async function show() {
  const answer = await fetch(container.dataset.source);
  const data = answer.ok ? await answer.json() : { features: [] };
  if (!data.features.length) {
    container.closest("section").remove();
    return;
  }
  const map = makeMap(container, { bounds: boundsOf(data.features), fitBoundsOptions: { padding: 50, maxZoom: 11 }, cooperativeGestures: true });
  if (!map) return;
  map.on("load", () => {
    map.addSource("districts", { type: "geojson", data });
    const is = (...types) => ["in", ["geometry-type"], ["literal", types]];
    map.addLayer({ id: "areas", type: "fill", source: "districts", filter: is("Polygon", "MultiPolygon"), paint: { "fill-color": colour, "fill-opacity": 0.75 } });
    map.addLayer({ id: "borders", type: "line", source: "districts", filter: is("Polygon", "MultiPolygon"), paint: { "line-color": colours().ground, "line-width": 1.5 } });
    map.addLayer({
      id: "circles", type: "circle", source: "districts", filter: is("Point"),
      paint: { "circle-color": colour, "circle-opacity": 0.85, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.5,
               "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "of"]], 1, 8, 25, 36] },
    });
    const layers = ["areas", "circles"];
    map.on("click", layers, ({ lngLat, features: [district] }) => {
      new maplibregl.Popup().setLngLat(lngLat).setDOMContent(describe(district.properties)).addTo(map);
    });
    map.on("mouseenter", layers, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layers, () => (map.getCanvas().style.cursor = ""));
    container.dataset.districts = data.features.length;
    container.dataset.ready = "true";
  });
}

show();
