"""How the shares' time grows with the history: of now, of a past moment; the KPI of a date.

The tables are filled set by set, in SQL, and not by the writer: 50 million positions would take
it an hour. A vehicle's positions lie 86 minutes apart, so that the largest history is 500 of each
vehicle in 30 days, a chunk each. The past moment is the middle of what is there: the newest states
tell no position and no equipment of then, and every vehicle is looked up. At that moment most have
a position of the last 90 seconds; half of that later they are silent, as at night, and when they
were last heard is looked up, too. Each history is in a database of its own, so that the questions
can be asked of them in turns.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from statistics import median
from typing import Final, NamedTuple, TypeVar

from psycopg import sql
from rich.table import Table

from models.indicator import DEFAULT_WINDOWS, DISPATCHER_WINDOW
from models.kpi import KpiRule
from storage.connection import Connection, connect
from storage.kpi.kpi import kpi_of_date
from storage.migrate import migrate
from storage.shares.shares import Asked, shares
from storage.shares.untrackable import untrackable
from storage.snapshot import snapshot
from tests.benchmarks.bench import Progress, figures, median_and_spread
from tests.servers.postgresql import PostgresServer

K = TypeVar("K")

VEHICLES: Final = 100_000
FLEETS: Final = (1_000, 10_000, 50_000, 100_000)
KPI_VEHICLES: Final = 10_000
KPI_DAYS: Final = 180
"""The larger fleet's days would be 18 million rows, and more than all else together."""
POSITIONS: Final = (1_000_000, 5_000_000, 50_000_000)
MOST_NAME: Final = "BENCH_POSITIONS"
"""The environment variable that says how far to go; the largest history takes a while and 10 GB."""
MOST: Final = 5_000_000
STEP: Final = timedelta(days=30) / 500
NIGHT: Final = STEP / 2
BARE_JOIN: Final = "the bare join of the two tables"
KPI_FIGURES: Final = "its figures, without the vehicles"
GOALS_MS: Final = {
    "share": "≤ 250",
    "share --at": "≤ 2000",
    "share --at, by night": "≤ 2000",
    "KPI of a date": "≤ 1000",
    KPI_FIGURES: "≤ 1000",
}
WARM_UP_RUNS: Final = 2
RUNS: Final = 9

_FLEET: Final = sql.SQL("""
insert into operator (operator_id, time_zone)
select 'op' || number, case when number < 10 then 'Europe/Moscow' else 'Europe/Samara' end
from generate_series(0, 11) as number;
insert into journey (journey_key, route_id, trip_id)
select number + 1, number % 40, 'trip ' || number from generate_series(0, 999) as number;
-- One in a hundred publishes and is not registered.
insert into vehicle (operator_id, vehicle_id)
select 'op' || number % 12, number from generate_series(1, {vehicles} * 101 / 100) as number;
""")

_REGISTRY: Final = sql.SQL("""
insert into registry_change (changed_by, source) values ('benchmark', 'benchmark');
insert into registry_entry (vehicle_key, operator_id, attributes, equipment, known_from, change_id)
select vehicle_key, operator_id,
       jsonb_strip_nulls(jsonb_build_object(
           'route_id', case when vehicle_key % 10 > 0 then (vehicle_key % 40)::text end,
           'depot', 'depot ' || vehicle_key % 30, 'municipality', 'town ' || vehicle_key % 20
       )),
       case when vehicle_key % 4 > 0 then 1 else 2 end
       | case when vehicle_key % 7 > 0 then 16 else 0 end,
       now() - interval '400 days', change_id
from vehicle cross join registry_change
where vehicle_key <= {vehicles};
""")

_FLAGS: Final = """
(64 | case when vehicle_key %% 10 < 8 then 1 else 2 end
 | case when vehicle_key %% 10 < 7 then 4 else 8 end
 | case when vehicle_key %% 11 < 10 then 16 else 32 end)::bigint
"""
"""Of both kinds: fitted or not, and whether it works."""

# One in 50 was never heard, one in 7 is silent.
_STATES: Final = f"""
update vehicle_state
set first_contact_at = %(now)s - interval '400 days',
    first_observed_at = %(now)s - interval '400 days',
    contact_at = at, fix_at = at, fix_heard_at = at, latitude = 570000000, longitude = 410000000,
    speed = 800, bearing = 1200, hdop = 90, satellites = 11, journey_key = 1 + vehicle_key %% 1000,
    flags = said.flags,
    equipment = array(select reading(at, said.flags, place) from generate_series(1, 4) as place)
from (
    select vehicle_key as key, {_FLAGS} as flags,
           %(now)s - interval '1 second' * (vehicle_key %% case when vehicle_key %% 7 = 0
                                                                then 5184 else 90 end) as at
    from vehicle
) as said
where vehicle_key = key and vehicle_key %% 50 > 0
"""

# A bus says what equipment it has with every fourth of its positions, which is every six hours.
_FIXES: Final = f"""
insert into report (vehicle_key, observed_at, received_at, equipment, latitude, longitude,
                    journey_key, speed, bearing, hdop, satellites)
select vehicle_key, at, at, 1::bigint << 60 | case when turn %% 4 = 0 then {_FLAGS} else 0 end,
       570000000 + random() * 1000000, 410000000 + random() * 1000000,
       1 + vehicle_key %% 1000, 800, 1200, 90, 11
from generate_series(%(have)s::integer, %(want)s::integer - 1) as turn
cross join vehicle_state
cross join lateral (select fix_at - turn * %(step)s::interval as at) as moment
where fix_at is not null
"""

DAYS_OF_POSITIONS: Final = """
insert into vehicle_day (vehicle_key, day, recorded_on, south, north, west, east, minutes,
                         equipment)
select vehicle_key, day, day, south, north, west, east, (map || map || map)::bit(16384), readings
from (
    select vehicle_key, local_day(observed_at, time_zone) as day,
           min(latitude) as south, max(latitude) as north,
           min(longitude) as west, max(longitude) as east,
           bit_or(set_bit(
               0::bit(1624),
               floor(extract(epoch from (observed_at at time zone time_zone)::time) / 60)::integer,
               1
           )) as map,
           array[max(reading(observed_at, equipment, 1)), max(reading(observed_at, equipment, 2)),
                 max(reading(observed_at, equipment, 3)), max(reading(observed_at, equipment, 4))]
               as readings
    from report
    join vehicle using (vehicle_key)
    join operator using (operator_id)
    group by vehicle_key, day
) as written
order by day, vehicle_key
"""
"""In the order in which they come: scattered, a date's rows lie on four times as many pages."""

_DAYS: Final = f"""
insert into vehicle_day (vehicle_key, day, recorded_on, south, north, west, east, minutes,
                         equipment)
select vehicle_key, day, day, 570000000, 571000000, 410000000, 411000000,
       (map || map || map)::bit(16384), readings.of_day
from generate_series(current_date - %(days)s::integer, current_date, interval '1 day') as date
cross join lateral (
    select date::date as day, repeat('01', 812)::bit(1624) as map
) as local
cross join vehicle_state
cross join lateral (
    select array(select reading(day + interval '12 hours', {_FLAGS}, place)
                 from generate_series(1, 4) as place) as of_day
) as readings
where fix_at is not null and (vehicle_key + extract(doy from day)::integer) %% 7 > 0
on conflict do nothing
"""


_BARE_JOIN: Final = """
select count(*), max(fix_at), max(operator_id)
from vehicle_state full join registry_entry using (vehicle_key)
"""


# As the dashboards ask for them: by operator, depot and municipality.
_KPI_FIGURES: Final = "select * from grafana.kpi_on(%s)"


class History(NamedTuple):
    """A database with so many positions in it."""

    positions: int
    megabytes: float
    url: str


class Measured(NamedTuple):
    """The runs of each question, in ms, with so many positions stored."""

    history: History
    runs: Mapping[str, Sequence[float]]


class Measure:
    """SQL and what our side makes of its answer, on a machine that does nothing else of ours."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, and return the times in ms and their growth."""
        with _server() as server:
            fleets = _fleets(server, progress)
            kpi = _kpi(server, progress)
            now = datetime.now(UTC)
            most = int(os.environ.get(MOST_NAME, MOST))
            sizes = [each for each in POSITIONS if each <= most]
            histories = [_history(server, positions, now, progress) for positions in sizes]
            measured = _askedin_turns(histories, now, progress)
        return [_times(measured, kpi), _ratios(measured), fleets]


@contextmanager
def _server() -> Iterator[PostgresServer]:
    server = PostgresServer({"shared_buffers": "1GB", "max_wal_size": "8GB"})
    try:
        server.start()
        yield server
    finally:
        server.close()


def _fleets(server: PostgresServer, progress: Progress) -> Table:
    now = datetime.now(UTC)
    with ExitStack() as open_views:
        asks = {}
        for vehicles in FLEETS:
            progress(f"a fleet of {vehicles:,}")
            url = server.create_database(extension="timescaledb")
            load_fleet(url, vehicles, now)
            with connect(url, "benchmark", autocommit=True) as database:
                database.execute("vacuum analyze")
            view = open_views.enter_context(snapshot(url, "benchmark"))
            asks[vehicles] = partial(shares, view, Asked(now), DEFAULT_WINDOWS)
        runs = in_turns(asks)
    table = figures("share by the size of the fleet, ms", *(f"{each:,}" for each in FLEETS))
    table.add_row("share", *(median_and_spread(runs[each], ".0f") for each in FLEETS))
    return table


def _kpi(server: PostgresServer, progress: Progress) -> list[float]:
    progress(f"{KPI_DAYS} days of {KPI_VEHICLES:,} vehicles")
    url = server.create_database(extension="timescaledb")
    now = datetime.now(UTC)
    load_fleet(url, KPI_VEHICLES, now)
    with connect(url, "benchmark", autocommit=True) as database:
        database.execute(_DAYS, {"days": KPI_DAYS})
        database.execute("vacuum analyze")
    on = now.date() - timedelta(days=KPI_DAYS) / 2
    with snapshot(url, "benchmark") as view:
        return in_turns({on: partial(kpi_of_date, view, on, KpiRule())})[on]


def _history(server: PostgresServer, positions: int, now: datetime, progress: Progress) -> History:
    progress(f"{positions:,} positions")
    url = server.create_database(extension="timescaledb")
    load_fleet(url, VEHICLES, now)
    with connect(url, "benchmark", autocommit=True) as database:
        load_positions(database, positions // VEHICLES, STEP)
        database.execute(DAYS_OF_POSITIONS)
        database.execute(_DAYS, {"days": KpiRule().trailing_days})
        database.execute("vacuum analyze")
        database.execute("checkpoint")
        return History(positions, _megabytes(database), url)


def load_fleet(url: str, vehicles: int, now: datetime) -> None:
    """Make a database of a fleet, its list and its states."""
    migrate(url)
    with connect(url, "benchmark", autocommit=True) as database:
        database.execute(_FLEET.format(vehicles=vehicles))
        database.execute(_STATES, {"now": now})
        database.execute(_REGISTRY.format(vehicles=vehicles))


def load_positions(database: Connection, turns: int, step: timedelta) -> None:
    """Give each vehicle so many positions, one each step, back from its newest."""
    # A statement for a chunk or two: each chunk's index stays in memory while it is filled.
    for first in range(0, turns, 20):
        last = min(first + 20, turns)
        database.execute(_FIXES, {"have": first, "want": last, "step": step})


def _askedin_turns(
    histories: Sequence[History], now: datetime, progress: Progress
) -> Sequence[Measured]:
    progress("questions, of each history in turn")
    with ExitStack() as open_views:
        views = [open_views.enter_context(snapshot(each.url, "benchmark")) for each in histories]
        asks = {
            (question, history): partial(ask, view, now, _middle(history, now))
            for question, ask in _QUESTIONS.items()
            for history, view in zip(histories, views, strict=True)
        }
        runs = in_turns(asks)
    return [
        Measured(history, {question: runs[question, history] for question in _QUESTIONS})
        for history in histories
    ]


def _middle(history: History, now: datetime) -> datetime:
    return now - history.positions // VEHICLES // 2 * STEP


_QUESTIONS: Final[Mapping[str, Callable[[Connection, datetime, datetime], object]]] = {
    "share": lambda view, now, then: shares(view, Asked(now), DEFAULT_WINDOWS),
    BARE_JOIN: lambda view, now, then: view.execute(_BARE_JOIN).fetchall(),
    "share --at": lambda view, now, then: shares(view, Asked(then, past=True), DEFAULT_WINDOWS),
    "share --at, by night": lambda view, now, then: shares(
        view, Asked(then + NIGHT, past=True), DEFAULT_WINDOWS
    ),
    "untrackable --at": lambda view, now, then: untrackable(
        view, Asked(then, past=True), DISPATCHER_WINDOW
    ),
    "KPI of a date": lambda view, now, then: kpi_of_date(view, _yesterday(now), KpiRule()),
    KPI_FIGURES: lambda view, now, then: view.execute(_KPI_FIGURES, [_yesterday(now)]).fetchall(),
}
"""Of now, or of then."""


def _yesterday(now: datetime) -> date:
    return now.date() - timedelta(days=1)


def in_turns(asks: Mapping[K, Callable[[], object]]) -> dict[K, list[float]]:
    """Ask everything in turns, so that a slower minute is one for all; return the ms of each."""
    runs: dict[K, list[float]] = {name: [] for name in asks}
    for turn in range(WARM_UP_RUNS + RUNS):
        for name, ask in asks.items():
            began = time.perf_counter()
            ask()
            if turn >= WARM_UP_RUNS:
                runs[name].append((time.perf_counter() - began) * 1000)
    return runs


def _megabytes(database: Connection) -> float:
    row = database.execute("select hypertable_size('report') / 1e6").fetchone()
    return float(row[0]) if row else 0.0


def _times(measured: Sequence[Measured], kpi: Sequence[float]) -> Table:
    histories = [each.history for each in measured]
    columns = [f"{each.positions:,} ({each.megabytes:,.0f} MB)" for each in histories]
    table = figures(f"{VEHICLES:,} vehicles, ms by positions stored", *columns, "goal")
    for question in _QUESTIONS:
        runs = [median_and_spread(each.runs[question], ".0f") for each in measured]
        table.add_row(question, *runs, GOALS_MS.get(question, ""))
    table.add_section()
    others = [""] * (len(measured) - 1)
    name = f"KPI of a date ({KPI_VEHICLES:,} vehicles, {KPI_DAYS} days)"
    table.add_row(name, median_and_spread(kpi, ".0f"), *others, GOALS_MS["KPI of a date"])
    return table


def _ratios(measured: Sequence[Measured]) -> Table:
    least = measured[0]
    title = f"Growth: times {least.history.positions:,}, the median of the turns"
    columns = [f"{each.history.positions:,}" for each in measured[1:]]
    table = figures(title, *columns, "goal")
    for question in _QUESTIONS:
        ratios = [_ratio(each.runs[question], least.runs[question]) for each in measured[1:]]
        table.add_row(question, *ratios, "≤ 1.3" if question == "share" else "")
    table.add_section()
    bare = [_ratio(each.runs["share"], each.runs[BARE_JOIN]) for each in measured[1:]]
    table.add_row(f"share : {BARE_JOIN}", *bare, "")
    return table


def _ratio(runs: Sequence[float], others: Sequence[float]) -> str:
    return f"{median(one / other for one, other in zip(runs, others, strict=True)):.2f}"
