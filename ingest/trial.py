"""A connection that only finds out what the broker grants: account, limits, subscriptions, TLS.

It must not harm a worker. A broker may give every connection of an account one session, which would
then be the worker's (Mosquitto: ``use_username_as_clientid``): so nothing of a session that is
there already is touched, and where a worker is connected with an account, nobody may try.
"""

import queue
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.broker_limits import limits_below
from ingest.errors import words_of
from models.broker import BrokerAccess
from models.finding import Finding, fault, ok, warning

_PATIENCE_S: Final = 10.0
_NETWORK_S: Final = 5.0
_CERTIFICATE_LEFT: Final = timedelta(days=21)


class NoAnswer(Exception):
    """The broker did not answer in time, or hung up."""


def reach(access: BrokerAccess) -> Iterator[Finding]:
    """Yield whether the broker answers, and until when its certificate is valid; log in nowhere."""
    url = access.url
    try:
        with socket.create_connection((url.host, url.port), timeout=_NETWORK_S) as plain:
            if not url.tls:
                yield ok("broker.reachable", broker=str(access))
                return
            context = access.tls_context()
            with context.wrap_socket(plain, server_hostname=url.host) as secured:
                yield ok("broker.reachable", broker=str(access))
                yield _certificate(secured.getpeercert() or {})
    except (OSError, ValueError) as error:
        yield fault("broker.unreachable", broker=str(access), error=words_of(error))


def try_out(access: BrokerAccess) -> Iterator[Finding]:
    """Yield what the broker grants to this account; no worker may be connected with it."""
    trial = _Trial(access)
    try:
        yield from trial.findings()
    except (NoAnswer, OSError, ValueError) as error:
        yield fault("broker.unreachable", broker=str(access), error=words_of(error))
    finally:
        trial.close()


def _certificate(certificate: Any) -> Finding:
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    say = ok if until - datetime.now(UTC) > _CERTIFICATE_LEFT else warning
    return say("broker.certificate", valid_until_at=until)


class _Trial:
    def __init__(self, access: BrokerAccess) -> None:
        self._access = access
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._client: paho.Client | None = None
        self._is_ours = True

    def findings(self) -> Iterator[Finding]:
        flags, reason, granted = self._connect()
        if (older := self._access.after_refusal(reason.value)) is not None:
            self._access = older
            flags, reason, granted = self._connect()
        if reason.is_failure:
            yield fault("broker.refused", broker=str(self._access), reason=str(reason))
            return
        account, version = self._access.url.username, "5" if self._access.mqtt5 else "3.1.1"
        if account is None:
            yield warning("broker.accepted_anonymous", version=version)
        else:
            yield ok("broker.accepted", account=account, version=version)
        self._is_ours = not flags.session_present
        if not self._is_ours:
            yield warning("broker.session_of_account", account=account)
            return
        if not self._access.mqtt5:
            yield warning("broker.mqtt_3_1_1")
        limits = limits_below(self._access, granted)
        yield from (
            warning(f"broker.{each.limit}", asked=each.asked, granted=each.granted)
            for each in limits
        )
        if self._access.mqtt5 and not limits:
            yield ok("broker.limits")
        yield from self._subscriptions(granted)

    def close(self) -> None:
        if self._client is not None and self._client.is_connected():
            if self._access.mqtt5 and self._is_ours:
                end = Properties(PacketTypes.DISCONNECT)
                end.SessionExpiryInterval = 0
                self._client.disconnect(properties=end)
            else:
                self._client.disconnect()
            self._client.loop_write()

    def _connect(self) -> tuple[Any, Any, Any]:
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"fleetgauge-check-{secrets.token_hex(8)}",
            clean_session=None if self._access.mqtt5 else True,
            protocol=MQTTProtocolVersion(self._access.version.level),
            transport=self._access.transport,
            manual_ack=True,
        )
        self._access.authenticate(client)
        client.connect_timeout = _NETWORK_S
        client.on_connect = lambda _c, _d, *told: self._events.put(("connect", told))
        client.on_subscribe = lambda _c, _d, _m, reasons, _p: self._events.put(
            ("subscribe", reasons)
        )
        options: dict[str, Any] = {}
        if self._access.mqtt5:
            # A session that is there stays there; one of ours ends as we leave.
            asked = Properties(PacketTypes.CONNECT)
            asked.SessionExpiryInterval = int(self._access.session_expiry.total_seconds())
            asked.ReceiveMaximum = 1
            options = {"clean_start": False, "properties": asked}
        client.connect(self._access.url.host, self._access.url.port, **options)
        flags, reason, granted = self._next("connect")
        return flags, reason, granted

    def _subscriptions(self, granted: Any) -> Iterator[Finding]:
        found = list(self._refused(self._access.topic_filters))
        offered = self._access.mqtt5 and getattr(granted, "SharedSubscriptionAvailable", True)
        if offered and not found:
            # In a group of our own, so that no message of the workers' is drawn away.
            group = f"fleetgauge-check-{secrets.token_hex(8)}"
            plain = [name for name in self._access.topic_filters if not name.startswith("$share/")]
            found += self._refused([f"$share/{group}/{name}" for name in plain])
        yield from found or [ok("broker.subscriptions")]

    def _refused(self, filters: Any) -> Iterator[Finding]:
        for name in filters:
            (reason,) = self._subscribe(name)
            if reason.is_failure:
                yield fault(
                    "broker.filter_refused",
                    account=self._access.url.username or "anonymous",
                    topic_filter=name,
                    reason=str(reason),
                )
            elif reason.value == 0:
                yield warning("broker.granted_qos_0", topic_filter=name)

    def _subscribe(self, name: str) -> Any:
        client = self._connected()
        if self._access.mqtt5:
            # 2: without the retained messages.
            client.subscribe(name, options=SubscribeOptions(qos=1, retainHandling=2))
        else:
            client.subscribe(name, 1)
        answer = self._next("subscribe")
        client.unsubscribe(name)
        return answer

    def _connected(self) -> paho.Client:
        if self._client is None:
            raise NoAnswer("not connected")
        return self._client

    def _next(self, wanted: str) -> Any:
        client, deadline = self._connected(), time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            if client.loop(0.1) != paho.MQTT_ERR_SUCCESS and self._events.empty():
                raise NoAnswer("it closed the connection")
            while not self._events.empty():
                kind, value = self._events.get()
                if kind == wanted:
                    return value
        raise NoAnswer(f"no answer within {_PATIENCE_S:g} s")
