"""Every query of every panel, with every value of every variable, on real data sources."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from simulator.fleet import Fleet
from simulator.scenario import FailureMode
from tests.integration.dashboards.stack import Stack, Values
from tests.unit.dashboards import grafana

QUERIES = [query for name in grafana.NAMES for query in grafana.queries(name)]

MAY_BE_EMPTY = {
    ("dispatch", "Today, and the same weekday a week ago", "B"): "nothing ran a week ago",
    ("pipeline", "Alerts", "A"): "in some seconds no alert comes to fire",
    ("wall", "panel 103", "A"): "the share is above the plan, or below it",
    ("wall", "panel 103", "B"): "the share is above the plan, or below it",
    ("wall", "panel 104", "A"): "nothing was known 15 minutes ago",
    ("wall", "panel 104", "B"): "nothing was known 15 minutes ago",
    ("dispatch", "Where the buses are", "F"): "no bus of the simulated hour is late",
    ("wall", "panel 105", "F"): "no bus of the simulated hour is late",
    ("equipment", "Equipped and working over time", "E"): "there are but two kinds of equipment",
    ("equipment", "Equipped and working over time", "F"): "there are but two kinds of equipment",
}
"""Queries that may give nothing in the simulated hour, whatever is chosen; each with its reason."""

EMPTY_FOR_A_GOOD_BUS = {
    ("vehicle", "Rejected messages", "A"): "nothing of a good bus is rejected",
}


def default_values(stack: Stack, name: str, hour: Fleet) -> Values:
    """Return what is chosen when a dashboard is opened: everything; and a good bus."""
    good = next(bus for bus in hour.buses if bus.entry and bus.mode is None and bus.observes)
    values: dict[str, list[str]] = {}
    for variable in grafana.variables(grafana.dashboard(name)):
        if variable["type"] == "datasource":
            continue
        choices = stack.choices(variable, values)
        assert choices, variable["name"]
        current = variable.get("current", {}).get("value", choices[0])
        values[variable["name"]] = choices if variable.get("multi") else [current]
        if name == "vehicle" and variable["name"] in ("operator", "vehicle"):
            chosen = dict(zip(("operator", "vehicle"), good.vehicle, strict=True))
            assert chosen[variable["name"]] in choices
            values[variable["name"]] = [chosen[variable["name"]]]
    return values


def every_choice(stack: Stack, query: grafana.Query, defaults: Values) -> Iterator[Values]:
    """Yield each value of each variable that the query uses, the others as they are at first."""
    document = grafana.dashboard(query.dashboard)
    known = {each["name"]: each for each in grafana.variables(document)}
    for name in grafana.used_variables(query.text, document):
        if name == "operator" and "vehicle" in defaults:
            continue  # a vehicle is chosen within its operator
        for values in _operators(stack, known, defaults) if name == "vehicle" else [defaults]:
            for choice in stack.choices(known[name], values):
                yield {**values, name: [choice]}


def _operators(stack: Stack, known: dict[str, grafana.Json], defaults: Values) -> Iterator[Values]:
    for operator in stack.choices(known["operator"], defaults):
        yield {**defaults, "operator": [operator]}


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_query_has_data_and_no_error(query: grafana.Query, stack: Stack, hour: Fleet) -> None:
    """It runs with every value, and where its purpose says so it has something to show."""
    defaults = default_values(stack, query.dashboard, hour)
    place = (query.dashboard, query.panel, query.ref)
    at_first = stack.rows(query, defaults)
    chosen = [stack.rows(query, values) for values in every_choice(stack, query, defaults)]
    if place not in MAY_BE_EMPTY:
        assert at_first or place in EMPTY_FOR_A_GOOD_BUS
        assert at_first or any(chosen)


def test_the_list_of_empty_panels_is_of_queries_that_are_there() -> None:
    """Nothing is excused that has gone."""
    places = {(query.dashboard, query.panel, query.ref) for query in QUERIES}
    assert MAY_BE_EMPTY.keys() | EMPTY_FOR_A_GOOD_BUS.keys() <= places


@pytest.mark.parametrize(
    "query", [query for query in QUERIES if query.datasource == grafana.POSTGRES], ids=str
)
def test_a_query_runs_with_nothing_chosen_and_for_a_past_year(
    query: grafana.Query, stack: Stack, hour: Fleet
) -> None:
    """An empty choice and years of which nothing is known are not errors."""
    defaults = default_values(stack, query.dashboard, hour)
    multiple = {
        each["name"]
        for each in grafana.variables(grafana.dashboard(query.dashboard))
        if each.get("multi")
    }
    nothing = {name: [] if name in multiple else value for name, value in defaults.items()}
    stack.fetched(query, nothing, timedelta(hours=6))
    stack.fetched(query, defaults, timedelta(days=365), datetime(2025, 12, 31, 21, tzinfo=UTC))


@pytest.mark.parametrize("name", grafana.NAMES)
def test_a_day_is_text(name: str, stack: Stack, hour: Fleet) -> None:
    """Grafana takes a date for midnight in UTC, and shows the day before west of there."""
    defaults = default_values(stack, name, hour)
    for query in grafana.queries(name):
        if query.datasource == grafana.POSTGRES:
            rows = stack.fetched(query, defaults, timedelta(days=40))
            assert date not in {type(cell) for row in rows for cell in row}, query


def test_the_gap_of_a_silent_bus_is_open(stack: Stack, hour: Fleet) -> None:
    """A bus that went silent, even before the chosen hours, has a gap that is not over yet."""
    silent = next(bus for bus in hour.buses if bus.entry and bus.mode is FailureMode.SILENT)
    operator, vehicle = silent.vehicle
    (gaps,) = (query for query in QUERIES if query.panel == "Gaps")
    values = {"operator": [operator], "vehicle": [vehicle], "window": ["5m"]}
    for minutes in (1, 360):
        newest = stack.fetched(gaps, values, timedelta(minutes=minutes))[0]
        assert newest[1] is None
        assert newest[2] > 300


def test_equipment_of_which_nothing_is_reported_is_shown_so(stack: Stack, hour: Fleet) -> None:
    """Without a row Grafana says that the data lacks a time field."""
    unseen = next(bus for bus in hour.buses if bus.entry and bus.mode is FailureMode.NEVER_SEEN)
    operator, vehicle = unseen.vehicle
    values = {"operator": [operator], "vehicle": [vehicle], "window": ["5m"]}
    kinds = [q for q in QUERIES if (q.dashboard, q.panel) == ("vehicle", "Equipment")]
    for query in kinds:
        ((_, state),) = stack.fetched(query, values, timedelta(hours=6))
        assert state == "unknown"
    assert len(kinds) == 2
