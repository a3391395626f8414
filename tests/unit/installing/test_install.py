"""`fleetgauge install` writes a whole machine room, once, and leaves alone what was changed."""

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest
import typer
import yaml
from typer.testing import CliRunner

from fleetgauge.cli import app
from fleetgauge.environment import known_variables
from fleetgauge.settings import Settings
from tests.unit.project.repository import ROOT

UNITS: Final = "etc/systemd/system"
PROGRAM: Final = "/opt/fleetgauge/bin/fleetgauge"


def install(root: Path) -> str:
    """Install below a folder; return what is said on stderr."""
    ended = CliRunner().invoke(app, ["install", "--systemd", str(root), "--program", PROGRAM])
    assert ended.exit_code == 0, ended.output
    return ended.stderr


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    assert install(root) == ""
    return root


def services(root: Path) -> list[Path]:
    return sorted((root / UNITS).glob("*.service"))


def entries(unit: Path) -> dict[str, list[str]]:
    """Return the lines of a unit by their key."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.M):
        found.setdefault(key, []).append(value)
    return found


def test_units_run_commands_that_there_are(root: Path) -> None:
    """With their own secrets alone, and settings that exist."""
    known = known_variables(Settings.model_fields)
    names = typer_names()
    for unit in services(root):
        lines = entries(unit)
        (command,) = lines["ExecStart"]
        program, name = command.split()
        assert (program, name in names) == (PROGRAM, True)
        for credential in lines["LoadCredential"]:
            path = credential.split(":")[1]
            assert (root / path.removeprefix("/")).is_file(), path
        assert {line.split("=")[0] for line in lines["Environment"]} <= known


def typer_names() -> set[str]:
    group = typer.main.get_command(app)
    return set(group.list_commands(typer.Context(group)))  # type: ignore[attr-defined]


def test_no_unit_may_do_more_than_it_must(root: Path) -> None:
    """And systemd restarts a service that no longer answers."""
    for unit in services(root):
        lines = entries(unit)
        assert lines["DynamicUser"] == lines["NoNewPrivileges"] == lines["ProtectHome"] == ["yes"]
        assert lines["ProtectSystem"] == ["strict"]
        assert lines["CapabilityBoundingSet"] == [""]
        if lines["Type"] == ["notify"]:
            assert lines["WatchdogSec"]
            assert lines["Restart"] == ["always"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_takes_the_units_and_finds_them_hardened(tmp_path: Path) -> None:
    """No complaint; an exposure of 2 at the most, of 10."""
    program = tmp_path / "fleetgauge"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    CliRunner().invoke(app, ["install", "--systemd", str(tmp_path), "--program", str(program)])
    paths = [str(path) for path in sorted((tmp_path / UNITS).glob("fleetgauge-*.*"))]
    environment = os.environ | {"MANPATH": str(tmp_path / "usr/local/share/man")}
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    for unit in services(tmp_path):
        rated = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert rated.returncode == 0, rated.stdout[-300:]


def test_what_was_changed_is_kept(tmp_path: Path) -> None:
    """The new one lies beside it; what nobody changed is brought up to date; passwords stay."""
    install(tmp_path)
    settings = tmp_path / "etc/fleetgauge/fleetgauge.env"
    password = tmp_path / "etc/fleetgauge/secrets/web/password"
    unit, made = tmp_path / UNITS / "fleetgauge-web.service", password.read_text()
    settings.write_text("FLEETGAUGE_TIME_ZONE=Asia/Omsk\n")
    record = tmp_path / "etc/fleetgauge/.installed.json"
    old = unit.read_text() + "# as an older version had it\n"
    _pretend_it_was_installed(record, unit, old)
    said = install(tmp_path)
    assert said.splitlines() == [f"{settings} was changed and is kept: see {settings}.new"]
    assert settings.read_text() == "FLEETGAUGE_TIME_ZONE=Asia/Omsk\n"
    assert "as an older version had it" not in unit.read_text()
    assert password.read_text() == made


def _pretend_it_was_installed(record: Path, unit: Path, text: str) -> None:
    known = json.loads(record.read_text())
    known[f"{UNITS}/{unit.name}"] = hashlib.sha256(text.encode()).hexdigest()
    record.write_text(json.dumps(known))
    unit.write_text(text)


def test_nobody_else_reads_a_password(root: Path) -> None:
    """Neither those of the services nor those in the script of the roles."""
    secret = [*(root / "etc/fleetgauge/secrets").rglob("*"), root / "etc/fleetgauge/roles.sql"]
    assert len(secret) > 15
    assert [path for path in secret if stat.S_IMODE(path.stat().st_mode) & 0o007] == []
    script = (root / "etc/fleetgauge/roles.sql").read_text()
    password = (root / "etc/fleetgauge/secrets/timescaledb/ingest").read_text().strip()
    assert f"'{password}'" in script
    assert "`cat" not in script


def test_nothing_is_left_of_the_containers(root: Path) -> None:
    """No host of docker-compose.yml, no path of its images, no variable of its .env."""
    left = re.compile(
        r"(ingest|metrics|prometheus|alertmanager|timescaledb|mosquitto):\d|/run/fleetgauge"
        r"|(?<!lib)/mosquitto/(data|security|tls)|\$\{"
    )
    paths = [path for path in (root / "etc").rglob("*") if path.suffix in {".yml", ".conf", ".sql"}]
    found = {
        path.name: left.findall(path.read_text()) for path in paths if "rules" not in str(path)
    }
    assert len(found) > 5
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_grafana_finds_its_dashboards(root: Path) -> None:
    """Where the provisioning says, in both languages."""
    provisioning = root / "etc/grafana/provisioning/dashboards/fleetgauge.yml"
    for provider in yaml.safe_load(provisioning.read_text())["providers"]:
        folder = root / provider["options"]["path"].removeprefix("/")
        assert list(folder.glob("*.json")), folder


def test_the_manual_has_every_command(root: Path) -> None:
    """With its options; made from what `--help` says."""
    manual = (root / "usr/local/share/man/man1/fleetgauge.1").read_text().replace("\\-", "-")
    assert [name for name in typer_names() if f".SS fleetgauge {name}" not in manual] == []
    assert "--disk-free" in manual


def test_the_wheel_has_all_that_is_installed(tmp_path: Path) -> None:
    """What is installed from a wheel is what is installed from a working copy."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    command = "from fleetgauge.entry import main; main()"
    arguments = ["install", "--systemd", str(tmp_path / "root"), "--program", PROGRAM]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    ran = subprocess.run(
        [sys.executable, "-c", command, *arguments],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    install(tmp_path / "other")
    written, same = _written(tmp_path / "root"), _written(tmp_path / "other")
    assert len(written) > 25
    assert written == same


def _written(root: Path) -> dict[str, str]:
    paths = [path for path in root.rglob("*") if path.is_file() and "secrets" not in path.parts]
    # With the passwords in it, and its checksum.
    random = {"roles.sql", ".installed.json"}
    found = {str(path.relative_to(root)): path for path in paths if path.name not in random}
    return {name: path.read_text() for name, path in found.items()}


def test_short_help_and_completion() -> None:
    """-h is --help, of every command; the shells' completion can be shown."""
    for arguments in (["-h"], ["share", "-h"], ["registry", "import", "-h"]):
        assert CliRunner().invoke(app, arguments).stdout.startswith("Usage: ")
    shown = subprocess.run(
        [sys.executable, "-m", "fleetgauge", "--show-completion", "bash"],
        env=os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "complete " in shown.stdout
