"""Errors that Mosquitto logs under $SYS: above all that it cannot save its sessions."""

from typing import Final

import structlog
from prometheus_client import CollectorRegistry

from metrics import catalogue
from models.mosquitto_log import error_of

TOPIC: Final = "$SYS/broker/log/E"
"""Where Mosquitto publishes the errors of its log."""

log = structlog.get_logger()


class BrokerErrors:
    """Counts them, but for those of a client's TLS."""

    topics: Final = (TOPIC,)

    def __init__(self, registry: CollectorRegistry) -> None:
        """Take the registry that gets the metric."""
        self._errors = catalogue.counter(catalogue.BROKER_ERRORS, registry)

    def listening(self, _granted: bool) -> None:
        """Change nothing: `fleet_broker_log_up` shows whether the broker publishes its log."""

    def told(self, _topic: str, payload: bytes) -> None:
        """Count an error, and log it: it says what to look for."""
        if (error := error_of(payload)) is not None:
            self._errors.inc()
            log.warning("broker_logged_error", error=error[:200])
