"""How the shares' time grows with the history: of now, of a past moment; the KPI of a date.

The tables are filled set by set, in SQL, and not by the writer: 50 million positions would take
it an hour. A vehicle's positions lie 86 minutes apart, so that the largest history is 500 of each
vehicle in 30 days, a chunk each. The past moment is the middle of what is there: the newest states
answer nothing of it, and every vehicle is looked up.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final, NamedTuple

from psycopg import sql
from rich.table import Table

from models.indicator import DEFAULT_WINDOWS, DISPATCHER_WINDOW
from models.kpi import KpiRule
from storage.connection import Connection, connect
from storage.kpi import kpi_of_date
from storage.migrate import migrate
from storage.shares import shares_at, shares_now
from storage.untrackable import untrackable_at
from tests.benchmarks.bench import Progress, figures, median_and_spread
from tests.servers.postgresql import PostgresServer

VEHICLES: Final = 100_000
KPI_VEHICLES: Final = 2_000
"""A year of the larger fleet's days would be 36 million rows, and many times all else together."""
POSITIONS: Final = (1_000_000, 5_000_000, 50_000_000)
MOST_NAME: Final = "BENCH_POSITIONS"
"""The environment's word on how far to go; the largest history takes ten minutes and 10 GB."""
MOST: Final = 5_000_000
STEP: Final = timedelta(days=30) / 500
WARM_UP_RUNS: Final = 2
RUNS: Final = 9

_FLEET: Final = sql.SQL("""
insert into operator (operator_id, time_zone)
select 'op' || number, case when number < 10 then 'Europe/Moscow' else 'Europe/Samara' end
from generate_series(0, 11) as number;
-- One in a hundred publishes and is not registered.
insert into vehicle (operator_id, vehicle_id)
select 'op' || number % 12, number from generate_series(1, {vehicles} * 101 / 100) as number;
insert into registry_change (changed_by, source) values ('benchmark', 'benchmark');
insert into registry_entry (vehicle_key, route_id, depot, municipality, cctv, cashless,
                            known_from, change_id)
select vehicle_key, case when vehicle_key % 10 > 0 then (vehicle_key % 40)::text end,
       'depot ' || vehicle_key % 30, 'town ' || vehicle_key % 20, vehicle_key % 4 > 0,
       case when vehicle_key % 7 > 0 then true end, now() - interval '400 days', change_id
from vehicle cross join registry_change
where vehicle_key <= {vehicles};
""")

# One in 50 was never heard, one in 7 is silent.
_STATES: Final = sql.SQL("""
insert into vehicle_state (vehicle_key, first_contact_at, contact_at, fix_at, latitude, longitude,
                           speed_mps, bearing_deg, route_id, trip_id,
                           cctv_fitted, cctv_fitted_at, cctv_working, cctv_working_at,
                           cashless_fitted, cashless_fitted_at, cashless_working,
                           cashless_working_at)
select vehicle_key, {now} - interval '400 days', at, at, 57, 41, 8, 120,
       (vehicle_key % 40)::text, 'trip ' || vehicle_key % 999,
       vehicle_key % 10 < 8, at, vehicle_key % 10 < 7, at, vehicle_key % 11 < 10, at, true, at
from vehicle
cross join lateral (
    select {now} - interval '1 second' * (vehicle_key % case when vehicle_key % 7 = 0
                                                             then 5184 else 90 end) as at
) as newest
where vehicle_key % 50 > 0
""")

_FIXES: Final = """
insert into fix (vehicle_key, observed_at, received_at, latitude, longitude, speed_mps,
                 bearing_deg, route_id)
select vehicle_key, at, at, 57 + random() / 10, 41 + random() / 10, 8, 120,
       (vehicle_key %% 40)::text
from generate_series(%(have)s::integer, %(want)s::integer - 1) as turn
cross join vehicle_state
cross join lateral (select fix_at - turn * %(step)s::interval as at) as moment
"""

_EQUIPMENT: Final = """
insert into equipment_report (vehicle_key, equipment, observed_at, received_at, fitted, working)
select vehicle_key, equipment, at, at, vehicle_key %% 10 < 8, vehicle_key %% 10 < 7
from generate_series(%(since)s::timestamptz, %(until)s::timestamptz - interval '1 second',
                     interval '1 day') as day
cross join vehicle_state
cross join unnest(array['cctv', 'cashless']) as equipment
cross join lateral (select day + vehicle_key %% 3600 * interval '1 second' as at) as moment
"""

_DAYS: Final = """
insert into vehicle_day (vehicle_key, day, recorded_on, minutes, fixes, first_fix_at, last_fix_at)
select vehicle_key, day, day, repeat('01', 750)::bit(1500), 750, day, day + interval '20 hours'
from generate_series(current_date - 364, current_date, interval '1 day') as date
cross join lateral (select date::date as day) as local
cross join vehicle_state
where (vehicle_key + extract(doy from day)::integer) % 7 > 0
"""


class Measured(NamedTuple):
    """The runs of each question, in ms, with so many positions stored."""

    positions: int
    megabytes: float
    runs: dict[str, list[float]]


class Measure:
    """SQL and what our side makes of its answer, on a machine that does nothing else of ours."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Measure, and return the times in ms and their growth."""
        with _server() as server:
            kpi = _kpi(server, progress)
            url = server.create_database(extension="timescaledb")
            measured = list(_growth(url, int(os.environ.get(MOST_NAME, MOST)), progress))
        return [_times(measured, kpi), _ratios(measured)]


@contextmanager
def _server() -> Iterator[PostgresServer]:
    server = PostgresServer({"shared_buffers": "1GB", "max_wal_size": "8GB"})
    try:
        server.start()
        yield server
    finally:
        server.close()


def _kpi(server: PostgresServer, progress: Progress) -> list[float]:
    progress(f"a year of days of {KPI_VEHICLES:,} vehicles")
    url = server.create_database(extension="timescaledb")
    now = datetime.now(UTC)
    _load_fleet(url, KPI_VEHICLES, now)
    with connect(url, "benchmark", autocommit=True) as database:
        database.execute(_DAYS)
        _load_equipment(database, now - timedelta(days=365), now)
        database.execute("vacuum analyze")
        return _timed(lambda: kpi_of_date(database, now.date() - timedelta(days=180), KpiRule()))


def _growth(url: str, most: int, progress: Progress) -> Iterator[Measured]:
    now = datetime.now(UTC)
    _load_fleet(url, VEHICLES, now)
    have = 0
    with connect(url, "benchmark", autocommit=True) as database:
        for positions in [each for each in POSITIONS if each <= most]:
            progress(f"{positions:,} positions")
            want = positions // VEHICLES
            _load_positions(database, now, have, want)
            have = want
            progress(f"{positions:,} positions: questions")
            yield Measured(positions, _megabytes(database), _asked(database, now, want))


def _load_fleet(url: str, vehicles: int, now: datetime) -> None:
    migrate(url)
    with connect(url, "benchmark", autocommit=True) as database:
        database.execute(_FLEET.format(vehicles=vehicles))
        database.execute(_STATES.format(now=now))


def _load_positions(database: Connection, now: datetime, have: int, want: int) -> None:
    # A statement for a chunk or two: each chunk's index stays in memory while it is filled.
    for first in range(have, want, 20):
        last = min(first + 20, want)
        database.execute(_FIXES, {"have": first, "want": last, "step": STEP})
    _load_equipment(database, now - want * STEP, now - have * STEP)
    database.execute("vacuum analyze")
    database.execute("checkpoint")


def _load_equipment(database: Connection, since: datetime, until: datetime) -> None:
    database.execute(_EQUIPMENT, {"since": since, "until": until})


def _asked(database: Connection, now: datetime, turns: int) -> dict[str, list[float]]:
    then = now - turns * STEP / 2
    return {
        "share": _timed(lambda: shares_now(database, now, DEFAULT_WINDOWS)),
        "share --at": _timed(lambda: shares_at(database, then, DEFAULT_WINDOWS)),
        "untrackable --at": _timed(lambda: untrackable_at(database, then, DISPATCHER_WINDOW)),
    }


def _timed(ask: Callable[[], object]) -> list[float]:
    return [_milliseconds(ask) for _ in range(WARM_UP_RUNS + RUNS)][WARM_UP_RUNS:]


def _milliseconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def _megabytes(database: Connection) -> float:
    row = database.execute("select hypertable_size('fix') / 1e6").fetchone()
    return float(row[0]) if row else 0.0


def _times(measured: Sequence[Measured], kpi: Sequence[float]) -> Table:
    goals = {"share": "≤ 100", "share --at": "≤ 2000"}
    columns = [f"{each.positions:,} ({each.megabytes:,.0f} MB)" for each in measured]
    table = figures(f"{VEHICLES:,} vehicles, ms by positions stored", *columns, "goal")
    for question in measured[0].runs:
        runs = [median_and_spread(each.runs[question], ".0f") for each in measured]
        table.add_row(question, *runs, goals.get(question, ""))
    table.add_section()
    others = [""] * (len(measured) - 1)
    name = f"KPI of a date ({KPI_VEHICLES:,} vehicles, a year)"
    table.add_row(name, median_and_spread(kpi, ".0f"), *others, "≤ 1000")
    return table


def _ratios(measured: Sequence[Measured]) -> Table:
    columns = [f"{each.positions:,}" for each in measured[1:]]
    table = figures(f"Growth: times the median of {measured[0].positions:,}", *columns, "goal")
    for question, runs in measured[0].runs.items():
        medians = [median(each.runs[question]) / median(runs) for each in measured[1:]]
        goal = "≤ 1.3" if question == "share" else ""
        table.add_row(question, *(f"{ratio:.2f}" for ratio in medians), goal)
    return table
