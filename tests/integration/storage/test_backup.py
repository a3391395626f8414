"""`fleetgauge backup` and `restore`: the same figures to the byte, and what comes after is kept."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from psycopg import sql
from typer.testing import CliRunner, Result

from fleetgauge.cli import app
from fleetgauge.commands.errors import CommandError
from models.registry import RegistryEntry
from models.report import Report
from models.vehicle import VehicleId
from storage.connection import connect
from storage.errors import DatabaseUnusable
from storage.kpi.fix_ages import PositionsNotKept
from storage.migrate import apply, migrate
from tests.integration.storage.fleet_history import FIX, T0, History, Received
from tests.integration.storage.test_restore import FLAGS, history
from tests.servers.databases import Databases
from tests.servers.postgresql import BIN
from tests.servers.userland import Userland

ASKED = (
    ("report", "--on", f"{T0:%Y-%m-%d}"),
    ("share", "--at", T0.isoformat()),
    ("untrackable", "--at", T0.isoformat()),
)

LISTED = (
    ("report", "--on", f"{T0:%Y-%m-%d}", "--by", "depot"),
    ("share", "--at", T0.isoformat(), "--by", "depot"),
    ("registry", "list"),
    ("registry", "changes"),
)
SWEDISH = (
    "create database {} encoding 'UTF8' template template0 locale_provider icu icu_locale 'sv'",
    "alter database {} set timezone = 'Asia/Kamchatka'",
    "alter database {} set datestyle = 'German, DMY'",
    "alter database {} set extra_float_digits = 0",
)


@pytest.fixture
def tools(userland: Userland, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The userland's pg_dump and pg_restore, found as those of the system are."""
    loader = next(userland.root.glob("lib*/ld-linux*.so.*"))
    libraries = ":".join(str(path) for path in userland.root.glob("usr/lib/*-linux-gnu*"))
    for name in ("pg_dump", "pg_restore"):
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        program = f"{userland.root}{BIN}/{name}"
        script.write_text(
            f'#!/bin/sh\nprintf "%s " "$@" >>{script}.arguments\n'
            f'exec {loader} --library-path {libraries} {program} "$@"\n'
        )
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")


@pytest.fixture(params=["timescaledb", "postgresql"])
def urls(
    request: pytest.FixtureRequest, timescaledb_databases: Databases
) -> Iterator[tuple[str, str]]:
    """A database with a fleet's history, and an empty one."""
    extension = request.param if request.param == "timescaledb" else None
    made = timescaledb_databases.create_database(extension=extension)
    empty = timescaledb_databases.create_database()
    with connect(made, "test", autocommit=True) as connection:
        apply(connection)
    history().write(made)
    yield made, empty
    for url in (made, empty):
        timescaledb_databases.drop_database(url)


def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"FLEETGAUGE_DATABASE_URL": url})


def printed(url: str, *arguments: str) -> str:
    result = run(url, *arguments, "--json")
    assert result.exit_code == 0, result.exception
    return hashlib.sha256(result.stdout.encode()).hexdigest()


@pytest.mark.usefixtures("tools")
def test_what_was_restored_prints_the_same_bytes(urls: tuple[str, str], tmp_path: Path) -> None:
    """And works on: triggers, functions and chunks are there."""
    source, target = urls
    before = [printed(source, *asked) for asked in ASKED]
    file = tmp_path / "whole.dump"
    ended = run(source, "backup", str(file))
    assert ended.exit_code == 0, ended.exception
    assert file.stat().st_mode & 0o077 == 0
    ended = run(target, "restore", str(file), "--json")
    assert ended.exit_code == 0, ended.exception
    assert json.loads(ended.stdout)["with_positions"] is True

    assert [printed(target, *asked) for asked in ASKED] == before
    assert migrate(target).applied == ()
    at = T0 + timedelta(days=1)
    report = (
        history()
        .events[0]
        .report._replace(  # type: ignore[union-attr]
            vehicle=VehicleId("west", "9"), observed_at=at, fix=FIX, equipment=FLAGS
        )
    )
    History((), [Received(report, at)]).write(target)
    ended = run(target, "restore", str(file))
    assert isinstance(ended.exception, DatabaseUnusable)
    assert "not empty" in str(ended.exception)


@pytest.mark.usefixtures("tools")
def test_another_locale_zone_and_order_on_disk_print_the_same_bytes(
    timescaledb_databases: Databases, tmp_path: Path
) -> None:
    """No collation orders a document; nor do the database's settings or a rewritten table."""
    source, target = (timescaledb_databases.create_database() for _ in range(2))
    with connect(source, "test", autocommit=True) as connection:
        apply(connection)
    buses = [VehicleId("east", name) for name in ("б", "А", "z", "Ö", "o", "10", "9", "a-b", "ab")]
    entries = [RegistryEntry(bus, attributes={"depot": bus.vehicle_id}) for bus in buses]
    at = T0 - timedelta(hours=1)
    events = [Received(Report(bus, at, FIX, FLAGS), at) for bus in buses[::2]]
    History(entries, events).write(source)
    before = [_every_form(source, *asked) for asked in (*ASKED, *LISTED)]
    dump = tmp_path / "whole.dump"
    assert run(source, "backup", str(dump)).exit_code == 0
    timescaledb_databases.drop_database(target)
    with connect(source, "test", autocommit=True) as connection:
        for statement in SWEDISH:
            connection.execute(sql.SQL(statement).format(sql.Identifier(urlsplit(target).path[1:])))
    ended = run(target, "restore", str(dump))
    assert ended.exit_code == 0, ended.exception
    with connect(target, "test", autocommit=True) as connection:
        assert connection.execute("select 'z' < 'Ö', 'o' < 'Ö', 'ab' < 'a-b'").fetchone() == (
            True, True, False,
        )  # fmt: skip
        connection.execute("vacuum full")
    assert [_every_form(target, *asked) for asked in (*ASKED, *LISTED)] == before
    for url in (source, target):
        timescaledb_databases.drop_database(url)


def _every_form(url: str, *arguments: str) -> list[str]:
    of_report = [["--csv"], ["--html", "-"]] if arguments[0] == "report" else []
    return [_printed(url, *arguments, *form) for form in (["--json"], *of_report)]


def _printed(url: str, *arguments: str) -> str:
    result = run(url, *arguments)
    assert result.exit_code == 0, result.exception
    return result.stdout


@pytest.mark.usefixtures("tools")
def test_a_backup_of_the_figures_alone(urls: tuple[str, str], tmp_path: Path) -> None:
    """The report is the same to the byte; what rests on positions says that they are not kept."""
    source, target = urls
    report = printed(source, *ASKED[0])
    file = tmp_path / "figures.dump"
    assert json.loads(run(source, "backup", "--figures-only", str(file), "--json").stdout)[
        "figures_only"
    ]
    ended = run(target, "restore", str(file))
    assert ended.exit_code == 0, ended.exception
    assert "without positions" in ended.stdout
    assert printed(target, *ASKED[0]) == report
    for asked in ASKED[1:]:
        assert isinstance(run(target, *asked).exception, PositionsNotKept)


@pytest.mark.usefixtures("tools")
def test_what_a_superuser_has_restored_is_the_owners(
    timescaledb_databases: Databases, tmp_path: Path
) -> None:
    """Who owns the database migrates, maintains and backs up; chunks it may not restore."""
    source, target = (
        timescaledb_databases.create_database(extension="timescaledb") for _ in range(2)
    )
    with connect(source, "test", autocommit=True) as connection:
        apply(connection)
        connection.execute("create role landlord login")
        name = sql.Identifier(urlsplit(target).path[1:])
        connection.execute(sql.SQL("alter database {} owner to landlord").format(name))
    history().write(source)
    file, again = tmp_path / "whole.dump", tmp_path / "again.dump"
    try:
        assert run(source, "backup", str(file)).exit_code == 0
        landlord = target.replace("postgres@", "landlord@", 1)
        assert "superuser" in str(run(landlord, "restore", str(file)).exception)
        assert run(target, "restore", str(file)).exit_code == 0
        assert migrate(landlord).applied == ()
        for command in (["maintain"], ["backup", str(again)]):
            assert run(landlord, *command).exit_code == 0
    finally:
        timescaledb_databases.drop_database(target)
        with connect(source, "test", autocommit=True) as connection:
            connection.execute("drop role landlord")
        timescaledb_databases.drop_database(source)


@pytest.mark.usefixtures("tools")
def test_a_damaged_file_is_named(timescaledb_url: str, tmp_path: Path) -> None:
    """One line, and the database stays empty."""
    file = tmp_path / "damaged.dump"
    file.write_bytes(b"PGDMP and no more")
    ended = run(timescaledb_url, "restore", str(file))
    assert isinstance(ended.exception, CommandError)
    assert f"{file} cannot be read as a backup: pg_restore" in str(ended.exception)


def test_a_missing_tool_is_named(
    timescaledb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to install, and no file is left behind."""
    migrate(timescaledb_url)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    ended = run(timescaledb_url, "backup", str(tmp_path / "file"))
    assert isinstance(ended.exception, CommandError)
    assert "postgresql-client" in str(ended.exception)
    assert list(tmp_path.iterdir()) == []
