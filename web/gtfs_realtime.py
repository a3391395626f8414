"""The fleet as a GTFS-Realtime feed of vehicle positions (GTFS Realtime reference, v2.0)."""

from collections.abc import Iterable
from datetime import datetime

from google.protobuf.json_format import MessageToJson
from google.transit.gtfs_realtime_pb2 import (
    FeedEntity,
    FeedHeader,
    FeedMessage,
    TripDescriptor,
)

from storage.routes.timetables import Timetable, Timetables
from storage.shares.positions import VehiclePosition

CONTENT_TYPE = "application/x-protobuf"


def vehicle_positions(positions: Iterable[VehiclePosition], now: datetime) -> bytes:
    """Return a whole feed, serialized: one entity a vehicle, ``operator:vehicle`` its id.

    Its timestamp is now, or that of the newest position: a bus's clock may be ahead of ours, and
    no entity may be newer than its feed (GTFS Realtime reference, FeedHeader; validator rule E012).
    """
    return bytes(_feed(positions, now).SerializeToString())


def vehicle_positions_json(positions: Iterable[VehiclePosition], now: datetime) -> bytes:
    """Return the same feed in protobuf's JSON, for people to read; names are the reference's."""
    text: str = MessageToJson(
        _feed(positions, now), preserving_proto_field_name=True, indent=None, ensure_ascii=False
    )
    return text.encode()


def in_timetables(
    positions: Iterable[VehiclePosition], timetables: Timetables
) -> list[VehiclePosition]:
    """Return positions that name only such routes and trips as their timetable has.

    An app looks both up there, and one that it does not find makes the whole feed wrong for it
    (GTFS Realtime reference, TripDescriptor; validator rules E003, E004, E035). A trip decides on
    the route. Without a timetable positions stay as they are.
    """
    return [_in_timetable(each, timetables.of(each.operator_id)) for each in positions]


def _in_timetable(seen: VehiclePosition, timetable: Timetable | None) -> VehiclePosition:
    if timetable is None:
        return seen
    if seen.trip_id in timetable.trips:
        return seen._replace(route_id=timetable.trips[seen.trip_id])
    is_route = seen.route_id in timetable.routes
    return seen._replace(trip_id=None, route_id=seen.route_id if is_route else None)


def _feed(positions: Iterable[VehiclePosition], now: datetime) -> FeedMessage:
    entities = [_entity(each) for each in positions]
    newest = max((entity.vehicle.timestamp for entity in entities), default=0)
    header = FeedHeader(
        gtfs_realtime_version="2.0",
        incrementality=FeedHeader.FULL_DATASET,
        timestamp=max(int(now.timestamp()), newest),
    )
    return FeedMessage(header=header, entity=entities)


def _entity(seen: VehiclePosition) -> FeedEntity:
    entity = FeedEntity(id=f"{seen.operator_id}:{seen.vehicle_id}")
    vehicle = entity.vehicle
    vehicle.timestamp = int(seen.fix_at.timestamp())
    vehicle.vehicle.id = entity.id
    vehicle.vehicle.label = seen.vehicle_id
    if seen.plate is not None:
        vehicle.vehicle.license_plate = seen.plate
    vehicle.position.latitude = seen.latitude
    vehicle.position.longitude = seen.longitude
    if seen.bearing_deg is not None:
        vehicle.position.bearing = seen.bearing_deg
    if seen.speed_mps is not None:
        vehicle.position.speed = seen.speed_mps
    if seen.trip_id is not None:
        vehicle.trip.trip_id = seen.trip_id
        vehicle.trip.schedule_relationship = TripDescriptor.SCHEDULED
    if seen.route_id is not None:
        vehicle.trip.route_id = seen.route_id
    return entity
