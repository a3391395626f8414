"""The vehicles that are not trackable at a moment, as scripts read them (`untrackable --json`)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from models.attribute import ATTRIBUTES
from models.share import Shares
from models.vehicle import VehicleId
from reports.documents import UntrackableDocument, UntrackableVehicle
from reports.share_document import seconds
from storage.shares.untrackable import Untrackable

NOBODY: Final[Mapping[VehicleId, VehicleId]] = MappingProxyType({})


def untrackable_document(
    shares: Shares,
    window: timedelta,
    vehicles: Sequence[Untrackable],
    publishing_as: Mapping[VehicleId, VehicleId] = NOBODY,
) -> UntrackableDocument:
    """Return the document; its times are in UTC.

    Args:
        shares: counted for the window, which is that of their reasons.
        vehicles: those that are not trackable within it.
        publishing_as: by registered vehicle, the unregistered one that looks like it.
    """
    return {
        "at": shares.at.astimezone(UTC).isoformat(),
        "window_seconds": seconds(window),
        "vehicles": shares.fleet.vehicles,
        "trackable": shares.fleet.trackable[window],
        "reasons": {str(reason): found for reason, found in shares.fleet.untrackable.items()},
        "untrackable": [_entry(each, publishing_as.get(each.vehicle)) for each in vehicles],
    }


def _entry(untrackable: Untrackable, publishing_as: VehicleId | None) -> UntrackableVehicle:
    values = untrackable._asdict()
    del values["vehicle"], values["attributes"]
    return {
        **untrackable.vehicle._asdict(),
        **{name: _value(value) for name, value in values.items()},
        "publishing_as": publishing_as and publishing_as._asdict(),
        **{attribute.name: None for attribute in ATTRIBUTES},
        **untrackable.attributes,
    }


def _value(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
