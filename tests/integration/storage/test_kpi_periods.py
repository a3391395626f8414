"""Figures of a period: the mean or the minimum over its days, each by its own rule and fleet."""

from datetime import UTC, date, datetime
from typing import Any, Final

from fleetgauge.commands.kpi_report import Request, kpi_report, request_of
from fleetgauge.figure_rules import BUILT_IN
from models.equipment import Flag
from models.report import Fix, Report
from models.target import Target
from models.vehicle import VehicleId
from reports.kpi_document import report_document
from storage.connection import Connection
from storage.rules import record
from storage.targets import set_targets
from tests.integration.storage.fleet_history import flags
from tests.integration.storage.kpi_history import Entry, received, register, write
from tests.integration.storage.test_kpi import MOSCOW

ON: Final = date(2024, 12, 4)
KNOWN: Final = datetime(2024, 11, 1, tzinfo=UTC)
ON_ROUTE: Final = Fix(57.0, 41.0, route_id="7")
OFF_ROUTE: Final = Fix(57.0, 41.0)


def put_small_fleet(url: str, database: Connection) -> None:
    """Four days of three buses, of which ``c`` leaves after the second; a tracked day is a minute.

    | day | a          | b        | c        | fleet | trackable | on route |
    | --- | ---------- | -------- | -------- | ----- | --------- | -------- |
    | 1   | route      |          | no route | 3     | 2         | 1        |
    | 2   | route      | no route |          | 3     | 2         | 1        |
    | 3   |            |          | left     | 2     | 0         | 0        |
    | 4   | no route   | route    | left     | 2     | 2         | 1        |
    """
    first = ON.replace(day=1)
    register(
        database,
        "op",
        MOSCOW,
        [
            Entry("a", first, ON, None, KNOWN),
            Entry("b", first, ON, True, KNOWN),
            Entry("c", first, ON.replace(day=2), None, KNOWN),
        ],
    )
    sent = [
        (1, "a", ON_ROUTE), (1, "c", OFF_ROUTE), (2, "a", ON_ROUTE), (2, "b", OFF_ROUTE),
        (4, "a", OFF_ROUTE), (4, "b", ON_ROUTE),
    ]  # fmt: skip
    history = []
    for day, vehicle, fix in sent:
        at = datetime(2024, 12, day, 9, tzinfo=UTC)
        bits = flags(cctv=Flag(True)) if (day, vehicle) == (2, "a") else 0
        history.append(received(Report(VehicleId("op", vehicle), at, fix, bits), at))
    write(url, MOSCOW, history)
    day_of_a_minute = {"tracked_minutes": "1", "trailing_days": "1", "min_group_size": "1"}
    record(database, BUILT_IN | day_of_a_minute, "test")


def documented(database: Connection, **asked: Any) -> Any:
    rules = asked.pop("rules", "")
    overridden = {"period_rules": rules} if rules else {}
    request = Request(ON, None, None, overridden, (), None, None)._replace(**asked)
    return report_document(kpi_report(database, request))


def test_the_mean_of_a_month_is_that_of_its_vehicle_days(url: str, database: Connection) -> None:
    """6 of 10 trackable, 3 of 10 on route; of equipment, without a rule, the end of the date."""
    put_small_fleet(url, database)
    rules = "trackable=mean:month,trackable_on_route=mean:quarter"
    document = documented(database, rules=rules, by=("operator",))
    figures = document["indicators"]
    found = figures["trackable"]
    assert (found["vehicles"], found["ratio"]) == (6, 0.6)
    assert found["period"] == {
        "rule": "mean", "every": "month", "from": "2024-12-01", "to": "2024-12-04", "days": 4,
        "of": 10, "lowest_on": None, "at_end": {"vehicles": 2, "of": 2, "ratio": 1.0},
        "by_day": [
            {"on": "2024-12-01", "vehicles": 2, "of": 3},
            {"on": "2024-12-02", "vehicles": 2, "of": 3},
            {"on": "2024-12-03", "vehicles": 0, "of": 2},
            {"on": "2024-12-04", "vehicles": 2, "of": 2},
        ],
    }  # fmt: skip
    on_route = figures["trackable_on_route"]
    assert (on_route["vehicles"], on_route["period"]["of"], on_route["ratio"]) == (3, 10, 0.3)
    assert (figures["cctv"]["vehicles"], figures["cctv"]["ratio"]) == (2, 1.0)
    assert "period" not in figures["cctv"]
    (group,) = document["groups"]
    assert (group["name"], group["indicators"]["trackable"]["ratio"]) == ("op", 0.6)
    assert request_of(document).overridden == {"period_rules": rules}


def test_the_minimum_is_that_of_the_lowest_day(url: str, database: Connection) -> None:
    """Held against the plan, as any figure is."""
    put_small_fleet(url, database)
    plan = [
        Target(name, ON.replace(day=1), ON, ratio)
        for name, ratio in (("trackable_on_route", 0.5), ("cctv", 0.5))
    ]
    set_targets(database, plan, set_by="test", source="test")
    rules = "cctv=minimum:year,trackable_on_route=minimum:month"
    figures = documented(database, rules=rules)["indicators"]
    on_route, cctv = figures["trackable_on_route"], figures["cctv"]
    assert (on_route["vehicles"], on_route["period"]["of"]) == (0, 2)
    assert (on_route["period"]["lowest_on"], on_route["ratio"]) == ("2024-12-03", 0)
    assert (on_route["plan"], on_route["difference_points"]) == (0.5, -50.0)
    # b by the registry from the first day on, a by its own word from the second.
    assert (cctv["vehicles"], cctv["period"]["of"], cctv["period"]["lowest_on"]) == (
        *(1, 3),
        "2024-12-01",
    )


def test_a_series_goes_by_the_same_rule(url: str, database: Connection) -> None:
    """Its last date is the report's."""
    put_small_fleet(url, database)
    series = documented(database, rules="trackable=mean:month", months=2)["series"]
    before, point = series["points"]
    assert (before["on"], before["recorded"]) == ("2024-11-30", False)
    figure = point["indicators"]["trackable"]
    assert (figure["vehicles"], figure["of"], figure["ratio"]) == (6, 10, 0.6)
    assert "of" not in point["indicators"]["trackable_on_route"]


def test_the_rule_is_the_one_that_was_known_on_the_date(url: str, database: Connection) -> None:
    """Another one set later moves no figure of before, and a report that knew none names none."""
    put_small_fleet(url, database)
    (known_on,) = database.execute("select current_date").fetchone() or (None,)
    database.execute(
        "update rule_setting set known_from = '2024-11-01' where name <> 'period_rules'"
    )
    database.execute("delete from rule_setting where name = 'period_rules'")
    before = documented(database)
    assert "period_rules" not in before["settings"]
    record(database, {"period_rules": "trackable=mean:month"}, "test")
    database.execute(
        "update rule_setting set known_from = known_from + interval '2 days' "
        "where name = 'period_rules'"
    )
    assert documented(database, known_on=known_on) == documented(
        database, known_on=known_on, rules=""
    )
    assert "period" not in documented(database, known_on=known_on)["indicators"]["trackable"]
    # Of the time before the first on record that one is taken, as of any rule.
    assert documented(database)["indicators"]["trackable"]["ratio"] == 0.6
    record(database, {"period_rules": ""}, "test")
    assert documented(database)["indicators"]["trackable"]["ratio"] == 0.6
