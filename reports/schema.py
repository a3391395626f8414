"""The JSON schema of a KPI report, made from the types of its document."""

import json
from typing import Any, Final

from pydantic import TypeAdapter

from reports.documents import EquipmentFound, KpiDocument
from reports.kpi_document import VERSION

LATER: Final = {
    "Figure": ("of_plan", "growth"),
    "KpiDocument": ("deviations", "official", "milestones", "series"),
}
"""Keys that reports of this layout have not always had: a reader cannot rely on them."""

_VEHICLE: Final = {
    "operator_id": {"type": "string"},
    "vehicle_id": {"type": "string"},
    "plate": {"type": ["string", "null"]},
    "trackable": {"type": "boolean"},
    "trackable_on_route": {"type": "boolean"},
    "only_late": {"type": "boolean"},
    "motionless": {"type": "boolean"},
    "minutes": {"type": "integer", "minimum": 0},
    "best_day": {"type": ["string", "null"], "format": "date"},
    "live_minutes": {"type": "integer", "minimum": 0},
    "route_minutes": {"type": "integer", "minimum": 0},
    "moved_m": {"type": ["integer", "null"], "minimum": 0},
}
_PUBLISHED: Final = {
    "openly_published": {"type": "boolean"},
    "published_minutes": {"type": "integer", "minimum": 0},
}
"""Only of a date on which it was recorded."""


_SOURCE: Final = "https://json-schema.org/draft/2020-12/schema"


def report_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12) that every report of this layout conforms to."""
    schema = TypeAdapter(KpiDocument).json_schema()
    equipment = TypeAdapter(EquipmentFound).json_schema()
    definitions: dict[str, Any] = {**schema.pop("$defs"), "EquipmentFound": equipment}
    for name, keys in LATER.items():
        layout = schema if name == "KpiDocument" else definitions[name]
        layout["required"] = [key for key in layout["required"] if key not in keys]
    found = {"$ref": "#/$defs/EquipmentFound"}
    # Attributes and kinds of equipment are data: the document itself lists them.
    other = {"anyOf": [{"type": ["string", "null"]}, found]}
    schema["properties"] |= {
        "report": {"const": "fleetgauge kpi"},
        "version": {"const": VERSION},
        "fleet": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": _VEHICLE | _PUBLISHED,
                "required": list(_VEHICLE),
                "additionalProperties": other,
            },
        },
    }
    return {"$schema": _SOURCE, **schema, "$defs": definitions}


if __name__ == "__main__":
    print(json.dumps(report_schema(), indent=2, ensure_ascii=False))
