"""Reading out a session that is used no more, and ending it.

A broker keeps the session of a worker that is gone, and goes on queueing for it: Mosquitto gives
it its turn in a shared subscription as if it were there. When the session expires, what it holds
is lost.
"""

import time
from typing import Any

import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.errors import NoSuchSession, SessionKept
from ingest.inbox import Inbox
from ingest.instruments import Instruments
from ingest.subscriber import Subscriber
from models.broker import BrokerAccess

QUIET_SECONDS = 2.0
"""A broker that has sent nothing for so long, and has nothing to be acknowledged, has no more."""

log = structlog.get_logger()


class RetiringSubscriber(Subscriber):
    """Unsubscribe, receive what is left, and end the session once all of it is acknowledged.

    With MQTT 5, which alone lets a client end its session as it leaves.
    """

    def __init__(self, access: BrokerAccess, inbox: Inbox, instruments: Instruments) -> None:
        super().__init__(access, inbox, instruments)
        self._client.on_unsubscribe = self._on_unsubscribe
        self._heard_at = 0.0
        self._read_out = False
        self._is_there = True

    def _on_connect(
        self, client: object, data: object, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        # Only the first time: later it is a session that was lost while we read it out.
        if not reason.is_failure and self._connection == 0:
            self._is_there = flags.session_present
        super()._on_connect(client, data, flags, reason, properties)

    def _ask_for_messages(self) -> None:
        if self._is_there:
            self._client.unsubscribe(list(self._access.topic_filters))

    def _on_unsubscribe(self, *_arguments: Any) -> None:
        self._heard_at = time.monotonic()
        self._subscribed.set()

    def _read(self) -> None:
        super()._read()
        self._heard_at = time.monotonic()

    def _turn(self) -> None:
        super()._turn()
        if not self._is_there:
            # Our coming has made one.
            self._end_session()
            raise NoSuchSession(f"{self._access} has no session {self._access.client_id!r}")
        quiet = time.monotonic() - self._heard_at > QUIET_SECONDS
        if self.connected and quiet and not self._unacknowledged and self._wants_to_read():
            self._read_out = True
            self._inbox.close()

    def _say_goodbye(self) -> None:
        if self._unacknowledged or not (self._read_out and self.connected):
            super()._say_goodbye()
            raise SessionKept(f"session {self._access.client_id!r} is not read out: it stays")
        self._end_session()
        log.info("session_ended", broker=str(self._access), client_id=self._access.client_id)

    def _end_session(self) -> None:
        properties = Properties(PacketTypes.DISCONNECT)
        properties.SessionExpiryInterval = 0
        self._client.disconnect(properties=properties)
        self._client.loop_write()
