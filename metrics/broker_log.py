"""Refused log-ins, counted from what Mosquitto says of them under $SYS.

It publishes its log there where its configuration says `log_dest topic`; docs/security.md says what
is in it, and what is not.
"""

from collections.abc import Callable, Container
from typing import Any, Final, Self

import structlog
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from prometheus_client import CollectorRegistry

from metrics import catalogue
from models.broker import BrokerAccess
from models.mosquitto_log import refused_login

TOPIC: Final = "$SYS/broker/log/N"
"""Where Mosquitto publishes the notices of its log."""
OTHER: Final = "other"
"""The label of accounts that are no operator's with vehicles in the fleet."""
KEEPALIVE_S: Final = 60
_LONGEST_WAIT_S: Final = 120

log = structlog.get_logger()


class BrokerLog:
    """Listen to the broker's log while the context lasts, on paho's thread."""

    def __init__(
        self,
        broker: BrokerAccess,
        operators: Callable[[], Container[str | None]],
        registry: CollectorRegistry,
    ) -> None:
        """Take the broker, and what is known of its accounts.

        Args:
            broker: with an account that may subscribe to ``TOPIC``.
            operators: those with vehicles in the fleet: whoever fails to log in makes up names, and
                each would be a series.
            registry: gets the metrics.

        Raises:
            OSError: a file of certificates cannot be read.
        """
        self._broker = broker
        self._operators = operators
        self._refused = catalogue.counter(catalogue.BROKER_LOGINS_REFUSED, registry)
        self._refused.labels(OTHER)
        self._up = catalogue.gauge(catalogue.BROKER_LOG_UP, registry)
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            protocol=MQTTProtocolVersion(broker.version.level),
            transport=broker.transport,
        )
        # A broker of another make may end the connection of who asks for this.
        self._client.reconnect_delay_set(1, _LONGEST_WAIT_S)
        broker.authenticate(self._client)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect_async(self._broker.url.host, self._broker.url.port, KEEPALIVE_S)
        self._client.loop_start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    # paho's callbacks, on its thread.

    def _on_connect(
        self, client: Client, _data: object, _flags: object, reason: Any, _props: object
    ) -> None:
        if not reason.is_failure:
            client.subscribe(TOPIC)
        elif self._broker.after_refusal(reason.value) is not None:
            self._give_up(client, reason)

    def _on_subscribe(
        self, client: Client, _data: object, _packet_id: int, reasons: list[Any], _props: object
    ) -> None:
        self._up.set(not reasons[0].is_failure)
        if reasons[0].is_failure:
            self._give_up(client, reasons[0])

    def _give_up(self, client: Client, reason: object) -> None:
        # No Mosquitto, or none that is set up for it: the metric says so.
        log.info("broker_log_not_told", broker=str(self._broker), reason=str(reason))
        client.disconnect()

    def _on_disconnect(self, *_told: object) -> None:
        self._up.set(0)

    def _on_message(self, _client: object, _data: object, message: MQTTMessage) -> None:
        account = refused_login(bytes(message.payload))
        if account is None:
            return
        operator = account.partition("/")[0]
        self._refused.labels(operator if operator in self._operators() else OTHER).inc()
        log.warning("broker_login_refused", account=account[:120])
