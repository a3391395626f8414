"""Draining a session that is no longer used, and ending it.

A broker keeps the session of a worker that is gone, and goes on queueing for it: Mosquitto gives
it its turn in a shared subscription as if it were connected. When the session expires, what it
holds is lost.
"""

import time
from typing import Any

import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.buffered_client import BufferedClient
from ingest.client_id_claim import ClientIdClaim
from ingest.errors import NoSuchSession, SessionKept
from ingest.instruments import Instruments
from ingest.queue import MessageQueue
from ingest.subscriber import Subscriber
from models.broker import BrokerAccess

QUIET_SECONDS = 2.0
"""After this long without a message, all acknowledged, the session holds no more."""

log = structlog.get_logger()


class RetiringSubscriber(Subscriber):
    """Unsubscribe, receive what is left, and end the session once all of it is acknowledged.

    With MQTT 5, which alone lets a client end its session as it leaves.
    """

    def __init__(
        self,
        access: BrokerAccess,
        queue: MessageQueue,
        instruments: Instruments,
        claim: ClientIdClaim | None = None,
    ) -> None:
        super().__init__(access, queue, instruments, claim)
        self._read_at = 0.0
        self._drained = False
        self._exists = True

    def _on_connect(
        self, client: object, data: object, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        # Only the first time: later it is a session that was lost while being drained.
        if not reason.is_failure and self._connection == 0:
            self._exists = flags.session_present
        super()._on_connect(client, data, flags, reason, properties)

    def _make_client(self) -> BufferedClient:
        client = super()._make_client()
        client.on_unsubscribe = self._on_unsubscribe
        return client

    def _subscribe(self) -> None:
        if self._exists:
            self._client.unsubscribe(list(self._access.topic_filters))

    def _on_unsubscribe(self, *_arguments: Any) -> None:
        self._read_at = time.monotonic()
        self._subscribed.set()

    def _read(self) -> None:
        super()._read()
        self._read_at = time.monotonic()

    def _turn(self) -> None:
        super()._turn()
        if not self._exists:
            # Connecting has created one.
            self._end_session()
            raise NoSuchSession(f"{self._access} has no session {self._access.client_id!r}")
        quiet = time.monotonic() - self._read_at > QUIET_SECONDS
        idle = quiet and not self._in_flight.unacknowledged
        if self.connected and idle and self._wants_to_read():
            self._drained = True
            self._queue.close()

    def _disconnect(self) -> None:
        if self._in_flight.unacknowledged or not (self._drained and self.connected):
            super()._disconnect()
            raise SessionKept(f"session {self._access.client_id!r} is not drained: it stays")
        self._end_session()
        log.info("session_ended", broker=str(self._access), client_id=self._access.client_id)

    def _end_session(self) -> None:
        properties = Properties(PacketTypes.DISCONNECT)
        properties.SessionExpiryInterval = 0
        self._client.disconnect(properties=properties)
        self._client.loop_write()
