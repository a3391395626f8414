"""The catalogue against the text of the output that it leads to."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from metrics import catalogue
from metrics.catalogue import Kind, Metric

MAKE = {
    Kind.COUNTER: catalogue.counter,
    Kind.GAUGE: catalogue.gauge,
    Kind.HISTOGRAM: catalogue.histogram,
}


def output(metric: Metric) -> str:
    registry = CollectorRegistry()
    MAKE[metric.kind](metric, registry)
    return generate_latest(registry).decode()


@pytest.mark.parametrize("metric", catalogue.ALL, ids=lambda metric: metric.name)
def test_name_and_kind_come_out_as_catalogued(metric: Metric) -> None:
    """The name on `/metrics` is the contract's, a counter's `_total` included."""
    assert f"# TYPE {metric.name} {metric.kind}" in output(metric).splitlines()
    assert (metric.kind is Kind.COUNTER) == metric.name.endswith("_total")


@pytest.mark.parametrize("metric", catalogue.INGEST, ids=lambda metric: metric.name)
def test_closed_label_sets_start_at_zero(metric: Metric) -> None:
    """Before anything happened, each value of a closed set is there, as 0."""
    families = text_string_to_metric_families(output(metric))
    values = {
        tuple(sample.labels[name] for name in metric.label_names): sample.value
        for family in families
        for sample in family.samples
        if sample.name == metric.name
    }
    if metric.kind is not Kind.HISTOGRAM:
        assert values == dict.fromkeys(metric.closed_values(), 0.0)


def test_names_are_unique() -> None:
    """No metric is listed twice."""
    names = [metric.name for metric in catalogue.ALL]
    assert len(names) == len(set(names))


def test_histograms_alone_have_buckets_and_they_rise() -> None:
    """Buckets belong to histograms, in rising order."""
    for metric in catalogue.ALL:
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
        assert list(metric.buckets) == sorted(set(metric.buckets))


def test_no_label_names_a_vehicle() -> None:
    """A fleet's size must not become the number of series."""
    assert not any("vehicle" in name for metric in catalogue.ALL for name in metric.label_names)
