"""What the feeds say of a vehicle, read back by the formats' own readers."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage

from models.gtfs.feed import Route
from storage.routes.timetables import Timetable, Timetables
from storage.shares.positions import VehiclePosition
from web.geojson import vehicles
from web.gtfs_realtime import in_timetables, vehicle_positions

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FULL = VehiclePosition(
    "ivpat-1", "17", "А123ВС37", "12", "t-1", NOW - timedelta(seconds=7), 57.0, 40.97, 8.5, 120.0
)
BARE = VehiclePosition("ivpat-2", "17", None, None, None, NOW, 57.1, 40.9, None, None)


def test_gtfs_realtime_holds_each_vehicle() -> None:
    """Every field that is known is there, and no other."""
    feed = FeedMessage.FromString(vehicle_positions([FULL, BARE], NOW))
    assert feed.header.timestamp == NOW.timestamp()
    first, second = (entity.vehicle for entity in feed.entity)
    assert (first.vehicle.id, first.vehicle.license_plate) == ("ivpat-1:17", "А123ВС37")
    assert (first.trip.route_id, first.trip.trip_id) == ("12", "t-1")
    assert first.timestamp == NOW.timestamp() - 7
    assert first.position.latitude == pytest.approx(57.0)
    assert not second.HasField("trip")
    assert not second.position.HasField("speed")


def test_no_vehicle_is_newer_than_its_feed() -> None:
    """A clock that is ahead within what is tolerated: the feed is as new, and no age below 0."""
    ahead = BARE._replace(fix_at=NOW + timedelta(seconds=55))
    feed = FeedMessage.FromString(vehicle_positions([ahead, FULL], NOW))
    assert feed.header.timestamp == NOW.timestamp() + 55
    assert feed.entity[0].vehicle.timestamp == NOW.timestamp() + 55
    (feature,) = json.loads(vehicles([ahead], NOW))["features"]
    assert feature["properties"]["age_seconds"] == 0


def test_the_feed_names_only_what_the_timetable_has() -> None:
    """A trip decides on the route; of another operator's timetable nothing is asked."""
    route = Route("24", "24", None, 3, None, None)
    timetable = Timetable({"24": route}, {}, {}, {"24-1": "24"})
    found = Timetables({"ivpat-1": 1}, {1: timetable})
    other = FULL._replace(operator_id="ivpat-2")
    said = [("12", "24-1"), ("24", "t-1"), ("12", "t-1"), (None, None)]
    positions = [FULL._replace(route_id=route, trip_id=trip) for route, trip in said]
    *ours, theirs = in_timetables([*positions, other], found)
    named = [(each.route_id, each.trip_id) for each in ours]
    assert named == [("24", "24-1"), ("24", None), (None, None), (None, None)]
    assert theirs == other


def test_empty_fleet_is_a_valid_feed() -> None:
    """A night without a bus is a feed without entities."""
    feed = FeedMessage.FromString(vehicle_positions([], NOW))
    assert feed.IsInitialized()
    assert not feed.entity


def test_geojson_places_longitude_first() -> None:
    """RFC 7946 has longitude, latitude; the age is against the moment asked about."""
    document = json.loads(vehicles([FULL, BARE], NOW))
    first, second = document["features"]
    assert first["geometry"]["coordinates"] == [40.97, 57.0]
    assert first["properties"]["age_seconds"] == 7.0
    assert second["properties"]["speed_mps"] is None
