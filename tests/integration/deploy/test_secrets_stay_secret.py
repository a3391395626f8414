"""A run at the level of debugging, with a secret of its own everywhere: none gets out."""

import base64
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from storage.migrate import migrate
from tests.integration.deploy.compose_broker import Client, ComposeBroker, compose_broker
from tests.integration.storage.test_backup import tools  # noqa: F401 (a fixture)
from tests.servers.ports import free_port
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

PORTS: Final = {"ingest": "INGEST_ADDRESS", "metrics": "METRICS_ADDRESS", "web": "WEB_ADDRESS"}
PATHS: Final = {
    "ingest": ("/metrics", "/healthz", "/readyz", "/nothing"),
    "metrics": ("/metrics", "/healthz", "/readyz", "/gtfs-rt/vehicle-positions.pb"),
    "web": ("/readyz", "/now", "/sign-in", "/map", "/vehicles.geojson", "/nothing"),
}
COMMANDS: Final = (
    ("share",),
    ("untrackable", "--json"),
    ("check",),
    ("access", "list"),
    ("access", "revoke", "nobody"),
    ("rejected", "list"),
    ("access", "changes"),
    ("vehicle", "ivpat-1/1"),
    ("report", "--on", "yesterday"),
    ("registry", "export", "-"),
    ("archive",),
    ("archive", "list"),
    ("maintain",),
    ("migrate", "--status"),
    ("backup", "{folder}/backup"),
    ("simulate", "--vehicles", "2", "--seconds", "1"),
)


class Run:
    """The services and commands with their secrets, and all that came out of them."""

    def __init__(self, folder: Path, broker: ComposeBroker, database: str) -> None:
        self._folder = folder
        self._broker = broker
        self.secrets: dict[str, str] = {}
        self.seen: dict[str, str] = {}
        self._database = database
        self._ports = {service: free_port() for service in PORTS}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, service: str) -> dict[str, str]:
        """Return settings with secrets of this service alone, each in a file."""
        own = self.secrets.setdefault(f"database {service}", f"database-{service}-of-its-own")
        values = {"DATABASE_URL": self._database.replace("@", f":{own}@")}
        if service == "web":
            values["WEB_PASSWORD"] = self.secrets.setdefault("pages", "pages-of-the-staff")
        else:
            user, password = self._broker.login(service)
            self.secrets[f"broker {service}"] = password
            values["MQTT_URL"] = f"mqtt://{user}:{password}@127.0.0.1:{self._broker.inner_port}"
        named = {"LOG_LEVEL": "debug", "LOG_FORMAT": "json", "PROBE_INTERVAL": "1s"}
        named["ARCHIVE"] = str(self._folder / "archive")
        for name, value in values.items():
            path = self._folder / f"{service}-{name}"
            path.write_text(value)
            named[f"{name}_FILE"] = str(path)
        named |= {PORTS[each]: f"127.0.0.1:{port}" for each, port in self._ports.items()}
        return os.environ | {f"FLEETGAUGE_{name}": value for name, value in named.items()}

    def elsewhere(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the settings, with ports on which nothing listens."""
        moved = dict(environment)
        for name in ("DATABASE_URL_FILE", "MQTT_URL_FILE"):
            there = Path(environment[f"FLEETGAUGE_{name}"])
            path = there.with_name(f"{there.name}-gone")
            path.write_text(
                re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{free_port()}", there.read_text())
            )
            moved[f"FLEETGAUGE_{name}"] = str(path)
        return moved

    def start(self, service: str, environment: Mapping[str, str]) -> None:
        """Start a service, and wait until it answers."""
        with (self._folder / f"{service}.log").open("wb") as log:
            self._processes[service] = subprocess.Popen(
                [sys.executable, "-m", "fleetgauge", service],
                env=dict(environment), stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(lambda: self._answers(service), seconds=60, what=f"{service} to answer")

    def command(self, environment: Mapping[str, str], *words: str) -> str:
        """Run a command; its output is seen by whoever looks, and returned."""
        done = subprocess.run(
            [sys.executable, "-m", "fleetgauge",
             *(word.format(folder=self._folder) for word in words)],
            check=False, env=dict(environment), capture_output=True, timeout=120,
        )  # fmt: skip
        return (done.stdout + done.stderr).decode()

    def ask(self, service: str, path: str, method: str = "GET", body: str | None = None) -> str:
        """Return a whole answer, head and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[service], timeout=30)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return str(answer.headers) + answer.read().decode(errors="replace")
        finally:
            connection.close()

    def look(self, when: str) -> None:
        """Keep what the services show: answers and arguments."""
        for service, process in self._processes.items():
            arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            self.seen[f"{when}: arguments of {service}"] = arguments.decode()
            for path in PATHS[service]:
                self.seen[f"{when}: {service} {path}"] = self.ask(service, path)

    def stop(self) -> None:
        """End the services, and keep what they logged."""
        for service, process in self._processes.items():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
            self.seen[f"log of {service}"] = (self._folder / f"{service}.log").read_text()

    def _answers(self, service: str) -> bool:
        try:
            return bool(self.ask(service, "/healthz"))
        except OSError:
            return False


@contextmanager
def running(folder: Path, broker: ComposeBroker, database: str) -> Iterator[Run]:
    """Run what has secrets."""
    run = Run(folder, broker, database)
    try:
        yield run
    finally:
        run.stop()


def publish(client: Client) -> None:
    """Send what is stored and what is rejected."""
    now = datetime.now(UTC).isoformat()
    position = json.dumps({"observed_at": now, "latitude": 57.0, "longitude": 41.0}).encode()
    assert client.send("fleet/ivpat-1/1/position", position) == 0
    assert client.send("fleet/ivpat-1/1/position", b"no JSON") == 0
    client.close()


def dump(url: str) -> str:
    """Return every row of every table, as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select tablename from pg_tables where schemaname = 'public'"
        ).fetchall()
        rows = [
            row
            for (table,) in tables
            for row in connection.execute(
                sql.SQL("select each::text from {} as each").format(sql.Identifier(table))
            )
        ]
    assert any("ivpat-1" in text for (text,) in rows)
    return "\n".join(text for (text,) in rows)


def leaks(run: Run) -> list[tuple[str, str]]:
    """Return which secret is where, as it is, in a URL, or in base64."""
    return [
        (name, where)
        for name, secret in run.secrets.items()
        for form in {
            secret,
            urllib.parse.quote(secret, safe=""),
            base64.b64encode(secret.encode()).decode(),
        }
        for where, text in run.seen.items()
        if form in text
    ]


def test_no_secret_is_in_any_output(
    userland: Userland,
    timescaledb_url: str,
    tmp_path: Path,
    tools: None,  # noqa: F811
) -> None:
    """Log, metric, argument, page, message, table or dump; with the servers there, and gone."""
    migrate(timescaledb_url)
    with ExitStack() as stack:
        broker = stack.enter_context(compose_broker(userland, tmp_path / "secrets"))
        run = stack.enter_context(running(tmp_path, broker, timescaledb_url))
        admin = run.environment("admin")
        added = run.command(admin, "access", "add", "ivpat-1", "--json")
        run.secrets["account"] = json.loads(added)["password"]
        for service in PORTS:
            run.start(service, run.environment(service))
        publish(Client(("ivpat-1", run.secrets["account"])).open(broker.port))
        wait_until(
            lambda: 'outcome="rejected"} 1.0' in run.ask("ingest", "/metrics"),
            seconds=30,
            what="both to be committed",
        )
        run.seen["wrong password"] = run.ask("web", "/sign-in", "POST", "password=a-wrong-guess")
        run.look("all there")
        for words in COMMANDS:
            run.seen[" ".join(words)] = run.command(admin, *words)
        gone = run.elsewhere(admin)
        for words in (*COMMANDS[:4], *COMMANDS[-6:]):
            run.seen[f"servers gone: {' '.join(words)}"] = run.command(gone, *words)
        run.seen["arguments of pg_dump"] = (tmp_path / "bin/pg_dump.arguments").read_text()
        run.seen["dump"] = (tmp_path / "backup").read_bytes().decode(errors="replace")
        run.seen["tables"] = dump(timescaledb_url)
        run.seen["log of the broker"] = broker.log_text()
    assert len(run.secrets) >= 8
    assert "batch_committed" in run.seen["log of ingest"]
    assert "the whole database" in run.seen["backup {folder}/backup"]
    assert "--format=custom" in run.seen["arguments of pg_dump"]
    assert leaks(run) == []
