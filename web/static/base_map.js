// The layers of a base map, in the page's colours: of tiles by Protomaps' or OpenMapTiles' schema.

const width = (narrow, wide) => ["interpolate", ["exponential", 1.6], ["zoom"], 6, narrow / 3, 12, narrow, 18, wide];

const isKind = (name, ...kinds) => ["in", ["get", name], ["literal", kinds]];

function area(id, layer, colour, filter, extra = {}) {
  return { id, type: "fill", source: "base", "source-layer": layer, paint: { "fill-color": colour }, ...(filter && { filter }), ...extra };
}

function line(id, layer, colour, size, filter, extra = {}) {
  return {
    id, type: "line", source: "base", "source-layer": layer, paint: { "line-color": colour, "line-width": size },
    layout: { "line-cap": "round", "line-join": "round" }, ...(filter && { filter }), ...extra,
  };
}

// Without an address for glyphs MapLibre draws them with the fonts of the system.
function names(id, layer, theme, size, filter, extra = {}) {
  const language = document.documentElement.lang;
  return {
    id, type: "symbol", source: "base", "source-layer": layer, ...(filter && { filter }),
    layout: { "text-field": ["coalesce", ["get", `name:${language}`], ["get", "name"]], "text-size": size, "text-font": ["sans-serif"], "text-max-width": 8, ...extra.layout },
    paint: { "text-color": theme.name, "text-halo-color": theme.ground, "text-halo-width": 1.5 },
    ...(extra.minzoom && { minzoom: extra.minzoom }),
  };
}

const onLine = { "symbol-placement": "line" };

function protomaps(theme) {
  const isRoad = (...kinds) => isKind("kind", ...kinds);
  return [
    area("base-green", "landuse", theme.green, isRoad("park", "forest", "wood", "nature_reserve", "grass", "cemetery", "garden", "meadow")),
    area("base-cover", "landcover", theme.green, isRoad("forest", "grassland"), { maxzoom: 8 }),
    area("base-water", "water", theme.water, ["==", ["geometry-type"], "Polygon"]),
    line("base-river", "water", theme.water, width(1, 6), ["==", ["geometry-type"], "LineString"]),
    area("base-buildings", "buildings", theme.building, null, { minzoom: 14 }),
    line("base-paths", "roads", theme.street, width(0.5, 3), isRoad("path", "other"), { minzoom: 14 }),
    line("base-small", "roads", theme.street, width(0.7, 10), isRoad("minor_road"), { minzoom: 11 }),
    line("base-rails", "roads", theme.street, 1, isRoad("rail"), { minzoom: 10 }),
    line("base-main", "roads", theme.street, width(2, 16), isRoad("major_road", "highway")),
    line("base-borders", "boundaries", theme.old, 1),
    names("base-streets", "roads", theme, 11, isRoad("minor_road", "major_road"), { minzoom: 14, layout: onLine }),
    names("base-places", "places", theme, 13),
  ];
}

function openMapTiles(theme) {
  const isClass = (...classes) => isKind("class", ...classes);
  const main = ["motorway", "trunk", "primary", "secondary", "tertiary"];
  return [
    area("base-green", "landcover", theme.green, isClass("wood", "grass")),
    area("base-parks", "park", theme.green),
    area("base-water", "water", theme.water),
    line("base-river", "waterway", theme.water, width(1, 6)),
    area("base-buildings", "building", theme.building, null, { minzoom: 14 }),
    line("base-paths", "transportation", theme.street, width(0.5, 3), isClass("path", "track"), { minzoom: 14 }),
    line("base-small", "transportation", theme.street, width(0.7, 10), isClass("minor", "service"), { minzoom: 11 }),
    line("base-rails", "transportation", theme.street, 1, isClass("rail"), { minzoom: 10 }),
    line("base-main", "transportation", theme.street, width(2, 16), isClass(...main)),
    line("base-borders", "boundary", theme.old, 1, ["<=", ["get", "admin_level"], 6]),
    names("base-streets", "transportation_name", theme, 11, null, { minzoom: 14, layout: onLine }),
    names("base-places", "place", theme, 13),
  ];
}

/** Return the layers that draw a base map. */
export function baseLayers({ schema }, theme, dark) {
  if (schema === "protomaps") return protomaps(theme);
  if (schema === "openmaptiles") return openMapTiles(theme);
  // A picture has its own colours: at night, less of them.
  const paint = dark ? { "raster-brightness-max": 0.55, "raster-saturation": -0.4 } : { "raster-saturation": -0.2 };
  return [{ id: "base", type: "raster", source: "base", paint }];
}
