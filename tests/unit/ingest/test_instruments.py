"""The histogram of delays: many at once count as one by one."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from ingest.instruments import BulkHistogram
from metrics import catalogue

NOW: Final = datetime(2026, 11, 26, 12, tzinfo=UTC)
METRIC: Final = catalogue.Metric(
    "fleet_age_seconds", catalogue.Kind.HISTOGRAM, "Ages.", buckets=(0.5, 1, 60)
)
AGES: Final = st.lists(
    st.sampled_from([timedelta(seconds=bound) for bound in (0, *METRIC.buckets)])
    | st.timedeltas(timedelta(days=-1), timedelta(days=31))
)


@given(st.lists(AGES, max_size=3))
def test_ages_count_as_in_a_histogram_of_prometheus_client(batches: list[list[timedelta]]) -> None:
    """Each bucket holds what is no older than its bound; what is yet to come has no age."""
    bulk, single = CollectorRegistry(), CollectorRegistry()
    histogram, usual = BulkHistogram(METRIC, bulk), catalogue.histogram(METRIC, single)
    for ages in batches:
        histogram.observe_ages(sorted(NOW - age for age in ages), NOW)
        for age in ages:
            usual.observe(max(age.total_seconds(), 0.0))
    assert _values(bulk) == pytest.approx(_values(single))


def _values(registry: CollectorRegistry) -> dict[str, float]:
    return {
        sample.name + sample.labels.get("le", ""): sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }
