// A map that needs no other host: no tiles and no fonts, only what this server knows.

/* global maplibregl */

const dark = () => {
  const scheme = document.documentElement.dataset.theme;
  return scheme === "dark" || (scheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
};

/** Return the colours of the page's theme. */
export function colours() {
  return dark()
    ? { ground: "#161b22", street: "#34404f", line: "#7cb8f5", gap: "#ff8f85", bus: "#1f6fc0", old: "#5b6674", text: "#ffffff" }
    : { ground: "#eef1f5", street: "#c3ccd7", line: "#165a9e", gap: "#b3261e", bus: "#165a9e", old: "#66717f", text: "#ffffff" };
}

/** Make a map in a container; null where the browser cannot draw one. */
export function makeMap(container, options = {}) {
  const paint = { "background-color": colours().ground };
  try {
    const map = new maplibregl.Map({
      container,
      style: { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint }] },
      attributionControl: false,
      maxZoom: 18,
      ...options,
    });
    map.addControl(new maplibregl.NavigationControl({ showCompass: false }));
    map.addControl(new maplibregl.ScaleControl());
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
