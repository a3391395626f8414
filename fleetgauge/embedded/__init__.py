"""The broker and the database that `fleetgauge demo` brings with it, from Python wheels alone."""

from fleetgauge.embedded.broker import EmbeddedBroker
from fleetgauge.embedded.database import EmbeddedDatabase
from fleetgauge.embedded.failure import EmbeddedPartFailed

__all__ = ["EmbeddedBroker", "EmbeddedDatabase", "EmbeddedPartFailed"]
