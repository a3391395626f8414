"""An hour of a small fleet in which every way to fail occurs, kept as the worker keeps it.

Before it, so that buses have something to lose: a quarter of an hour a year ago; and one good
report of every bus that was ever seen, its equipment working, ten minutes before the hour.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from models.decode import decode
from models.equipment import DEFAULT_KINDS, Flag
from models.indicator import TRACKABLE
from models.report import Fix, Report
from models.rules import Rules
from models.target import Scope, Target
from simulator.assignment import Fitting
from simulator.fleet import Fleet, OutgoingMessage
from simulator.scaling import scaled
from simulator.scenario import FailureMode, load_scenario
from storage.connection import connect
from storage.migrate import migrate
from storage.registry.importing import import_registry
from storage.targets import set_targets
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

VEHICLES: Final = 150
HOUR: Final = timedelta(hours=1)
STILL_TO_COME: Final = timedelta(minutes=10)
"""The hour is looked at before its end, so that slow tests find the buses on the road as well."""
INTERVAL: Final = timedelta(seconds=20)
YEAR_AGO: Final = timedelta(days=365)
QUARTER: Final = timedelta(minutes=15)
LAST_SEEN: Final = timedelta(minutes=10)
"""Before the hour."""
BATCH_MESSAGES: Final = 2_000
TARGETS: Final = {TRACKABLE: 0.793, "cctv": 0.86, "cashless": 1.0}


def store(url: str, vehicles: int = VEHICLES, *, year_ago: bool = True) -> Fleet:
    """Migrate a database, fill it with the hour around now, and return its fleet."""
    migrate(url)
    fleet = Fleet.build(scaled(load_scenario("ivanovo-2024"), vehicles))
    now = datetime.now(UTC)
    with connect(url, "test", autocommit=True) as connection:
        import_registry(
            connection,
            fleet.registry(),
            time_zone=fleet.scenario.time_zone,
            changed_by="test",
            source="ivanovo-2024",
            yes=True,
        )
        year = (now.date().replace(month=1, day=1), now.date().replace(month=12, day=31))
        targets = [Target(each, *year, ratio, Scope()) for each, ratio in TARGETS.items()]
        set_targets(connection, targets, set_by="test", source="test")
    with Writer(url, "test", fleet.scenario.time_zone) as writer:
        for batch in _history(fleet, now, year_ago=year_ago):
            writer.write(batch)
    return fleet


def _history(fleet: Fleet, now: datetime, *, year_ago: bool) -> Iterator[Batch]:
    if year_ago:
        then = now - YEAR_AGO
        yield from _batches(fleet.history(then, then + QUARTER, timedelta(minutes=1)))
    begins, ends = now + STILL_TO_COME - HOUR, now + STILL_TO_COME
    yield _once_seen(fleet, begins - LAST_SEEN)
    yield from _batches(fleet.history(begins, ends, INTERVAL))


def _once_seen(fleet: Fleet, at: datetime) -> Batch:
    batch = Batch()
    for bus in fleet.buses:
        if bus.entry and bus.mode is not FailureMode.NEVER_SEEN:
            place = bus.shuttle.at(at.timestamp())
            fix = Fix(place.latitude, place.longitude)
            fittings = {"cctv": bus.cctv, "cashless": bus.cashless}
            working = {kind: Flag(True, True) for kind, each in fittings.items() if _says(each)}
            report = Report(bus.vehicle, at, fix, DEFAULT_KINDS.bits(working))
            batch.add(Message(b"t", b"p", at), [report], [])
    return batch


def _says(fitting: Fitting) -> bool:
    """Whether the bus says if the equipment works."""
    return fitting.observed is not None and fitting.observed.working is not None


def _batches(messages: Iterator[OutgoingMessage]) -> Iterator[Batch]:
    while some := list(islice(messages, BATCH_MESSAGES)):
        yield _batch(some)


def _batch(messages: Iterable[OutgoingMessage]) -> Batch:
    batch = Batch()
    for message in messages:
        came = Message(message.topic.encode(), message.payload, message.sent_at)
        decoded = decode(*came, Rules())
        batch.add(came, decoded.reports, decoded.rejections)
    return batch
