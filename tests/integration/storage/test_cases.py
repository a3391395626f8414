"""Inputs of which a figure once came out wrong, each with the right one, as messages."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from psycopg import sql
from typer.testing import CliRunner, Result

from fleetgauge.cli import app
from models.decode import decode
from models.kpi import KpiRule
from models.registry import RegistryEntry
from models.rules import Rules
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.kpi.fix_ages import PositionsNotKept
from storage.kpi.kpi import kpi_of_date
from storage.migrate import migrate
from storage.registry.importing import import_registry
from storage.writing.batch import Batch, Message, Written
from storage.writing.writer import Writer

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONE = "Europe/Moscow"


def moment() -> datetime:
    """Return now, asked for by each test: on a busy machine one may wait for minutes."""
    return datetime.now(UTC).replace(microsecond=0)


NOW = moment()
"""When the tests were collected, for those that look back by days."""

Sent = tuple[datetime, str, dict[str, Any]]
"""When a message was received, its topic, its payload."""

one_engine = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""Of what TimescaleDB has no part in."""


@pytest.fixture
def url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    migrate(database_url)
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", database_url)
    return database_url


@pytest.fixture
def database(url: str) -> Iterator[Connection]:
    with connect(url, "test", autocommit=True) as connection:
        yield connection


def register(database: Connection, *vehicles: str, zone: str = ZONE, **declared: bool) -> None:
    import_registry(
        database,
        [RegistryEntry(VehicleId("op", vehicle), equipment=declared) for vehicle in vehicles],
        time_zone=zone,
        changed_by="test",
        source="test",
        claimed_at=None,
    )


def receive(url: str, sent: Sequence[Sent], batch_size: int = 1, zone: str = ZONE) -> list[Written]:
    """Keep messages as the worker does, in batches; return what became of them."""
    rules = Rules(max_age=timedelta(days=400))
    written = []
    with Writer(url, "test", zone) as writer:
        for start in range(0, len(sent), batch_size):
            batch = Batch()
            for received_at, topic, payload in sent[start : start + batch_size]:
                message = Message(topic.encode(), json.dumps(payload).encode(), received_at)
                batch.add(message, *decode(*message, rules))
            written.append(writer.write(batch))
    return written


def outcomes(written: Sequence[Written]) -> tuple[int, int, int, int]:
    return (
        sum(each.stored for each in written),
        sum(each.duplicate for each in written),
        sum(each.contact for each in written),
        sum(each.rejected.total() for each in written),
    )


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def document(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output or result.exception
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def reasons() -> dict[str, str]:
    listed = document("untrackable")["untrackable"]
    return {each["vehicle_id"]: each["reason"] for each in listed}


def position(at: datetime, vehicle: str = "1", **more: Any) -> Sent:
    """A live position of operator ``op``."""
    payload = {"observed_at": at.isoformat(), "latitude": 57.0, "longitude": 41.0, **more}
    return at + SECOND, f"fleet/op/{vehicle}/position", payload


def traccar(device_time: datetime, fix_time: datetime, **attributes: Any) -> Sent:
    """A position of Traccar's, which since 6.10 does not say that it repeats the last one."""
    position = {
        "serverTime": device_time.isoformat(),
        "deviceTime": device_time.isoformat(),
        "fixTime": fix_time.isoformat(),
        "valid": True,
        "latitude": 57.0,
        "longitude": 41.0,
        "speed": 0.0,
        "course": 0.0,
        "attributes": attributes,
    }
    device = {"uniqueId": "1", "attributes": {"operatorId": "op"}}
    return device_time + SECOND, "traccar/positions", {"position": position, "device": device}


def repeated(now: datetime, **attributes: Any) -> list[Sent]:
    """One fix of seven minutes ago and more, and then the same again with every report."""
    fixed_at = now - 12 * MINUTE
    again = [traccar(now - turn * 30 * SECOND, fixed_at, **attributes) for turn in range(10, 0, -1)]
    return [traccar(fixed_at, fixed_at, cctv=True, cashless=True), *again]


def test_a_repeated_fix_is_a_contact(url: str, database: Connection) -> None:
    """The bus is heard, without a position of its own; not silent, and not trackable."""
    now = moment()
    register(database, "1")
    receive(url, repeated(now, sat=0), batch_size=3)
    (found,) = document("untrackable")["untrackable"]
    assert found["reason"] == "no_fix"
    assert found["contact_at"] == (now - 30 * SECOND).isoformat()


def owntracks(now: datetime, observed_at: datetime, sent_at: datetime | None) -> Sent:
    """A phone's location, as it is received now."""
    location = {"_type": "location", "tst": observed_at.timestamp(), "lat": 57.0, "lon": 41.0}
    sent = {} if sent_at is None else {"created_at": sent_at.timestamp()}
    return now, "owntracks/op/1", location | sent


def hfp(observed_at: datetime) -> dict[str, Any]:
    return {"VP": {"tst": observed_at.isoformat(), "lat": 57.0, "long": 41.0, "loc": "GPS"}}


def test_a_phone_that_repeats_its_location_has_no_fix(url: str, database: Connection) -> None:
    """Its time goes on, that of its location does not."""
    now = moment()
    register(database, "1")
    turns = [now - turn * 30 * SECOND for turn in range(10, 0, -1)]
    receive(url, [owntracks(at + SECOND, now - 20 * MINUTE, at) for at in turns], batch_size=3)
    (found,) = document("untrackable")["untrackable"]
    assert found["reason"] == "no_fix"
    assert found["contact_at"] == turns[-1].isoformat()
    assert found["fix_at"] == (now - 20 * MINUTE).isoformat()


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_flags_bear_the_time_of_the_device(url: str, database: Connection, batch_size: int) -> None:
    """Flags sent with a repeated fix are of now, however they fall into batches."""
    now = moment()
    register(database, "1")
    receive(url, repeated(now, cctv=False, cashless=True), batch_size)
    share = document("share")["indicators"]
    assert (share["cctv"]["vehicles"], share["cashless"]["vehicles"]) == (0, 1)
    local_day = (now - 5 * MINUTE + 3 * HOUR).date()
    (vehicle,) = kpi_of_date(database, local_day, KpiRule()).vehicles
    assert not vehicle.equipment["cctv"].equipped


@pytest.mark.parametrize(
    "mark",
    [{"satellites": 0}, {"valid": "false"}, {"fix": 0}, {"status": "V"}, {"fix": "none"}],
    ids=["satellites", "valid", "fix", "status", "text"],
)
def test_a_receiver_that_says_no_fix_is_believed(
    url: str, database: Connection, mark: dict[str, Any]
) -> None:
    """Last coordinates with the receiver's own mark: heard, and no tracked minute."""
    now = moment()
    register(database, "1")
    receive(url, [position(now - turn * MINUTE, **mark) for turn in range(13, 0, -1)], 5)
    assert reasons() == {"1": "no_fix"}
    assert document("share")["indicators"]["trackable"]["vehicles"] == 0
    assert database.execute("select count(*) from vehicle_day").fetchone() == (0,)


@pytest.mark.parametrize(
    "behind",
    [
        lambda at, of: ("fleet/op/1/position", position(of)[2]),
        lambda at, of: ("/hfp/v2/journey/ongoing/vp/bus/op/1/2551/1", hfp(of)),
        lambda at, of: owntracks(at, of, None)[1:],
    ],
    ids=["native", "hfp", "owntracks"],
)
@pytest.mark.parametrize("by", [3 * HOUR, 3 * DAY])
def test_a_clock_behind_is_late(
    url: str,
    database: Connection,
    behind: Callable[[datetime, datetime], tuple[str, dict[str, Any]]],
    by: timedelta,
) -> None:
    """It is heard all the time, whatever it sends by that tells no time of sending."""
    now = moment()
    register(database, "1")
    moments = [now - turn * 5 * SECOND for turn in range(10, 0, -1)]
    receive(url, [(at, *behind(at, at - by)) for at in moments], batch_size=4)
    assert reasons() == {"1": "late"}
    for at in (moments[4], moments[-1]):
        (found,) = document("untrackable", "--at", at.isoformat())["untrackable"]
        assert (found["reason"], found["contact_at"]) == ("late", at.isoformat())


@pytest.mark.parametrize(
    "sent",
    [
        lambda now, of, at: owntracks(now, of, at),
        lambda now, of, at: (now, *traccar(at, of)[1:]),
    ],
    ids=["owntracks", "traccar"],
)
@pytest.mark.parametrize("apart", [0, 1, 2, 25])
def test_a_vehicle_was_heard_when_its_device_spoke(
    url: str,
    database: Connection,
    sent: Callable[[datetime, datetime, datetime], Sent],
    apart: int,
) -> None:
    """Where the gateway tells that: to the second, and however long it was on its way."""
    now = moment()
    register(database, "1")
    spoke_at = now - 20 * MINUTE
    receive(url, [sent(now, spoke_at - apart * SECOND, spoke_at)])
    for at in (now, now - 10 * MINUTE):
        (found,) = document("untrackable", "--at", at.isoformat())["untrackable"]
        assert (found["reason"], found["contact_at"]) == ("silent", spoke_at.isoformat())
    within_window = document("untrackable", "--at", (spoke_at + 5 * MINUTE).isoformat())
    heard = [(each["reason"], each["contact_at"]) for each in within_window["untrackable"]]
    assert heard == ([("late", spoke_at.isoformat())] if apart else [])


@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_two_positions_of_one_instant_are_one(
    url: str, database: Connection, batch_size: int
) -> None:
    """Whichever came first, the same one is kept, by the history and by the newest state."""
    at = moment()
    register(database, *"012345")
    several = [
        {"latitude": 57.1, "route_id": "9"},
        {"latitude": 57.0, "route_id": "24"},
        {"latitude": 57.2, "route_id": "24", "speed": 3},
    ]
    orders = list(permutations(several))
    sent = [position(at, str(bus), **orders[bus][turn]) for turn in range(3) for bus in range(6)]
    receive(url, sent, batch_size)
    kept = """
        select distinct latitude, longitude, speed, route_id
        from {} join journey using (journey_key)
    """
    for table in ("report", "vehicle_state"):
        rows = database.execute(sql.SQL(kept).format(sql.Identifier(table))).fetchall()
        assert rows == [(570000000, 410000000, -1, "24")]
    assert {group["name"] for group in document("share", "--by", "route")["groups"]} == {"24"}


@pytest.mark.parametrize("first", [0, 1])
def test_a_past_figure_never_moves_by_what_is_said_today(
    url: str, database: Connection, first: int
) -> None:
    """Two readings of one instant are one, whichever came first; a later one is of its own day."""
    now = moment()
    register(database, "1")
    at = now - 2 * DAY
    of_one_instant = [
        position(at, cctv=True),
        (at + SECOND, "fleet/op/1/equipment", {
            "observed_at": at.isoformat(), "cctv": {"fitted": True, "working": True},
        }),
    ]  # fmt: skip
    today = {"observed_at": now.isoformat(), "cctv": {"fitted": True, "working": False}}
    on = (at + 3 * HOUR).date()
    receive(url, [of_one_instant[first], of_one_instant[1 - first]])
    before = kpi_of_date(database, on, KpiRule()).vehicles
    receive(url, [(now + SECOND, "fleet/op/1/equipment", today)])
    assert kpi_of_date(database, on, KpiRule()).vehicles == before
    assert before[0].equipment["cctv"].working


def long_ago(now: datetime) -> datetime:
    """Return a moment of 40 days ago that is within a minute, as most are."""
    return now.replace(second=20) - 40 * DAY


def fleet_of_then(now: datetime, vehicles: Sequence[str], positions: int) -> list[Sent]:
    then = [
        position(long_ago(now) - turn * MINUTE, vehicle, cctv=True)
        for vehicle in vehicles
        for turn in range(positions - 1, -1, -1)
    ]
    return [*then, *(position(now, vehicle, cctv=False) for vehicle in vehicles)]


def throw_away(database: Connection, until: datetime) -> None:
    """Drop what was observed until then, as an administrator does it by hand."""
    found = database.execute("select extversion from pg_extension where extname = 'timescaledb'")
    if found.fetchone():
        database.execute("select drop_chunks('report', older_than => %s)", (until,))
    else:
        database.execute("delete from report where observed_at < %s", (until,))


@pytest.mark.parametrize("positions", [15, 1])
def test_what_is_thrown_away_is_not_answered_with_a_number(
    url: str, database: Connection, positions: int
) -> None:
    """Right before; and after it, that the positions of then are not kept."""
    now = moment()
    old = long_ago(now)
    vehicles = ["401", "402", "403"]
    register(database, *vehicles)
    receive(url, fleet_of_then(now, vehicles, positions), 100)
    moments = [(old + later).isoformat() for later in (timedelta(), 30 * SECOND, 4 * MINUTE)]
    assert [document("untrackable", "--at", at)["trackable"] for at in moments] == [3, 3, 3]
    throw_away(database, now - 30 * DAY)
    for command in ("share", "untrackable"):
        for at in moments:
            ended = run(command, "--at", at)
            assert isinstance(ended.exception, PositionsNotKept)
            assert "no longer kept" in str(ended.exception)
            assert ended.stdout == ""
    # A backlog of one vehicle makes it no better.
    receive(url, fleet_of_then(now, ["401"], positions), 100)
    assert isinstance(run("share", "--at", moments[0]).exception, PositionsNotKept)


def test_a_moment_whose_positions_are_kept_is_answered(url: str, database: Connection) -> None:
    """Those thrown away are of another time; when a bus was seen last is known by the minute."""
    now = moment()
    old = long_ago(now)
    register(database, "1", "2")
    between = now - 20 * DAY
    receive(url, [*fleet_of_then(now, ["1", "2"], 3), position(between, "1", cctv=True)], 100)
    asked = ("--at", (between + MINUTE).isoformat())
    throw_away(database, now - 30 * DAY)
    share = document("share", *asked)
    assert share["indicators"]["trackable"] == {"vehicles": 1, "ratio": 0.5}
    assert share["indicators"]["cctv"]["vehicles"] == 2
    (other,) = document("untrackable", *asked)["untrackable"]
    assert (other["vehicle_id"], other["reason"]) == ("2", "silent")
    last = datetime.fromisoformat(other["fix_at"])
    assert old - 2 * MINUTE <= last <= old


def test_a_backlog_that_is_thrown_away_was_heard_when_it_came(
    url: str, database: Connection
) -> None:
    """Until then nothing had been heard of its bus, whatever its days count."""
    now = moment()
    register(database, "1")
    _, topic, payload = position(long_ago(now))
    receive(url, [(now, topic, payload), position(now)])
    asked = ("untrackable", "--at", (now - 20 * DAY).isoformat())
    (kept,) = document(*asked)["untrackable"]
    throw_away(database, now - 30 * DAY)
    (thrown_away,) = document(*asked)["untrackable"]
    assert (kept["reason"], kept["contact_at"]) == ("never_seen", None)
    assert (thrown_away["reason"], thrown_away["contact_at"]) == ("never_seen", None)


def test_readings_that_are_thrown_away_are_not_made_up(url: str, database: Connection) -> None:
    """What the registry declares does not count where the bus had reported otherwise."""
    now = moment()
    old = long_ago(now)
    register(database, "1", cctv=True)

    def equipment(at: datetime, fitted: bool) -> Sent:
        payload = {"observed_at": at.isoformat(), "cctv": fitted}
        return at + SECOND, "fleet/op/1/equipment", payload

    day = old.replace(hour=12)
    receive(url, [equipment(day, False), equipment(day + HOUR, True), equipment(now, True)])
    throw_away(database, now - 30 * DAY)
    at = (day + MINUTE).isoformat()
    assert isinstance(run("share", "--at", at).exception, PositionsNotKept)
    # At the day's last reading, and after, the day itself knows.
    after = document("share", "--at", (day + 2 * HOUR).isoformat())
    assert after["indicators"]["cctv"]["vehicles"] == 1


def test_a_backlog_that_comes_again_after_a_drop_counts_nothing_twice(
    url: str, database: Connection
) -> None:
    """The day's minutes are the same, and so is the KPI."""
    now = moment()
    old = long_ago(now)
    register(database, "401")
    sent = fleet_of_then(now, ["401"], 15)
    receive(url, sent, 100)
    on = (old + 3 * HOUR).date()
    day = "select minutes::text, equipment from vehicle_day where day = %s"
    before = database.execute(day, (on,)).fetchall()
    kpi = kpi_of_date(database, on, KpiRule())
    throw_away(database, now - 30 * DAY)
    receive(url, sent[:15], 100)
    merged = sql.SQL("select bit_or(minutes)::text, max(equipment) from ({}) as row").format(
        sql.SQL("select minutes, equipment from vehicle_day where day = {}").format(on)
    )
    assert database.execute(merged).fetchall() == before
    assert kpi_of_date(database, on, KpiRule()).vehicles == kpi.vehicles


def test_a_local_midnight_that_comes_twice(url: str, database: Connection) -> None:
    """On the Azores clocks go back over midnight: each fix is of one minute of one day."""
    first = datetime(2026, 10, 24, 23, 50, tzinfo=UTC)
    zone = "Atlantic/Azores"
    sent = [position(first + turn * 3 * MINUTE) for turn in range(50)]
    assert outcomes(receive(url, sent, 7, zone)) == (50, 0, 0, 0)
    days = database.execute("""
        select day, sum(minutes_count)::integer from vehicle_day group by day order by day
    """).fetchall()
    assert days == [(date(2026, 10, 24), 4), (date(2026, 10, 25), 46)]


@pytest.mark.parametrize(
    "odd",
    [
        {"satellites": 11.0},
        {"satellites": "nine"},
        {"hdop": "0.9"},
        {"route_id": "24\t"},
        {"route_id": "r" * 129},
        {"route_id": "24\ud83d"},
        {"cctv": 1},
        {"speed": None},
    ],
    ids=str,
)
def test_an_optional_field_refuses_no_position(
    url: str, database: Connection, odd: dict[str, Any]
) -> None:
    """What cannot be used is dropped, and the bus is where it says."""
    now = moment()
    register(database, "1")
    assert outcomes(receive(url, [position(now, **odd)])) == (1, 0, 0, 0)
    assert document("share")["indicators"]["trackable"]["vehicles"] == 1


def test_a_byte_order_mark_and_a_trailing_nul_are_no_content(
    url: str, database: Connection
) -> None:
    """What writers of texts put around them."""
    now = moment()
    received_at, topic, payload = position(now)
    text = json.dumps(payload).encode()
    for framed in (b"\xef\xbb\xbf" + text, text + b"\0", b"\xef\xbb\xbf" + text + b"\r\n\0"):
        reports, rejections, _ = decode(topic.encode(), framed, received_at, Rules())
        assert (len(reports), rejections) == (1, [])


def test_any_settings_of_the_database_will_do(
    url: str, database: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session has its own, whatever the database and the environment say."""
    now = moment()
    monkeypatch.setenv("PGCLIENTENCODING", "WIN1251")
    monkeypatch.setenv("PGDATESTYLE", "German")
    monkeypatch.setenv("PGTZ", "Asia/Omsk")
    name = sql.Identifier(database.info.dbname)
    database.execute("create schema other")
    database.execute("create table other.vehicle (plate text)")
    for setting in (
        "datestyle = 'German, DMY'",
        "intervalstyle = 'iso_8601'",
        "array_nulls = off",
        "transform_null_equals = on",
        "standard_conforming_strings = off",
        "bytea_output = escape",
        "extra_float_digits = -15",
        "default_transaction_isolation = serializable",
        "search_path = other, pg_catalog",
        "statement_timeout = '1s'",
        "lock_timeout = '1ms'",
        "idle_in_transaction_session_timeout = '1ms'",
        "idle_session_timeout = '200ms'",
    ):
        database.execute(sql.SQL("alter database {} set {}").format(name, sql.SQL(setting)))
    with connect(url, "test", autocommit=True) as connection:
        register(connection, "1")
        receive(url, [position(now - turn * MINUTE, route_id="Itäkeskus 24Б") for turn in range(3)])
    assert document("share")["indicators"]["trackable_on_route"]["vehicles"] == 1
    assert document("share", "--at", (now - MINUTE).isoformat())["vehicles"] == 1
    assert document("untrackable")["untrackable"] == []
    assert run("registry", "inbox").exit_code == 0
    assert run("rejected", "list").exit_code == 0
    with connect(url, "test") as connection:
        assert connection.execute("show lock_timeout").fetchone() == ("0",)
