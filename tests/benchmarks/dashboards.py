"""How long Grafana waits: the dashboards' queries on a day of 1,140 buses at 10 s.

Each dashboard's slowest query, planning included: over its own range, a day at least, and over a
year. With a year of positions it is `growth` that measures them.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final, NamedTuple

from psycopg import sql
from rich.table import Table

from storage.connection import Connection, connect
from tests.benchmarks.bench import Progress, figures
from tests.integration.dashboards.simulated_hour import store
from tests.servers.postgresql import PostgresServer
from tests.unit.dashboards import grafana

VEHICLES: Final = 1_140
RUNS: Final = 5
GOAL_MS: Final = 300
YEAR_GOAL_MS: Final = 1_000
PERIODS: Final = {"kpi": timedelta(days=335), "equipment": timedelta(days=7)}
DAY: Final = timedelta(days=1)
YEAR: Final = timedelta(days=365)

_A_DAY = """
insert into report (vehicle_key, observed_at, received_at, equipment, latitude, longitude,
                    journey_key, speed, bearing, hdop, satellites)
select vehicle_key, at, at, 1::bigint << 60 | case when random() < 0.98 then 85 else 136 end,
       570000000 + random() * 1000000, 410000000 + random() * 1000000, journey_key, 800, -1, -1, -1
from vehicle_state
cross join generate_series(now() - interval '24 hours', now() - interval '70 minutes',
                           interval '10 seconds') as at
where fix_at is not null
on conflict do nothing
"""

_INSTEAD: Final = {
    "operator": "select operator from grafana.bus_now() where fix_at is not null group by 1"
    " order by 1",
    "vehicle": "select vehicle from grafana.bus_now() where fix_at is not null"
    " and operator = ${operator:sqlstring} order by 1",
}
"""Of Prometheus, which does not run; and the longest track, not that of a bus without one."""


class PanelQuery(NamedTuple):
    """A panel's query, and how long it took."""

    ms: float
    dashboard: str
    panel: str
    """With the query's letter."""
    rows: int

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel}"


class Measure:
    """SQL alone: what Prometheus is asked does not grow with the history."""

    def tables(self, progress: Progress) -> Sequence[Table]:
        """Fill a database, ask it everything, and return each dashboard's slowest query in ms."""
        server = PostgresServer()
        try:
            server.start()
            url = server.create_database(extension="timescaledb")
            progress("a day of positions")
            store(url, VEHICLES, year_ago=False)
            with connect(url, "benchmark", autocommit=True) as database:
                for statement in (_A_DAY, "vacuum analyze"):
                    database.execute(statement)
                progress("queries")
                return [_table(database)]
        finally:
            server.close()


def _table(database: Connection) -> Table:
    table = figures(
        f"dashboards, ms (goals: {GOAL_MS}, {YEAR_GOAL_MS})",
        *("slowest", "query", "rows"),
        *("over a year", "query", "rows"),
    )
    for name in grafana.NAMES:
        found = [slowest_query(database, [name], period) for period in (None, YEAR)]
        table.add_row(
            name,
            *(cell for each in found for cell in (f"{each.ms:.0f}", each.panel, f"{each.rows:,}")),
        )
    return table


def slowest_query(
    database: Connection, names: Sequence[str] = grafana.NAMES, period: timedelta | None = None
) -> PanelQuery:
    """Return the slowest query of some dashboards.

    Args:
        database: the database.
        names: of the dashboards; all.
        period: that they show; None: each its own, a day at least.
    """
    return max(each for name in names for each in _measured(database, name, period))


def _measured(database: Connection, name: str, period: timedelta | None) -> Iterator[PanelQuery]:
    until = datetime.now(UTC)
    since = until - (period or PERIODS.get(name, DAY))
    values = _values(database, name)
    for query in grafana.queries(name):
        if query.datasource == grafana.POSTGRES:
            text = grafana.sql(query.text, values, since.isoformat(), until.isoformat())
            runs, rows = zip(*(_run(database, text) for _ in range(RUNS)), strict=True)
            yield PanelQuery(median(runs), name, f"{query.panel}, {query.ref}", rows[0])


def _run(database: Connection, text: str) -> tuple[float, int]:
    began = time.perf_counter()
    rows = len(database.execute(sql.SQL(text)).fetchall())
    return (time.perf_counter() - began) * 1000, rows


def _values(database: Connection, name: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for variable in grafana.variables(grafana.dashboard(name)):
        asked = _INSTEAD.get(variable["name"]) or grafana.variable_query(variable)
        if variable["type"] == "custom":
            values[variable["name"]] = [variable["current"]["value"]]
        elif asked.startswith("select "):
            rows = database.execute(sql.SQL(grafana.sql(asked, values, "", ""))).fetchall()
            every = [value for (value,) in rows]
            values[variable["name"]] = every if variable["multi"] else every[:1]
    return values
