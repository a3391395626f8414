"""The districts as a heat map: by their borders where these are known, else as circles."""

from collections import defaultdict
from collections.abc import Mapping
from statistics import median
from typing import Any, Final

from models.errors import Invalid
from reports.documents import KpiDocument
from reports.figure_words import denominator
from storage.shares.fleet import Fleet

NAMES: Final = ("name", "name:ru", "municipality")
"""The properties in which a border may have its district's name."""

Geometry = Mapping[str, Any]


class BadBorders(Invalid):
    """A file of borders cannot be taken; the message says why."""


class Borders:
    """Where the districts are, by what the registry calls them."""

    def __init__(self, named: Mapping[str, Geometry]) -> None:
        self._named = {_folded(name): geometry for name, geometry in named.items()}

    def of(self, name: str) -> Geometry | None:
        """Return a district's border; None: it is not known."""
        return self._named.get(_folded(name))


def read_borders(document: Any) -> dict[str, Geometry]:
    """Return the borders that a GeoJSON document has, by their districts' names.

    Raises:
        BadBorders: it is no collection of polygons with names.
    """
    try:
        features = document["features"]
        found = dict(map(_named, features))
    except (AttributeError, KeyError, TypeError) as error:
        raise BadBorders("is not a GeoJSON feature collection of named polygons") from error
    if not found:
        raise BadBorders("has no feature")
    return found


def _named(feature: Mapping[str, Any]) -> tuple[str, Geometry]:
    properties, geometry = feature["properties"], feature["geometry"]
    name = next(filter(None, map(properties.get, NAMES)), None)
    if not isinstance(name, str):
        raise BadBorders(f"a feature has no name (expected one of {', '.join(NAMES)})")
    if geometry["type"] not in {"Polygon", "MultiPolygon"}:
        raise BadBorders(f"{name[:80]!r} is a {geometry['type']} (expected Polygon, MultiPolygon)")
    return name, geometry


def districts(
    borders: Borders, document: KpiDocument, indicator: str, fleet: Fleet
) -> dict[str, Any]:
    """Return the municipalities with their figures, as GeoJSON.

    One without a border is a point amid its vehicles' last positions; one without either is left
    out.
    """
    middles = _middles(fleet)
    features = []
    for group in document["groups"]:
        name = group["name"]
        geometry = None if name is None else borders.of(name) or middles.get(name)
        if geometry is not None:
            figure = group["indicators"][indicator]
            properties = {
                "name": name,
                "ratio": figure["ratio"],
                "vehicles": figure["vehicles"],
                "of": denominator(figure, group["vehicles"]),
            }
            feature = {"type": "Feature", "properties": properties, "geometry": geometry}
            features.append(feature)
    return {"type": "FeatureCollection", "features": features}


def _middles(fleet: Fleet) -> dict[str, Geometry]:
    places = defaultdict(list)
    for vehicle in fleet.vehicles:
        name, position = vehicle.attributes.get("municipality"), vehicle.position
        if name is not None and position is not None:
            places[name].append((position.longitude, position.latitude))
    # A bus at another town's workshop must not draw the middle there.
    return {
        name: {"type": "Point", "coordinates": [median(each) for each in zip(*found, strict=True)]}
        for name, found in places.items()
    }


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("ё", "е").split())
