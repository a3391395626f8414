"""A simulated fleet loaded as if it had been received on a past day: no broker, no waiting."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from models.decode import decode
from models.rules import Rules
from simulator.fleet import Fleet
from simulator.scenario import load_scenario
from storage.connection import connect
from storage.registry.importing import import_registry
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

BATCH = 5_000
INTERVAL = timedelta(minutes=1)


def load_registry(url: str, scenario: str, entered_at: datetime) -> None:
    """Import the scenario's fleet list as if that had been done at a past moment."""
    fleet = Fleet.build(load_scenario(scenario))
    with connect(url, "test", autocommit=True) as connection:
        done = import_registry(
            connection,
            fleet.registry(),
            time_zone=fleet.scenario.time_zone,
            changed_by="test",
            source=scenario,
            claimed_at=entered_at,
            yes=True,
        )
        # The clock of the server is nothing that an import could set.
        moments = {"now": done.entered_at, "then": entered_at}
        for statement in (
            "update registry_change set entered_at = %(then)s where entered_at = %(now)s",
            "update registry_entry set known_from = %(then)s where known_from = %(now)s",
            "update registry_entry set known_to = %(then)s where known_to = %(now)s",
        ):
            connection.execute(statement, moments)


def load_day(url: str, scenario: str, day: date, lasting: timedelta) -> None:
    """Keep what the scenario's fleet publishes from ten minutes before a day's local noon on."""
    fleet = Fleet.build(load_scenario(scenario))
    local = datetime.combine(day, time(11, 50), ZoneInfo(fleet.scenario.time_zone))
    begins = local.astimezone(UTC)
    messages = fleet.history(begins, begins + lasting, INTERVAL)
    with Writer(url, "test", fleet.scenario.time_zone) as writer:
        while some := list(islice(messages, BATCH)):
            batch = Batch()
            for topic, payload, _, sent_at in some:
                message = Message(topic.encode(), payload, sent_at)
                batch.add(message, *decode(*message, Rules()))
            writer.write(batch)
