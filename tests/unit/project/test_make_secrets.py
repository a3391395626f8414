"""deploy/secrets/make_secrets.py makes each secret once, and keeps it."""

import base64
import hashlib
import stat
import subprocess
import sys
from pathlib import Path

from tests.unit.project.repository import ROOT

SCRIPT = ROOT / "deploy/secrets/make_secrets.py"
URLS = ("fleetgauge/mqtt_url", "simulator/mqtt_url", "fleetgauge/probe_mqtt_url")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--folder", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def matches(password: str, line: str) -> bool:
    kind, iterations, salt, digest = line.partition(":")[2].split("$")[1:]
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(iterations))
    return kind == "7" and base64.b64decode(digest) == made


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    """A restart of the stack keeps every password."""
    assert run(tmp_path).returncode == 0
    first = contents(tmp_path)
    assert run(tmp_path).returncode == 0
    assert contents(tmp_path) == first


def test_no_password_is_used_twice(tmp_path: Path) -> None:
    """Each role of the database and user of the broker, Grafana's admin, the pages' staff."""
    run(tmp_path)
    files = contents(tmp_path)
    plain = [files[f"timescaledb/{user}"] for user in ("postgres", "fleetgauge", "grafana")]
    plain += [files[name] for name in URLS]
    plain += [files["grafana/admin_password"], files["fleetgauge/web_password"]]
    assert len(set(plain)) == 8
    assert files["grafana/database_password"] == files["timescaledb/grafana"]


def test_broker_knows_the_passwords_of_the_urls(tmp_path: Path) -> None:
    """The hash in Mosquitto's file is that of the password in the URL."""
    run(tmp_path)
    files = contents(tmp_path)
    lines = files["mosquitto/passwords"].splitlines()
    for line, url in zip(lines, (files[name] for name in URLS), strict=True):
        user, _, password = url.removeprefix("mqtt://").rpartition("@")[0].partition(":")
        assert line.startswith(f"{user}:$7$")
        assert matches(password, line)


def test_user_is_added_beside_the_others(tmp_path: Path) -> None:
    """An operator gets a password; a second time it gets a new one, and the others keep theirs."""
    run(tmp_path)
    before = contents(tmp_path)["mosquitto/passwords"]
    first, second = (run(tmp_path, "add-user", "ivpat-1").stdout.strip() for _ in range(2))
    after = contents(tmp_path)["mosquitto/passwords"]
    assert after.startswith(before)
    assert after.count("ivpat-1:") == 1
    assert matches(second, after.splitlines()[-1])
    assert not matches(first, after.splitlines()[-1])


def test_impossible_user_is_refused(tmp_path: Path) -> None:
    """A name that would break the password file or the topic is named, and nothing is written."""
    done = run(tmp_path, "add-user", "north:1")
    assert done.returncode == 1
    assert "north:1" in done.stderr
    assert contents(tmp_path) == {}


def test_others_may_not_read(tmp_path: Path) -> None:
    """The files are for their owner and its group, which the readers are in."""
    run(tmp_path)
    for path in tmp_path.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o007, path
