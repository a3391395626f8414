"""Several workers' metrics as one: what each of them exports, added up.

Not prometheus_client's multiprocess mode: that is switched on by the environment for the whole
process, leaves a file behind for each process that ever ran, and has no custom collectors.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from metrics import catalogue

Series = tuple[str, frozenset[tuple[str, str]]]
Values = Mapping[Series, float]

GAUGES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    catalogue.INGEST_UNACKNOWLEDGED_MESSAGES.name: sum,
    # All of them: while a worker is away its share of the messages waits.
    catalogue.INGEST_BROKER_CONNECTED.name: min,
    catalogue.INGEST_DATABASE_UP.name: min,
    catalogue.INGEST_LAST_COMMIT_TIMESTAMP_SECONDS.name: max,
    catalogue.INGEST_SESSION_LOST_TIMESTAMP_SECONDS.name: max,
    catalogue.INGEST_SESSION_TAKEN_OVER_TIMESTAMP_SECONDS.name: max,
}
"""How a gauge of several workers becomes one; counters and histograms are added."""


class MergedMetrics(Collector):
    """Add up what workers export, ended ones included, so that no counter decreases."""

    def __init__(
        self, template: str, numbers: Sequence[int], ask: Callable[[int], str | None]
    ) -> None:
        """Take the workers and how to ask them.

        Args:
            template: the metrics text of an idle worker: its series, all at 0.
            numbers: the workers'.
            ask: returns a worker's metrics text, None if it does not answer.
        """
        self._families = list(text_string_to_metric_families(template))
        self._numbers = numbers
        self._ask = ask
        self._newest: dict[int, Values] = {}
        self._former: Counter[Series] = Counter()
        self._lock = threading.Lock()

    def retire(self, number: int) -> None:
        """Keep the last known counts of a worker that has ended."""
        with self._lock:
            self._former.update(self._newest.pop(number, {}))

    def collect(self) -> Iterator[Metric]:
        """Ask all workers and yield the sums; one that does not answer keeps its last values."""
        with self._lock:
            for number in self._numbers:
                if text := self._ask(number):
                    self._newest[number] = _values(text)
            yield from [self._merged(family) for family in self._families]

    def _merged(self, family: Metric) -> Metric:
        merged = Metric(family.name, family.documentation, family.type)
        for sample in family.samples:
            merged.add_sample(sample.name, sample.labels, self._value(family, _series(sample)))
        return merged

    def _value(self, family: Metric, series: Series) -> float:
        values = [self._newest.get(number, {}).get(series, 0.0) for number in self._numbers]
        if family.type == "gauge":
            return GAUGES[family.name](values)
        return self._former[series] + sum(values)


def _values(text: str) -> Values:
    families = text_string_to_metric_families(text)
    return {_series(sample): sample.value for family in families for sample in family.samples}


def _series(sample: Sample) -> Series:
    return sample.name, frozenset(sample.labels.items())
