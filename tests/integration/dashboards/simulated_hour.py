"""An hour of a small fleet in which every way to fail occurs, kept as the worker keeps it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from models.decode import decode
from models.indicator import Indicator
from models.rules import Rules
from models.target import Scope, Target
from simulator.fleet import Fleet, OutgoingMessage
from simulator.scenario import load_scenario
from storage.batch import Batch, Message
from storage.connection import connect
from storage.migrate import migrate
from storage.registry_import import import_registry
from storage.targets import set_targets
from storage.writer import Writer

VEHICLES: Final = 150
HOUR: Final = timedelta(hours=1)
INTERVAL: Final = timedelta(seconds=20)
BATCH_MESSAGES: Final = 2_000
TARGETS: Final = {Indicator.TRACKABLE: 0.793, Indicator.CCTV: 0.86, Indicator.CASHLESS: 1.0}


def store(url: str) -> Fleet:
    """Migrate a database, fill it with the hour that ends now, and return its fleet."""
    migrate(url)
    fleet = Fleet.build(load_scenario("ivanovo-2024").scaled(VEHICLES))
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
        for batch in _batches(fleet.history(now - HOUR, now, INTERVAL)):
            writer.write(batch)
    return fleet


def _batches(messages: Iterator[OutgoingMessage]) -> Iterator[Batch]:
    while some := list(islice(messages, BATCH_MESSAGES)):
        yield _batch(some)


def _batch(messages: Iterable[OutgoingMessage]) -> Batch:
    batch = Batch()
    for message in messages:
        came = Message(message.topic.encode(), message.payload, message.sent_at)
        decoded = decode(*came, Rules())
        batch.add(came, decoded.reports, decoded.refusals)
    return batch
