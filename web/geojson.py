"""The fleet as GeoJSON (RFC 7946): one point a vehicle."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from storage.shares.positions import VehiclePosition

CONTENT_TYPE = "application/geo+json"


def vehicles(positions: Iterable[VehiclePosition], now: datetime) -> bytes:
    """Return a feature collection, encoded; ``age_seconds`` is taken against ``now``.

    It is 0 where a bus's clock is ahead of ours.
    """
    features = [_feature(each, now) for each in positions]
    document = {"type": "FeatureCollection", "features": features}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _feature(seen: VehiclePosition, now: datetime) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": f"{seen.operator_id}:{seen.vehicle_id}",
        "geometry": {"type": "Point", "coordinates": [seen.longitude, seen.latitude]},
        "properties": {
            "operator_id": seen.operator_id,
            "vehicle_id": seen.vehicle_id,
            "plate": seen.plate,
            "route_id": seen.route_id,
            "trip_id": seen.trip_id,
            "observed_at": seen.fix_at.isoformat(),
            "age_seconds": max(0.0, round((now - seen.fix_at).total_seconds(), 1)),
            "speed_mps": seen.speed_mps,
            "bearing_deg": seen.bearing_deg,
        },
    }
