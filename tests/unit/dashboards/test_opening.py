"""What a dashboard does as it opens: it refreshes itself, and its links choose what they lead to."""

import pytest

from tests.unit.dashboards import grafana

ALL = list(grafana.dashboards())
each_dashboard = pytest.mark.parametrize(("name", "document"), ALL, ids=[name for name, _ in ALL])


@each_dashboard
def test_the_refresh_is_one_that_can_be_chosen(name: str, document: grafana.Json) -> None:
    """Grafana ignores an interval that is not in the time picker's list."""
    if document["refresh"]:
        assert document["refresh"] in document["timepicker"]["refresh_intervals"]


def test_what_is_looked_at_live_refreshes() -> None:
    """All but the KPI, whose figures are of days."""
    still = {name for name in grafana.NAMES if not grafana.dashboard(name)["refresh"]}
    assert still == {"kpi"}
