"""docs/metrics.md keeps step with the catalogue."""

import re

from metrics import catalogue
from metrics.catalogue import Metric
from tests.unit.project.repository import text_of

ROWS = re.findall(r"^\| `(fleet_\w+)` \| (\w+) \| (.*?) \|", text_of("docs/metrics.md"), re.M)
METRICS = {value.name: value for value in vars(catalogue).values() if isinstance(value, Metric)}


def test_every_metric_has_its_row() -> None:
    """One row each, in any order, and none of a metric that has gone."""
    assert sorted(name for name, _, _ in ROWS) == sorted(METRICS)


def test_rows_tell_kind_and_labels() -> None:
    """The row says of which kind the metric is, and which labels it has."""
    for name, kind, labels in ROWS:
        assert kind == METRICS[name].kind, name
        assert tuple(re.findall(r"`(\w+)`", labels)) == METRICS[name].label_names, name
