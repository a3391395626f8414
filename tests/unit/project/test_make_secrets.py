"""deploy/secrets/make_secrets.py makes each secret once, and keeps it."""

import base64
import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.unit.project.repository import ROOT

SCRIPT = ROOT / "deploy/secrets/make_secrets.py"
URLS = ("ingest/mqtt_url", "simulator/mqtt_url", "metrics/mqtt_url", "admin/mqtt_url")
OF_DATABASE = ("migrate", "ingest", "admin", "metrics", "web")


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--folder", str(folder), *arguments]
    environment = os.environ | settings
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def accounts(folder: Path) -> dict[str, dict[str, Any]]:
    document = json.loads(contents(folder)["mosquitto/accounts.json"])
    return {client["username"]: client for client in document["clients"]}


def matches(password: str, client: dict[str, Any]) -> bool:
    salt, iterations = base64.b64decode(client["salt"]), client["iterations"]
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return base64.b64decode(client["password"]) == made


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
    users = [name for name in files if name.startswith("timescaledb/")]
    secret = [*users, *URLS, "grafana/admin_password", "web/password", "web/viewer_password"]
    assert len({files[name] for name in secret}) == len(users) + 7 == 14
    assert files["grafana/database_password"] == files["timescaledb/grafana"]


def test_each_service_has_its_own_role(tmp_path: Path) -> None:
    """Its URL names a role of its own and bears that role's password; no other service has it."""
    run(tmp_path)
    files = contents(tmp_path)
    for service in OF_DATABASE:
        url = urlsplit(files[f"{service}/database_url"].strip())
        assert url.username == {"migrate": "fleetgauge"}.get(service, service)
        assert url.password == files[f"timescaledb/{url.username}"].strip()
        holders = {name.split("/")[0] for name, text in files.items() if url.password in text}
        assert holders == {service, "timescaledb"}


def test_broker_knows_the_passwords_of_the_urls(tmp_path: Path) -> None:
    """The hash in the broker's file is that of the password in the URL."""
    run(tmp_path)
    files, clients = contents(tmp_path), accounts(tmp_path)
    urls = [urlsplit(files[name].strip()) for name in URLS]
    assert {url.username for url in urls} == set(clients) == {"ingest", "simulator", "fleetgauge",
                                                              "access"}  # fmt: skip
    for url in urls:
        assert url.username
        assert url.password
        assert matches(url.password, clients[url.username])


def test_accounts_that_the_broker_has_changed_are_kept(tmp_path: Path) -> None:
    """Another run neither takes an operator's account away nor gives a service a new password."""
    run(tmp_path)
    (tmp_path / "mosquitto/accounts.json").write_text("changed by the broker")
    before = contents(tmp_path)
    run(tmp_path)
    assert contents(tmp_path) == before


def test_others_may_not_read(tmp_path: Path) -> None:
    """The files are for their owner and its group, which the readers are in."""
    run(tmp_path)
    for path in tmp_path.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o007, path


def test_a_prefix_is_in_what_the_services_may_do(tmp_path: Path) -> None:
    """But not before what is the broker's own."""
    run(tmp_path, FLEETGAUGE_TOPIC_PREFIX="region-37")
    document = json.loads(contents(tmp_path)["mosquitto/accounts.json"])
    topics = {acl["topic"] for role in document["roles"] for acl in role["acls"]}
    ours = {topic.removeprefix("$share/+/") for topic in topics if "$SYS" not in topic}
    assert {topic.partition("/")[0] for topic in ours} == {"region-37", "$CONTROL"}
    assert "region-37/fleet/#" in topics
