"""Openly published: who was in the public feeds on enough minutes of a local day."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jsonschema
import psycopg
import pytest

from fleetgauge.commands.kpi_report import Request, kpi_report
from fleetgauge.figure_rules import BUILT_IN
from models.report import Fix, Report
from models.target import Target
from models.vehicle import VehicleId
from reports.kpi_document import report_document
from reports.schema import report_schema
from storage.connection import Connection, connect
from storage.errors import StorageError
from storage.published import publish
from storage.rules import record
from storage.targets import set_targets
from tests.integration.storage.kpi_history import Entry, received, register, write
from web.publication import seconds_to_middle

NOW: Final = datetime.now(UTC)
ZONE: Final = f"Etc/GMT{NOW.hour - 12:+d}"
"""Where it is about noon, so that no midnight comes between."""
TODAY: Final = NOW.astimezone(UTC).date() + timedelta(days=0)
ALL: Final = [VehicleId("op", name) for name in "abc"]


def local_today(database: Connection) -> Any:
    (day,) = database.execute("select local_day(now(), %s)", [ZONE]).fetchone() or (None,)
    return day


@pytest.fixture
def fleet(url: str, database: Connection) -> Connection:
    """Three buses that have been heard since yesterday; what is in the feeds is not recorded."""
    today = local_today(database)
    first = today - timedelta(days=30)
    entries = [Entry(name, first, today, None, NOW - timedelta(days=40)) for name in "abc"]
    register(database, "op", ZONE, entries)
    moments = (NOW - timedelta(days=1), NOW)
    write(url, ZONE, [received(Report(ALL[0], at, Fix(57.0, 41.0)), at) for at in moments])
    record(database, BUILT_IN | {"time_zone": ZONE, "min_group_size": "1"}, "test")
    database.execute("update rule_setting set known_from = now() - interval '40 days'")
    return database


def minutes(database: Connection) -> dict[str, int]:
    rows = database.execute(
        "select vehicle_id, minutes_count from published_day join vehicle using (vehicle_key)"
    )
    return dict(rows.fetchall())


def add_minutes(database: Connection, vehicle_id: str, number: int) -> None:
    """Let a vehicle have been in the feeds on so many minutes since midnight."""
    bits = "1" * number + "0" * (1624 - number)
    database.execute(
        """
        insert into published_day as known (vehicle_key, day, minutes)
        select vehicle_key, local_day(now(), %s), %s::bit(1624) from vehicle where vehicle_id = %s
        on conflict (vehicle_key, day) do update set minutes = known.minutes | excluded.minutes
        """,
        [ZONE, bits, vehicle_id],
    )


def documented(database: Connection, **asked: Any) -> Any:
    on = asked.pop("on", None) or local_today(database)
    request = Request(on, None, None, {}, (), None, None)._replace(**asked)
    return report_document(kpi_report(database, request))


def test_a_minute_counts_once_and_only_while_it_lasts(fleet: Connection) -> None:
    """From several processes, too; neither a minute that is over nor one to come is written."""
    at = datetime.now(UTC)
    for _ in range(2):
        publish(fleet, ALL[:2], at)
    assert minutes(fleet) == {"a": 1, "b": 1}
    for wrong in (timedelta(days=-1), timedelta(minutes=-6), timedelta(minutes=2)):
        publish(fleet, ALL, at + wrong)
    assert minutes(fleet) == {"a": 1, "b": 1}
    publish(fleet, [VehicleId("op", "unregistered")], at)
    assert minutes(fleet) == {"a": 1, "b": 1}


def test_it_is_a_kpi_with_a_target(fleet: Connection) -> None:
    """Ten minutes are enough, nine are not: 1 of 3, of the fleet and of a group."""
    today = local_today(fleet)
    publish(fleet, ALL[:1], datetime.now(UTC))
    add_minutes(fleet, "a", 10)
    add_minutes(fleet, "b", 9)
    plan = [Target("openly_published", today, today, 0.5)]
    set_targets(fleet, plan, set_by="test", source="test")
    document = documented(fleet, by=("operator",), months=1)
    jsonschema.validate(document, report_schema())
    figure = document["indicators"]["openly_published"]
    assert (figure["vehicles"], document["vehicles"], figure["plan"]) == (1, 3, 0.5)
    assert figure["difference_points"] == pytest.approx(-16.666667)
    assert figure["compared"] is None
    assert document["groups"][0]["indicators"]["openly_published"]["vehicles"] == 1
    assert document["series"]["points"][0]["indicators"]["openly_published"]["vehicles"] == 1
    (a, b, c) = ((v["openly_published"], v["published_minutes"]) for v in document["fleet"])
    assert (a[0], b, c) == (True, (False, 9), (False, 0))
    assert document["rule"]["minimum_published"] == 10
    assert "at least 10 minutes" in document["definitions"]["openly_published"]
    row = fleet.execute(
        "select vehicles, numerator from grafana.kpi_on(%s) where indicator = 'openly_published'",
        [today],
    ).fetchone()
    assert row == (3, 1)


def test_of_days_before_the_record_there_is_no_number(fleet: Connection) -> None:
    """Nor of any where none was begun, and a report that knew of none says nothing of it."""
    today = local_today(fleet)
    yesterday = today - timedelta(days=1)
    before = documented(fleet, on=yesterday, known_on=yesterday)
    assert "published_from" not in documented(fleet)
    publish(fleet, ALL, datetime.now(UTC))
    found = documented(fleet, on=yesterday, months=1)
    assert "openly_published" not in found["indicators"]
    assert "published_minutes" not in found["fleet"][0]
    assert "openly_published" not in found["series"]["points"][0]["indicators"]
    assert f"openly published: not kept before {today}" in found["notes"]
    assert documented(fleet, on=yesterday, known_on=yesterday) == before
    assert documented(fleet)["indicators"]["openly_published"]["vehicles"] == 0


def test_of_a_period_only_the_days_of_the_record_count(fleet: Connection) -> None:
    """The mean of a month in which it was begun is that of the days since."""
    publish(fleet, ALL[:1], datetime.now(UTC))
    add_minutes(fleet, "a", 10)
    rules = {"period_rules": "openly_published=mean:month"}
    figure = documented(fleet, overridden=rules)["indicators"]["openly_published"]
    assert (figure["vehicles"], figure["period"]["of"], figure["period"]["days"]) == (1, 3, 1)


def test_the_publisher_may_record_a_minute_and_nothing_else(url: str, fleet: Connection) -> None:
    """Not even the table is his to write: what was published of a past day stays."""
    fleet.execute("grant fleetgauge_publisher to current_user")
    with connect(url, "test", autocommit=True) as connection:
        connection.execute("set role fleetgauge_publisher")
        connection.execute("set default_transaction_read_only = on")
        publish(connection, ALL[:1], datetime.now(UTC))
        connection.execute("set default_transaction_read_only = off")
        for statement in (
            "insert into published_day (vehicle_key, day, minutes) values (1, now(), 1::bit(1624))",
            "update published_day set minutes = minutes",
            "delete from published_since",
            "select * from registry_entry",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    assert minutes(fleet) == {"a": 1}
    fleet.execute("grant fleetgauge_metrics to current_user")
    with connect(url, "test", autocommit=True) as connection:
        connection.execute("set role fleetgauge_metrics")
        with pytest.raises(StorageError, match="record_published"):
            publish(connection, ALL, datetime.now(UTC))


def test_each_minute_has_its_middle() -> None:
    """From a moment to the next one, never none at all."""
    assert [seconds_to_middle(now) for now in (0.0, 29.0, 30.0, 45.0)] == [30.0, 1.0, 60.0, 45.0]
