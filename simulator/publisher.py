"""Publish a fleet in real time: what simulate and the demo run."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from models.broker import BrokerAccess
from simulator.connection import BrokerConnection, Counts
from simulator.fleet import Fleet, OutgoingMessage
from simulator.pacing import slices

BEHIND_SECONDS = 1.0
"""Beyond this delay the publisher warns that it cannot keep up."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Progress:
    """How far a run has got; reported ten times a second."""

    counts: Counts
    elapsed_seconds: float
    behind_seconds: float
    """By how much the newest reports went out late."""


def publish(
    broker: BrokerAccess,
    fleet: Fleet,
    interval: timedelta,
    seconds: float | None,
    stop: threading.Event,
    on_progress: Callable[[Progress], None] | None = None,
) -> Counts:
    """Publish until the seconds are over or stop is set, and return the counts.

    The fleet's drops count from now. The reports of one interval are spread evenly over it. When
    the broker is away they wait, and go out late with the times at which they were observed.

    Raises:
        CannotPublish: the first connect failed; after later failures it reconnects.
    """
    connection = BrokerConnection(broker)
    connection.open()
    try:
        start = datetime.now(UTC)
        _run(connection, fleet.starting(start), interval, seconds, stop, on_progress)
        _send_all(connection, fleet.closing(datetime.now(UTC)), stop)
        connection.drain()
    finally:
        connection.close()
    return connection.counts


def _run(
    connection: BrokerConnection,
    fleet: Fleet,
    interval: timedelta,
    seconds: float | None,
    stop: threading.Event,
    on_progress: Callable[[Progress], None] | None,
) -> None:
    start, begun = fleet.start or datetime.now(UTC), time.monotonic()
    _send_all(connection, fleet.opening(start), stop)
    keeps_up = True
    for since, until, late in slices(start, seconds, stop.wait, begun=begun):
        _send_all(connection, fleet.due(since, until, interval), stop)
        if keeps_up and late > BEHIND_SECONDS:
            log.warning("simulator_fell_behind", seconds=round(late, 1))
        keeps_up = late <= BEHIND_SECONDS
        if on_progress:
            on_progress(Progress(connection.counts, (until - start).total_seconds(), late))


def _send_all(
    connection: BrokerConnection, messages: Iterable[OutgoingMessage], stop: threading.Event
) -> None:
    for message in messages:
        if not connection.send(message, stop):
            return
