"""Several workers' metrics become one."""

import pytest
from prometheus_client import CollectorRegistry

from metrics import catalogue
from metrics.merged import GAUGES, MergedMetrics

TEMPLATE = """\
# TYPE fleet_ingest_reports_total counter
fleet_ingest_reports_total{outcome="stored"} 0
# TYPE fleet_ingest_broker_connected gauge
fleet_ingest_broker_connected 0
# TYPE fleet_ingest_unacknowledged_messages gauge
fleet_ingest_unacknowledged_messages 0
# TYPE fleet_ingest_commit_seconds histogram
fleet_ingest_commit_seconds_bucket{le="1.0"} 0
fleet_ingest_commit_seconds_bucket{le="+Inf"} 0
fleet_ingest_commit_seconds_count 0
fleet_ingest_commit_seconds_sum 0
"""


def _text(reports: int, connected: int = 1) -> str:
    return f"""\
# TYPE fleet_ingest_reports_total counter
fleet_ingest_reports_total{{outcome="stored"}} {reports}
# TYPE fleet_ingest_broker_connected gauge
fleet_ingest_broker_connected {connected}
# TYPE fleet_ingest_unacknowledged_messages gauge
fleet_ingest_unacknowledged_messages 7
# TYPE fleet_ingest_commit_seconds histogram
fleet_ingest_commit_seconds_bucket{{le="1.0"}} 1
fleet_ingest_commit_seconds_bucket{{le="+Inf"}} 2
fleet_ingest_commit_seconds_count 2
fleet_ingest_commit_seconds_sum 3.5
"""


class Workers:
    """Two workers' texts, and what they are merged into."""

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}
        self.merged = MergedMetrics(TEMPLATE, [1, 2], self.texts.get)
        self._registry = CollectorRegistry()
        self._registry.register(self.merged)

    def value(self, name: str, **labels: str) -> float | None:
        """Ask the workers, and return one merged value."""
        return self._registry.get_sample_value(name, labels)

    def stored(self) -> float | None:
        """Ask the workers, and return their stored reports."""
        return self.value("fleet_ingest_reports_total", outcome="stored")


@pytest.fixture
def workers() -> Workers:
    return Workers()


def test_series_are_there_before_any_worker(workers: Workers) -> None:
    """Until the first worker answers, every series is at 0."""
    assert workers.stored() == 0
    assert workers.value("fleet_ingest_commit_seconds_bucket", le="+Inf") == 0


def test_counters_and_histograms_are_added(workers: Workers) -> None:
    """What is counted is the sum of what the workers counted."""
    workers.texts.update({1: _text(10), 2: _text(5)})
    assert workers.stored() == 15
    assert workers.value("fleet_ingest_commit_seconds_bucket", le="1.0") == 2
    assert workers.value("fleet_ingest_commit_seconds_sum") == 7
    assert workers.value("fleet_ingest_unacknowledged_messages") == 14


def test_connected_means_all_of_them(workers: Workers) -> None:
    """One worker away, or not there yet, and its share of the messages waits."""
    workers.texts[1] = _text(0)
    assert workers.value("fleet_ingest_broker_connected") == 0
    workers.texts[2] = _text(0)
    assert workers.value("fleet_ingest_broker_connected") == 1
    workers.texts[2] = _text(0, connected=0)
    assert workers.value("fleet_ingest_broker_connected") == 0


def test_no_counter_goes_back(workers: Workers) -> None:
    """A worker that does not answer, has died, or starts again takes nothing away."""
    workers.texts.update({1: _text(10), 2: _text(5)})
    assert workers.stored() == 15
    del workers.texts[1]
    assert workers.stored() == 15
    workers.merged.retire(1)
    assert workers.stored() == 15
    assert workers.value("fleet_ingest_unacknowledged_messages") == 7
    workers.texts[1] = _text(1)
    assert workers.stored() == 16


def test_every_gauge_of_the_worker_has_its_rule() -> None:
    """A gauge that is new in the catalogue needs a word on how several become one."""
    gauges = {item.name for item in catalogue.INGEST if item.kind is catalogue.Kind.GAUGE}
    assert set(GAUGES) == gauges
