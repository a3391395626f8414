"""What Mosquitto keeps, and the memory that this takes, by what it says of its messages under $SYS.

It says how much memory it has allocated, too (`heap/current`), and less reliably: the official
image of 2.0 not at all, and up to 2.0.21 less and less with each change of an account.
"""

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from metrics import catalogue

COUNT: Final = "$SYS/broker/store/messages/count"
BYTES: Final = "$SYS/broker/store/messages/bytes"
"""Of the payloads alone."""
OVERHEAD_BYTES: Final = 350
"""Of a message beside its payload; 320 to 340 were measured, with glibc and with musl."""


class BrokerMemory(Collector):
    """Exposes both while the broker tells them."""

    topics: Final = (COUNT, BYTES)

    def __init__(self, limit: int, registry: CollectorRegistry) -> None:
        """Take the bytes of memory that the broker may take."""
        self._limit = limit
        self._newest: dict[str, int] = {}
        registry.register(self)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name the metrics, which are absent at first."""
        return (_family(metric) for metric in catalogue.BROKER_MEMORY)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield what was told last."""
        newest = self._newest
        if len(newest) < len(self.topics):
            return
        taken = newest[BYTES] + OVERHEAD_BYTES * newest[COUNT]
        yield _family(catalogue.BROKER_KEPT_MESSAGES, newest[COUNT])
        yield _family(catalogue.BROKER_KEPT_BYTES, taken)
        yield _family(catalogue.BROKER_MEMORY_LIMIT, self._limit)

    def listening(self, granted: bool) -> None:
        """Forget what was told by a broker that is away."""
        if not granted:
            self._newest = {}

    def told(self, topic: str, payload: bytes) -> None:
        """Take a number; a broker of another make may say something else there."""
        if payload.isdigit():
            self._newest = {**self._newest, topic: int(payload)}


def _family(metric: catalogue.Metric, *values: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.name, metric.help)
    for value in values:
        family.add_metric((), value)
    return family
