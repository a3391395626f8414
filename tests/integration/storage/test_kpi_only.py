"""A report limited to some vehicles, and its target: by type and by kind of service."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

import pytest

from fleetgauge.commands.kpi_report import EmptyFleet, Request, kpi_report, request_of
from fleetgauge.figure_rules import BUILT_IN
from models.only import Only, is_of, narrowed, parse_only
from models.report import Fix, Report
from models.target import Scope, Target
from models.vehicle import VehicleId
from reports.kpi_document import digest, report_document
from storage.connection import Connection
from storage.rules import record
from storage.targets import UnknownScope, list_targets, set_targets
from tests.integration.storage.kpi_history import Entry, received, register, write
from tests.integration.storage.test_kpi import MOSCOW

ON: Final = date(2024, 12, 31)
NOON: Final = datetime(2024, 12, 31, 9, tzinfo=UTC)
URBAN: Final[Only] = {"service_kind": ("urban",)}

KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "a": {"service_kind": "urban", "vehicle_type": "bus"},
    "b": {"service_kind": "urban", "vehicle_type": "minibus"},
    "c": {"service_kind": "suburban", "vehicle_type": "bus"},
    "d": {"vehicle_type": "bus"},
}
TRACKED: Final = ("a", "c", "d")


@pytest.fixture
def fleet(url: str, database: Connection) -> Connection:
    """Four buses of which three have a tracked day; one has no kind of service."""
    entries = [Entry(name, ON, ON, None, NOON.replace(month=11, day=1)) for name in KINDS]
    register(database, "op", MOSCOW, entries)
    for name, attributes in KINDS.items():
        database.execute(
            "update registry_entry set attributes = %s from vehicle "
            "where vehicle.vehicle_key = registry_entry.vehicle_key and vehicle_id = %s",
            [json.dumps(dict(attributes)), name],
        )
    reports = [Report(VehicleId("op", name), NOON, Fix(57.0, 41.0)) for name in TRACKED]
    write(url, MOSCOW, [received(each, NOON) for each in reports])
    record(database, BUILT_IN | {"tracked_minutes": "1", "min_group_size": "1"}, "test")
    return database


def documented(database: Connection, only: Only, **asked: Any) -> Any:
    request = Request(ON, None, None, {}, (), None, None, only=only)._replace(**asked)
    return report_document(kpi_report(database, request))


@pytest.mark.parametrize(
    ("texts", "trackable", "vehicles"),
    [
        (["service_kind=urban"], 1, 2),
        (["service_kind=urban", "service_kind=suburban"], 2, 3),
        (["service_kind=urban", "vehicle_type=minibus"], 0, 1),
        (["service_kind="], 1, 1),
        (["vehicle_type=bus"], 3, 3),
    ],
)
def test_the_denominator_is_limited(
    fleet: Connection, texts: list[str], trackable: int, vehicles: int
) -> None:
    """In the figures, their series and their windows alike; and it stands in the document."""
    only = parse_only(texts)
    document = documented(fleet, only, months=1, at=time(12), by=("operator",))
    figure = document["indicators"]["trackable"]
    assert (figure["vehicles"], document["vehicles"]) == (trackable, vehicles)
    assert [(each["vehicles"]) for each in document["groups"]] == [vehicles]
    (point,) = document["series"]["points"]
    assert point["vehicles"] == vehicles
    assert point["indicators"]["trackable"]["vehicles"] == trackable
    assert document["sensitivity"]["windows"][-1]["vehicles"] == trackable
    assert document["only"] == {name: list(values) for name, values in only.items()}
    assert request_of(document).only == only
    whole = documented(fleet, {}, months=1, at=time(12), by=("operator",))
    assert "only" not in whole
    assert digest({**whole, "only": document["only"]}) != whole["sha256"]


def test_its_plan_is_the_target_of_just_these_vehicles(fleet: Connection) -> None:
    """Neither the whole fleet's, nor that of a type among them."""
    scopes = [
        Scope(),
        Scope(service_kind="urban"),
        Scope(service_kind="urban", vehicle_type="bus"),
        Scope("op", service_kind="urban"),
    ]
    targets = [
        Target("trackable", ON, ON, (place + 1) / 10, scope) for place, scope in enumerate(scopes)
    ]
    assert set_targets(fleet, targets, set_by="test", source="test") == len(targets)
    assert set_targets(fleet, targets, set_by="test", source="test") == 0
    assert {each.target.scope for each in list_targets(fleet)} == set(scopes)

    def plan(only: Only, **asked: Any) -> float | None:
        ratio: float | None = documented(fleet, only, **asked)["indicators"]["trackable"]["plan"]
        return ratio

    assert plan({}) == 0.1
    assert plan(URBAN) == 0.2
    assert plan({**URBAN, "vehicle_type": ("bus",)}) == 0.3
    assert plan(URBAN, operator="op") == 0.4
    assert plan({"service_kind": ("suburban", "urban")}) is None
    # Of a report on all, by kind, each kind has its own.
    groups = documented(fleet, {}, by=("service_kind",))["groups"]
    plans = {each["name"]: each["indicators"]["trackable"]["plan"] for each in groups}
    assert plans == {"urban": 0.2, "suburban": None, None: None}
    misspelt = targets[1]._replace(scope=Scope(service_kind="urbn"))
    with pytest.raises(UnknownScope, match="kind of service urbn"):
        set_targets(fleet, [misspelt], set_by="test", source="test")
    row = fleet.execute("select count(*) from grafana.target").fetchone()
    assert row == (1,)


def test_of_nobody_there_is_no_report(fleet: Connection) -> None:
    """It says to whom it was limited."""
    with pytest.raises(EmptyFleet, match=r"limited to kind of service = rural on 2024-12-31"):
        documented(fleet, {"service_kind": ("rural",)})


def test_the_scope_of_a_limited_fleet() -> None:
    """One value of each column that a target can have; two operators or places have none."""
    assert narrowed(Scope("op"), {}) == Scope("op")
    assert narrowed(Scope(), {"municipality": ("Shuya",)}) == Scope(None, "Shuya")
    assert narrowed(Scope("op"), {"municipality": ("Shuya",)}) is None
    assert narrowed(Scope(), {"depot": ("1",)}) is None
    assert narrowed(Scope(), {"service_kind": ("",)}) is None
    assert narrowed(Scope(service_kind="urban"), {"service_kind": ("rural",)}) is None
    assert is_of({"depot": ("",)}, {}) is True
    with pytest.raises(ValueError, match="--operator"):
        parse_only(["operator=op"])
    with pytest.raises(ValueError, match="expected NAME=VALUE"):
        parse_only(["urban"])
