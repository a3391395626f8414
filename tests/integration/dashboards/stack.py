"""What Grafana would ask: a real Prometheus that scrapes our programs, and the simulated hour."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from psycopg import sql

from storage.connection import Connection
from tests.integration.ingest.publishing import publish
from tests.servers.mosquitto import MosquittoServer
from tests.servers.prometheus import PrometheusServer
from tests.servers.waiting import wait_until
from tests.unit.dashboards import grafana

Values = Mapping[str, Sequence[str]]

RULES: Final = Path(__file__).parents[3] / "metrics/rules"
RATE_INTERVAL: Final = "10s"
PERIODS: Final = {"kpi": timedelta(days=335)}
PERIOD: Final = timedelta(hours=6)
SCRAPES: Final = 12
SCRAPE: Final = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ['*.rules.yml']
scrape_configs:
  - {{job_name: ingest, static_configs: [{{targets: ['{ingest}']}}]}}
  - {{job_name: metrics, static_configs: [{{targets: ['{metrics}']}}]}}
"""


@dataclass(frozen=True)
class Stack:
    """Both data sources."""

    prometheus: PrometheusServer
    database: Connection
    began: datetime

    def rows(self, query: grafana.Query, values: Values) -> int:
        """Return how many rows or samples a query gives; raise what the server says of it."""
        if query.datasource == grafana.PROMETHEUS:
            return self._samples(grafana.promql(query.text, values, RATE_INTERVAL))
        return len(self.fetched(query, values, PERIODS.get(query.dashboard, PERIOD)))

    def fetched(
        self, query: grafana.Query, values: Values, period: timedelta, until: datetime | None = None
    ) -> list[Any]:
        """Return the rows that a query of the database gives for a period up to a time or now."""
        until = until or datetime.now(UTC)
        text = grafana.sql(query.text, values, (until - period).isoformat(), until.isoformat())
        return self.database.execute(sql.SQL(text)).fetchall()

    def choices(self, variable: grafana.Json, values: Values) -> list[str]:
        """Return what a variable can be, given the values of those before it."""
        if variable["type"] == "custom":
            return [option["value"] for option in variable["options"]]
        text = grafana.variable_query(variable)
        if text.startswith("select "):
            rows = self.database.execute(sql.SQL(grafana.sql(text, values, "", ""))).fetchall()
            return [row[0] for row in rows]
        return self._label_values(text.removeprefix("label_values(").removesuffix(")"), values)

    def _samples(self, text: str) -> int:
        answer = self.prometheus.get_json(
            "/api/v1/query_range",
            query=text,
            start=str(self.began.timestamp()),
            end=str(time.time()),
            step="1",
        )
        assert not answer.get("warnings"), answer["warnings"]
        return sum(len(series["values"]) for series in answer["data"]["result"])

    def _label_values(self, text: str, values: Values) -> list[str]:
        selector, _, label = grafana.promql(text, values).rpartition(", ")
        path = f"/api/v1/label/{label}/values"
        found: list[str] = self.prometheus.get_json(path, **{"match[]": selector})["data"]
        return found


@contextmanager
def publishing(broker: MosquittoServer) -> Iterator[None]:
    """Publish reports of every outcome, some a second."""
    stop = threading.Event()
    thread = threading.Thread(target=_publish, args=(broker, stop), name="reports")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def scraped(prometheus: PrometheusServer) -> None:
    """Wait until there is enough for a rate."""
    wait_until(
        lambda: prometheus.value('count_over_time(up{job="metrics"}[1m])') == SCRAPES,
        seconds=60,
        what=f"{SCRAPES} scrapes",
    )


def _publish(broker: MosquittoServer, stop: threading.Event) -> None:
    while not stop.wait(0.4):
        now = datetime.now(UTC).isoformat()
        good = json.dumps({"observed_at": now, "latitude": 57.0, "longitude": 41.0}).encode()
        bare = json.dumps({"observed_at": now, "latitude": None, "longitude": None}).encode()
        topic = "fleet/op/1/position"
        publish(broker, [(topic, good), (topic, good), ("fleet/op/2/position", bare)])
        publish(broker, [(topic, b"{"), ("fleet/op/3/position", b'{"observed_at": 0}')])
