"""The self-probe: a report published like a bus's, then looked for in the database.

It goes all the way: broker, worker, transaction. Its duration is a gauge and not a histogram: one
probe is under way at a time, seldom more often than Prometheus scrapes, so a gauge shows each.
"""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

import structlog
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from prometheus_client import CollectorRegistry

from metrics import catalogue
from models import probe as report
from models.broker import BrokerAccess
from storage.errors import StorageError
from storage.reader import Reader
from storage.writing import probe as kept

PATIENCE_S: Final = 10.0
"""A probe that takes longer has failed."""

POLL_S: Final = 0.02
STATEMENT: Final = timedelta(seconds=4)
KEEPALIVE_S: Final = 10

log = structlog.get_logger()


class Probe:
    """Probe at an interval while the context lasts, on a thread of its own."""

    def __init__(
        self, broker: BrokerAccess, url: str, interval: timedelta, registry: CollectorRegistry
    ) -> None:
        """Take where to publish and where to look.

        Args:
            broker: where the worker subscribes.
            url: the database's.
            interval: from the start of one probe to that of the next.
            registry: gets the two metrics.

        Raises:
            OSError: the file of certificates cannot be read.
        """
        self._seconds = catalogue.gauge(catalogue.PROBE_SECONDS, registry)
        self._success = catalogue.gauge(catalogue.PROBE_SUCCESS, registry)
        self._broker = broker
        self._refusal = 0
        """The reason code of the last CONNACK."""
        self._refused = ""
        """What it said, if it was no."""
        self._client = self._make_client()
        self._reader = Reader(url, "fleetgauge probe", STATEMENT)
        self._interval = interval
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe", daemon=True)
        self._problem: str | None = None

    def __enter__(self) -> Self:
        self._connect()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ending.set()
        # A probe waiting for a dead network must not delay the end.
        self._thread.join(timeout=1)
        self._client.disconnect()

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                began = time.monotonic()
                problem = self._probed(began + PATIENCE_S)
                elapsed = time.monotonic() - began
                if not self._ending.is_set():
                    self._record(problem, elapsed)
                self._ending.wait(max(0.0, self._interval.total_seconds() - elapsed))
        finally:
            self._success.set(0)  # no probe runs any more
            self._reader.close()

    def _connect(self) -> None:
        url = self._broker.url
        self._client.connect_async(url.host, url.port, KEEPALIVE_S)
        self._client.loop_start()

    def _probed(self, deadline: float) -> str | None:
        while not self._client.is_connected():
            if older := self._broker.after_refusal(self._refusal):
                self._go_on_with(older)
            if not self._may_wait(deadline):
                return self._refused or "the broker does not answer, or not by TLS that we accept"
        observed_at = datetime.now(UTC)
        topic = self._broker.topic(report.TOPIC)
        self._client.publish(topic, report.payload(observed_at), qos=1)
        try:
            while not self._arrived(observed_at):
                if not self._may_wait(deadline):
                    return f"not in the database after {PATIENCE_S:.0f} s"
        except StorageError as error:
            return str(error)
        return None

    def _go_on_with(self, broker: BrokerAccess) -> None:
        log.warning("mqtt5_refused", broker=str(broker), version=str(broker.version))
        self._client.disconnect()
        self._client.loop_stop()
        self._broker = broker
        self._refusal = 0
        self._client = self._make_client()
        self._connect()

    def _arrived(self, observed_at: datetime) -> bool:
        newest = self._reader.ask(kept.newest)
        return newest is not None and newest >= observed_at

    def _may_wait(self, deadline: float) -> bool:
        return not self._ending.wait(POLL_S) and time.monotonic() < deadline

    def _record(self, problem: str | None, elapsed: float) -> None:
        self._seconds.set(elapsed)
        self._success.set(problem is None)
        if problem and not self._problem:  # one line per change, not per probe
            log.warning("probe_failed", error=problem)
        elif self._problem and not problem:
            log.info("probe_recovered")
        self._problem = problem

    def _make_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._broker.client_id,
            protocol=MQTTProtocolVersion(self._broker.version.level),
            transport=self._broker.transport,
        )
        client.reconnect_delay_set(1, 5)
        self._broker.authenticate(client)
        client.on_connect = self._on_connect
        return client

    def _on_connect(
        self, _client: object, _data: object, _flags: object, reason: Any, _props: object
    ) -> None:
        self._refusal = reason.value
        self._refused = f"the broker refused the connection: {reason}" if reason.is_failure else ""
