"""What is known of one vehicle, as scripts read it (`vehicle --json`)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple

from models.equipment import Flag
from reports.documents import VehicleDocument
from reports.share_document import seconds
from storage.shares.fleet import FleetVehicle
from storage.shares.vehicle import SentReport, VehicleFacts

MOST_CHANGES: Final = 50
_PAYLOAD_CHARACTERS: Final = 2000


class Gap(NamedTuple):
    """A time without a position."""

    begins: datetime
    ends: datetime

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.ends - self.begins).total_seconds()


class Change(NamedTuple):
    """When what a vehicle says of its equipment changed."""

    at: datetime
    kind: str
    fitted: bool
    working: bool | None


def gaps(
    reports: Sequence[SentReport], since: datetime, until: datetime, window: timedelta
) -> list[Gap]:
    """Return the times of a period without a position that are longer than the window."""
    moments = [since, *(report.observed_at for report in reports if report.is_fix), until]
    return [Gap(*each) for each in pairwise(moments) if each[1] - each[0] > window]


def changes(reports: Sequence[SentReport]) -> list[Change]:
    """Return when what was said of the equipment was other than before, newest first."""
    said: dict[str, Flag] = {}
    found = []
    for report in reports:
        for kind, flag in report.flags.items():
            if said.get(kind) != flag:
                said[kind] = flag
                found.append(Change(report.observed_at, kind, flag.fitted, flag.working))
    return found[::-1][:MOST_CHANGES]


def legible(raw: bytes) -> str:
    """Return the beginning of a topic or payload as text, whatever its bytes are."""
    text = raw.decode("utf-8", "backslashreplace")
    cut = text[:_PAYLOAD_CHARACTERS]
    return cut if len(text) == len(cut) else f"{cut} …"


def vehicle_document(
    facts: VehicleFacts,
    now: FleetVehicle | None,
    since: datetime,
    until: datetime,
    window: timedelta,
) -> VehicleDocument:
    """Return the document; its times are in UTC.

    Args:
        facts: with what it sent from ``since`` to ``until``.
        now: what it is in the fleet; None: it is not in it.
        window: that of its state, and of the gaps.
    """
    newest = facts.history[0] if facts.history else None
    return {
        "at": _iso(until),
        "since": _iso(since),
        "window_seconds": seconds(window),
        "operator_id": facts.vehicle.operator_id,
        "vehicle_id": facts.vehicle.vehicle_id,
        "operator": facts.operator,
        "time_zone": facts.time_zone,
        "plate": now.plate if now else newest and newest.plate,
        "in_fleet": now is not None,
        "trackable": now and now.reason is None,
        "reason": now and now.reason,
        "not_trackable_since": now and _iso(now.since),
        "contact_at": _iso(facts.contact_at),
        "fix_at": _iso(facts.fix_at),
        "rejected_at": _iso(facts.rejected_at),
        "rejected_reason": facts.rejected_reason,
        "latitude": facts.latitude,
        "longitude": facts.longitude,
        "speed_mps": facts.speed_mps,
        "route_id": now and now.route_id,
        "attributes": dict(now.attributes if now else newest.attributes if newest else {}),
        "equipment": {
            each.kind: {
                "declared": newest and newest.declared.get(each.kind),
                **_values(each._asdict(), "kind"),
            }
            for each in facts.readings
        },
        "reports": [_report(each) for each in facts.reports],
        "gaps": [
            {"from": _iso(each.begins), "to": _iso(each.ends), "seconds": each.seconds}
            for each in gaps(facts.reports, since, until, window)
        ],
        "equipment_changes": [_values(each._asdict()) for each in changes(facts.reports)],
        "rejected": [
            _values(each._asdict())
            | {"topic": legible(each.topic), "payload": legible(each.payload)}
            for each in facts.rejected
        ],
        "registry": [_values(each._asdict()) for each in facts.history],
    }


def _report(report: SentReport) -> dict[str, Any]:
    flags = {kind: flag._asdict() for kind, flag in report.flags.items()}
    return {**_values(report._asdict(), "flags"), "equipment": flags}


def _values(values: dict[str, Any], *without: str) -> dict[str, Any]:
    return {name: _value(value) for name, value in values.items() if name not in without}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return _iso(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
