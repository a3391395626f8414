// Where a vehicle was in the last hours: a line, dashed where it had no position for too long.

import "./ago.js";
import { boundsOf, colours, makeMap } from "./map.js";

const container = document.getElementById("track");

async function show() {
  const answer = await fetch(container.dataset.track);
  const data = answer.ok ? await answer.json() : { features: [] };
  if (!data.features.length) {
    container.remove();
    return;
  }
  const bounds = boundsOf(data.features);
  const map = makeMap(container, { bounds, fitBoundsOptions: { padding: 40, maxZoom: 15 } });
  if (!map) return;
  const colour = colours();
  map.on("load", () => {
    map.addSource("track", { type: "geojson", data });
    const layer = (id, type, paint, extra) =>
      map.addLayer({ id, type, source: "track", filter: ["==", ["get", "kind"], id], paint, ...extra });
    layer("gap", "line", { "line-color": colour.gap, "line-width": 2, "line-dasharray": [2, 2] });
    layer("track", "line", { "line-color": colour.line, "line-width": 3 }, { layout: { "line-cap": "round", "line-join": "round" } });
    layer("last", "circle", { "circle-color": colour.bus, "circle-radius": 7, "circle-stroke-color": "#fff", "circle-stroke-width": 2 });
    container.dataset.ready = "true";
  });
}

show();
