"""The network thread: reads from the broker into the queue, acknowledges what was committed."""

import contextlib
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any

import paho.mqtt.client as paho
import structlog
from paho.mqtt.reasoncodes import ReasonCode

from ingest.broker_limits import AT_MOST_ONCE, limits_below
from ingest.buffered_client import BufferedClient
from ingest.client_id_claim import ClientIdClaim
from ingest.errors import BrokerRefused, BrokerUnreachable, words_of
from ingest.in_flight import AMPLE, InFlight
from ingest.instruments import Instruments
from ingest.paho_private import topic_of
from ingest.publish_packets import Publish
from ingest.queue import Delivery, MessageQueue
from ingest.session import connect, make_client
from ingest.shared_subscriptions import shares
from models.broker import UNSUPPORTED_PROTOCOL_VERSION, BrokerAccess
from storage.broker_session import BrokerSession
from storage.writing.batch import Message

_CLOSE_SECONDS = 5
_RECONNECT_SECONDS = (0.2, 0.5, 1, 2, 5)
"""Waits between attempts after a connection that was lost; the last one repeats."""
_IDLE_SECONDS = 0.5
_GATHER_SECONDS = 0.01
"""After a read of few messages the next one waits so long, unless a commit wakes us: waking for
each of 1,000 messages in a second took more than twice the CPU of taking ten at once."""
_FEW = 50
_STEADY_SECONDS = 5
"""A connection that lasted so long makes the next wait the shortest again."""
_SUBACK_SECONDS = 1.0
"""For so long the start waits for SUBACK although the session's messages are coming."""
_NO_ANSWER = "no answer"
_SESSION_TAKEN_OVER = 0x8E
_FOR_GOOD = frozenset({UNSUPPORTED_PROTOCOL_VERSION, 0x85, 0x86, 0x87, 0x8A, 0x8C})
"""Reason codes of a CONNACK that trying again does not change: client id, credentials, banned
(MQTT 5.0, 3.2.2.2); paho gives those of 3.1.1 the same numbers."""
_OF_THE_ACCOUNT = frozenset({0x86, 0x87})
"""Bad user name or password, and not authorized, which Mosquitto says in its place."""
_REMEDY = ": see user and password in FLEETGAUGE_MQTT_URL"
_PACKET_IDS = 65_535
"""More cannot be in flight: packet ids have two bytes (MQTT 3.1.1, 2.3.1)."""

log = structlog.get_logger()


class Subscriber:
    """One session with the broker, on one thread of its own.

    All of paho runs on that thread. An acknowledgement belongs to the connection that delivered
    its message, and packet ids are used again after a reconnect: since reconnecting and
    acknowledging happen on the same thread, neither can come between the other.
    """

    def __init__(
        self,
        access: BrokerAccess,
        queue: MessageQueue,
        instruments: Instruments,
        claim: ClientIdClaim | None = None,
    ) -> None:
        self._access = access
        self._claim = claim
        self._queue = queue
        self._instruments = instruments
        self._client: BufferedClient
        self._connection = 0
        self._subscribed = threading.Event()
        self._subscribed_at = 0.0
        self._waits = _waits()
        self._problem = _NO_ANSWER
        self._warned_of = ""
        self._reading = True
        self._stopping = threading.Event()
        self.session = BrokerSession()
        """What is known of it; replaced on the thread, read by any."""
        self._failure: BaseException | None = None
        self._arrived: list[Delivery] = []
        self._arrived_at = datetime.now(UTC)
        self._in_flight = _in_flight(access)
        self._catching_up = False
        self._granted: Any = None
        """CONNACK's properties."""
        self._shares: bool | None = None
        """Whether the broker has shared subscriptions; None: not known."""
        self._alive_at = 0.0
        self._few_arrived = False
        """By the last read, so that the next one waits for more to come."""
        self._committed: deque[Sequence[Delivery]] = deque()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self.on_failure: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Connect and subscribe; return early after ``stop_reading``.

        Raises:
            BrokerUnreachable: nothing answers there, or the start's timeout is over.
            BrokerRefused: it refused the connection for good, or every topic filter.
            ClientIdTaken: another worker uses the client id.
            StorageError: that cannot be found out.
        """
        if self._claim is not None:
            self._claim.take(interrupted=lambda: not self._reading)
            self.session = self._claim.session()
            self._instruments.session(self.session)
        try:
            self._connect()
        except (OSError, ValueError) as error:
            # ValueError: no host can have this name.
            raise BrokerUnreachable(f"{self._access}: {words_of(error)}") from error
        self._thread.start()
        seconds = self._access.start_timeout.total_seconds()
        started = time.monotonic()
        deadline = started + seconds
        while self._reading and not self._subscribed.wait(0.05):
            if self._delivers and time.monotonic() - started > _SUBACK_SECONDS:
                # rumqttd sends no SUBACK before what it has in flight is acknowledged.
                return
            if self._failure is not None:
                self._thread.join()
                raise self._failure
            if time.monotonic() > deadline:
                self.stop_reading()
                self.close()
                raise BrokerUnreachable(
                    f"{self._access}: not subscribed within {seconds:g} s: {self._problem}"
                )

    @property
    def connected(self) -> bool:
        """Tell whether we are connected and subscribed."""
        return self._subscribed.is_set()

    @property
    def _delivers(self) -> bool:
        """Tell whether the broker sends what the session holds, by subscriptions it remembers."""
        return self._catching_up and self._in_flight.unacknowledged > 0

    @property
    def failure(self) -> BaseException | None:
        """What ended the thread, if anything."""
        return self._failure

    def acknowledge(self, committed: Sequence[Delivery]) -> None:
        """Acknowledge messages, after their commit; from any thread."""
        self._committed.append(committed)
        self._wake()

    def stop_reading(self) -> None:
        """Read no more from the broker; acknowledging goes on."""
        self._reading = False
        self._wake()

    def fail(self, error: Exception) -> None:
        """End the thread as if this had gone wrong on it; from any thread."""
        self._failure = self._failure or error
        self._stopping.set()
        self._wake()
        self.on_failure()

    def close(self) -> None:
        """Send the pending acknowledgements, disconnect, end the thread. The session stays."""
        self._stopping.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout=_CLOSE_SECONDS)
        if self._claim is not None:
            self._claim.release()

    # The thread.

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._turn()
            self._disconnect()
        except BaseException as error:  # noqa: BLE001 (a thread's top: `start` or the service raise it)
            self._failure = error
            self._subscribed.clear()
            self.on_failure()

    def _turn(self) -> None:
        if self._client.socket() is None:
            self._reconnect()
            return
        if self._few_arrived:
            self._few_arrived = False
            select.select([self._wake_read], [], [], _GATHER_SECONDS)
        readable = self._wait()
        if readable:
            self._read()
        if self._client.socket() is None:
            return
        self._send_acknowledgements()
        all_read = not readable and self._wants_to_read()
        if all_read and self._subscribed.is_set() and not self._in_flight.unacknowledged:
            self._catching_up = False
        self._keep_alive(all_read=all_read)
        self._client.write()

    def _keep_alive(self, *, all_read: bool) -> None:
        now = time.monotonic()
        if all_read:
            self._client.loop_misc()
            self._alive_at = now
        elif now - self._alive_at > self._access.keepalive.total_seconds() / 2:
            # The answer to a ping waits unread behind the messages: paho would take the silence for
            # a dead connection, and so would the broker take ours.
            self._client.ping()
            self._alive_at = now

    def _wants_to_read(self) -> bool:
        return self._reading and self._queue.has_room()

    def _wait(self) -> bool:
        wants_to_read = self._wants_to_read()
        if wants_to_read and self._client.readable:
            return True
        sock: Any = self._client.socket()
        to_read = [sock.fileno()] if wants_to_read else []
        to_write = [sock.fileno()] if self._client.unsent else []
        readable, _, _ = select.select([*to_read, self._wake_read], to_write, [], _IDLE_SECONDS)
        if self._wake_read in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)
        return any(number in readable for number in to_read)

    def _read(self) -> None:
        self._arrived_at = datetime.now(UTC)
        self._client.read_available(self._on_publishes)
        if self._arrived:
            now = time.monotonic()
            self._in_flight.received(sum(delivery.qos > 0 for delivery in self._arrived), now)
            self._instruments.received(len(self._arrived), self._in_flight.unacknowledged)
            self._queue.limit = self._in_flight.limit
            self._queue.put(self._arrived)
            self._few_arrived = len(self._arrived) < _FEW and self._in_flight.limit > AMPLE
            self._arrived = []
            self._warn_if_held_back(now)

    def _warn_if_held_back(self, now: float) -> None:
        if (rate := self._in_flight.held_back(now)) is not None:
            log.warning(
                "broker_in_flight_limit_binds",
                broker=str(self._access),
                limit=self._in_flight.limit,
                messages_per_second=round(rate),
                remedy="raise the broker's limit of unacknowledged messages to a client",
            )

    def _send_acknowledgements(self) -> None:
        packet_ids = [
            delivery.packet_id
            for deliveries in self._taken_from_committed()
            for delivery in deliveries
            if delivery.qos > 0 and delivery.connection == self._connection
        ]
        if packet_ids:
            self._client.acknowledge(packet_ids)
            self._in_flight.acknowledged(len(packet_ids), time.monotonic())
            self._instruments.acknowledged(len(packet_ids), self._in_flight.unacknowledged)

    def _taken_from_committed(self) -> Iterator[Sequence[Delivery]]:
        while self._committed:
            yield self._committed.popleft()

    def _reconnect(self) -> None:
        while not self._stopping.wait(next(self._waits)):
            self._committed.clear()
            if not self._wants_to_read():
                continue
            try:
                self._connect()
            except OSError as error:
                self._problem = words_of(error)
                self._warn("broker_unreachable")
            else:
                return

    def _disconnect(self) -> None:
        if self._client.socket() is not None:
            self._send_acknowledgements()
            self._client.disconnect()
            # Closes the socket behind the DISCONNECT, which sends what still waits.
            self._client.loop_write()

    # paho's callbacks; they run on the thread too.

    def _on_connect(
        self, _client: object, _data: object, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        if reason.is_failure:
            self._connection_refused(reason)
            return
        self._connection += 1
        self._in_flight.connected()
        # Until it has nothing more for us, the broker delivers what it kept in the session.
        self._catching_up = bool(flags.session_present)
        if self.session.known and not flags.session_present:
            self.session = self.session._replace(lost_at=datetime.now(UTC))
            self._instruments.session_lost(self.session)
            log.warning("session_lost", broker=str(self._access), client_id=self._access.client_id)
        self.session = self.session._replace(known=bool(self._access.session_expiry))
        if not self._access.mqtt5:
            # Its queue and how long it keeps a session, no packet tells.
            log.info("broker_limits_not_told", broker=str(self._access), see="docs/brokers.md")
        for limit in limits_below(self._access, properties):
            log.warning("broker_limit_below_ours", **limit._asdict())
        self._granted = properties
        self._subscribe()

    def _connection_refused(self, reason: ReasonCode) -> None:
        if (older := self._access.after_refusal(reason.value)) is not None:
            log.warning("mqtt5_refused", broker=str(older), version=str(older.version))
            self._access, self._in_flight, self._waits = older, _in_flight(older), _waits()
        elif reason.value in _FOR_GOOD:
            remedy = _REMEDY if reason.value in _OF_THE_ACCOUNT else ""
            raise BrokerRefused(f"{self._access} refused the connection: {reason}{remedy}")
        else:
            self._problem = f"it refused the connection: {reason}"
            self._warn("connection_refused")

    def _warn(self, event: str) -> None:
        # A line for each other problem, not for each attempt: there are thousands in a night.
        if self._problem != self._warned_of:
            log.warning(event, broker=str(self._access), error=self._problem)
        self._warned_of = self._problem

    def _subscribe(self) -> None:
        if self._access.shared_filters and not self._shares:
            self._check_sharing()
        self._client.subscribe([(name, 1) for name in self._access.topic_filters])

    def _check_sharing(self) -> None:
        self._shares = shares(self._access, self._granted)
        if self._shares is None:
            log.warning("shared_subscriptions_not_proved", broker=str(self._access))
        elif not self._shares:
            raise BrokerRefused(
                f"{self._access} has no shared subscriptions, so ingest would receive nothing: "
                "run one worker without $share/ in FLEETGAUGE_TOPICS, or set "
                "FLEETGAUGE_WORKERS_SHARE=filters"
            )

    def _on_subscribe(
        self, _client: object, _data: object, _packet_id: int, reasons: list[Any], _props: object
    ) -> None:
        refused = {
            name: str(reason)
            for name, reason in zip(self._access.topic_filters, reasons, strict=True)
            if reason.is_failure
        }
        subscribed = [name for name in self._access.topic_filters if name not in refused]
        if not subscribed:
            listed = ", ".join(f"{name} ({reason})" for name, reason in refused.items())
            raise BrokerRefused(f"{self._access} refused to subscribe to {listed}")
        granted = zip(self._access.topic_filters, reasons, strict=True)
        for name in (name for name, reason in granted if reason.value == 0):
            log.warning("granted_qos_0", topic_filter=name, consequence=AT_MOST_ONCE)
        for name, reason in refused.items():
            log.warning("topic_filter_refused", topic_filter=name, reason=reason)
        self._instruments.broker_connected(True)
        self._subscribed_at = time.monotonic()
        self._subscribed.set()
        self._warned_of = ""
        log.info("subscribed", broker=str(self._access), topics=subscribed)

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, _props: object
    ) -> None:
        if self._subscribed.is_set() and time.monotonic() - self._subscribed_at > _STEADY_SECONDS:
            self._waits = _waits()
        self._subscribed.clear()
        self._instruments.broker_connected(False)
        if reason.value == _SESSION_TAKEN_OVER and not self._stopping.is_set():
            self.session = self.session._replace(taken_over_at=datetime.now(UTC))
            self._instruments.session(self.session)
            raise BrokerRefused(
                f"another client connected to {self._access} with the client id "
                f"{self._access.client_id!r}: each worker needs its own"
            )
        if self._problem is _NO_ANSWER:
            self._problem = "it closed the connection"
        tell = log.info if self._stopping.is_set() else log.warning
        tell("disconnected", broker=str(self._access), reason=str(reason))

    def _on_publishes(self, publishes: list[Publish]) -> None:
        at, connection, waited = self._arrived_at, self._connection, self._catching_up
        self._arrived += [
            Delivery(Message(topic, payload, at), packet_id, qos, retained, connection, waited)
            for topic, payload, packet_id, qos, retained in publishes
        ]

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        # A message whose topic is not UTF-8 has to be accounted for, too.
        self._arrived.append(
            Delivery(
                Message(topic_of(message), bytes(message.payload), self._arrived_at),
                message.mid,
                message.qos,
                message.retain,
                self._connection,
                self._catching_up,
            )
        )

    # Making and waking.

    def _make_client(self) -> BufferedClient:
        client = make_client(self._access)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _connect(self) -> None:
        self._client, self._problem = self._make_client(), _NO_ANSWER
        connect(self._client, self._access)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"\0")


def _waits() -> Iterator[float]:
    return chain(_RECONNECT_SECONDS, repeat(_RECONNECT_SECONDS[-1]))


def _in_flight(access: BrokerAccess) -> InFlight:
    return InFlight(access.receive_maximum if access.mqtt5 else _PACKET_IDS)
