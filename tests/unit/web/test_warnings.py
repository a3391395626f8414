"""When the live figures are doubted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.equipment import DEFAULT_KINDS
from storage.routes.timetables import Timetables
from storage.shares.fleet import Fleet, FleetVehicle
from web.source import Look, Slow
from web.warnings import Cause, Doubt, doubt

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
AN_HOUR_AGO = NOW - timedelta(hours=1)
SECONDS_AGO = NOW - timedelta(seconds=20)


def look(
    heard_at: datetime | None,
    connected_at: datetime | None = SECONDS_AGO,
    *,
    is_expected: bool = True,
    rejected_at: datetime | None = None,
) -> Look:
    fields: dict[str, Any] = dict.fromkeys(FleetVehicle._fields)
    vehicle = FleetVehicle(**fields | {"contact_at": heard_at, "rejected_at": rejected_at})
    fleet = Fleet(NOW, [], DEFAULT_KINDS, [vehicle])
    return Look(
        fleet,
        Slow(DEFAULT_KINDS, {}, {}, connected_at, is_expected, Timetables({}, {})),
        timedelta(),
        {},
    )


@pytest.mark.parametrize("heard_at", [None, AN_HOUR_AGO, NOW])
@pytest.mark.parametrize("connected_at", [None, AN_HOUR_AGO])
def test_ingest_that_is_down_comes_first(
    heard_at: datetime | None, connected_at: datetime | None
) -> None:
    """Whatever was heard, and also where no worker ever was."""
    assert doubt(look(heard_at, connected_at)) == Doubt(Cause.INGEST_DOWN, connected_at)


@pytest.mark.parametrize("heard_at", [None, AN_HOUR_AGO])
def test_silence_of_all_is_said(heard_at: datetime | None) -> None:
    """Unless no bus is expected out."""
    assert doubt(look(heard_at)) == Doubt(Cause.NOTHING_RECEIVED, heard_at)
    assert doubt(look(heard_at, is_expected=False)) is None


def test_a_replica_that_is_behind_comes_before_all() -> None:
    """What it says of ingest may be long over; a few seconds are usual."""
    behind = look(AN_HOUR_AGO, None)._replace(behind=timedelta(minutes=2))
    assert doubt(behind) == Doubt(Cause.REPLICA_BEHIND, NOW)
    assert doubt(look(SECONDS_AGO)._replace(behind=timedelta(seconds=15))) is None


def test_a_fleet_that_is_heard_is_not_doubted() -> None:
    """By a rejected report too; a clock ahead of ours is no reason for doubt."""
    assert doubt(look(SECONDS_AGO)) is None
    assert doubt(look(NOW + timedelta(hours=3))) is None
    assert doubt(look(None, rejected_at=SECONDS_AGO)) is None
