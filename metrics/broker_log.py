"""Refused log-ins, counted from what Mosquitto says of them under $SYS.

It publishes its log there where its configuration says `log_dest topic`; docs/security.md says what
is in it, and what is not.
"""

from collections.abc import Callable, Container
from typing import Final

import structlog
from prometheus_client import CollectorRegistry

from metrics import catalogue
from models.mosquitto_log import refused_login

TOPIC: Final = "$SYS/broker/log/N"
"""Where Mosquitto publishes the notices of its log."""
OTHER: Final = "other"
"""The label of accounts that are no operator's with vehicles in the fleet."""

log = structlog.get_logger()


class BrokerLog:
    """Counts the refused log-ins in the broker's log."""

    topics: Final = (TOPIC,)

    def __init__(
        self, operators: Callable[[], Container[str | None]], registry: CollectorRegistry
    ) -> None:
        """Take what is known of the accounts.

        Args:
            operators: those with vehicles in the fleet: whoever fails to log in makes up names, and
                each would be a series.
            registry: gets the metrics.
        """
        self._operators = operators
        self._refused = catalogue.counter(catalogue.BROKER_LOGINS_REFUSED, registry)
        self._refused.labels(OTHER)
        self._up = catalogue.gauge(catalogue.BROKER_LOG_UP, registry)

    def listening(self, granted: bool) -> None:
        """Show whether anything is counted."""
        self._up.set(granted)

    def told(self, _topic: str, payload: bytes) -> None:
        """Count a line of the log that refuses a log-in."""
        account = refused_login(payload)
        if account is None:
            return
        operator = account.partition("/")[0]
        self._refused.labels(operator if operator in self._operators() else OTHER).inc()
        log.warning("broker_login_refused", account=account[:120])
