"""``fleetgauge access`` on the broker that docker-compose.yml runs."""

import json
import os
import subprocess
import sys
from functools import partial

import pytest

from fleetgauge.broker_accounts import broker_accounts
from fleetgauge.commands.errors import CommandError
from models.account import account_of
from storage.migrate import migrate
from tests.integration.deploy.compose_broker import Client, ComposeBroker
from tests.servers.ports import free_port

NO_DATABASE = f"postgresql://nobody@127.0.0.1:{free_port()}/none"


def run_access(
    broker: ComposeBroker, *arguments: str, service: str = "admin", database: str = NO_DATABASE
) -> tuple[int, str, str]:
    """Run the command; return its exit code and what it printed."""
    environment = os.environ | {
        "FLEETGAUGE_MQTT_URL": broker.url_of(broker.login(service)),
        "FLEETGAUGE_DATABASE_URL": database,
    }
    command = [sys.executable, "-m", "fleetgauge", "access", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def connects(broker: ComposeBroker, name: str, password: str) -> bool:
    """Tell whether the broker lets an account in."""
    client = Client((name, password)).open(broker.port)
    client.close()
    return client.connected[0] == 0


def test_an_account_from_its_first_to_its_last_day(
    broker: ComposeBroker, timescaledb_url: str
) -> None:
    """Added, listed without its password, changed, revoked, all on record; it survives restarts."""
    migrate(timescaledb_url)
    access = partial(run_access, broker, database=timescaledb_url)
    code, password, errors = access("add", "ivpat-1/101", "--author", "Anna")
    assert (code, errors) == (0, "")
    broker.restart()
    assert connects(broker, "ivpat-1/101", password.strip())

    _, listed, _ = access("list", "--json")
    of_name = {account["name"]: account for account in json.loads(listed)}
    assert password.strip() not in listed
    assert "fleet/ivpat-1/101/position" in of_name["ivpat-1/101"]["topics"]
    assert of_name["ivpat-1/101"]["reads"] == []
    assert of_name["ivpat-1/101"]["text"].endswith("by Anna")
    assert "fleet/#" in of_name["ingest"]["reads"]

    _, rotated, _ = access("rotate", "ivpat-1/101", "--json")
    new = json.loads(rotated)["password"]
    assert not connects(broker, "ivpat-1/101", password.strip())
    assert connects(broker, "ivpat-1/101", new)

    assert access("revoke", "ivpat-1/101")[0] == 0
    broker.restart()
    assert not connects(broker, "ivpat-1/101", new)
    assert "createClient | username=ivpat-1/101" in broker.log_text()
    assert new not in broker.log_text()
    _, changes, _ = access("changes", "ivpat-1/101", "--json")
    assert [
        (change["change"], change["account"], change["changed_by"] == "Anna")
        for change in json.loads(changes)
    ] == [
        ("revoked", "ivpat-1/101", False),
        ("password", "ivpat-1/101", False),
        ("added", "ivpat-1/101", True),
    ]
    assert new not in changes
    assert "fleet/ivpat-1/101/position" in access("changes")[1].replace("\n", " ")


def test_an_account_is_revoked_while_the_database_is_away(broker: ComposeBroker) -> None:
    """A line says that this is not on record."""
    broker.add("ivpat-1")
    code, said, errors = run_access(broker, "revoke", "ivpat-1")
    assert (code, said) == (0, "ivpat-1: revoked\n")
    assert errors.startswith("ivpat-1: the change is not on record: ")
    assert not connects(broker, "ivpat-1", "a password")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["add", "ingest"], 2, "'ingest' is reserved"),
        (["rotate", "ingest"], 1, "'ingest' is an account of the stack itself"),
        (["revoke", "access"], 1, "'access' is an account of the stack itself"),
        (["add", "hfp"], 2, "hfp needs the operators that it may speak for"),
        (["rotate", "nobody"], 1, "nobody: client not found"),
        (["revoke", "nobody"], 1, "nobody: client not found"),
    ],
)
def test_what_cannot_be(
    shared_broker: ComposeBroker, arguments: list[str], code: int, said: str
) -> None:
    """One clear line, and no account is changed."""
    ended, out, errors = run_access(shared_broker, *arguments)
    assert (ended, out) == (code, "")
    assert said in errors


def test_no_account_is_added_twice(shared_broker: ComposeBroker) -> None:
    """The first keeps its password, and its rights."""
    _, password, _ = run_access(shared_broker, "add", "ivpat-1")
    code, out, errors = run_access(shared_broker, "add", "ivpat-1")
    assert (code, out) == (1, "")
    assert "ivpat-1: client already exists" in errors
    client = Client(("ivpat-1", password.strip())).open(shared_broker.port)
    assert client.send("fleet/ivpat-1/101/position", b"{}") in {0, 16}
    client.close()


def test_another_account_manages_none(shared_broker: ComposeBroker) -> None:
    """Told in one line."""
    code, out, errors = run_access(shared_broker, "list", service="simulator")
    assert (code, out) == (1, "")
    assert "does not let this account manage others" in errors


def test_a_fleet_of_accounts(broker: ComposeBroker) -> None:
    """As many as a fleet has vehicles; the broker goes on and saves, without a restart.

    With `memory_limit` Mosquitto 2.0.21 took itself for full at the 23rd (its pull request 3287).
    """
    with broker_accounts(broker.access("admin")) as accounts:
        for number in range(60):
            accounts.add(account_of(f"ivpat-1/{number}", ()), "a password", "added by the tests")
    assert connects(broker, "ivpat-1/59", "a password")
    broker.save()


def test_a_broker_that_ends_in_the_middle(broker: ComposeBroker) -> None:
    """That is said at once, and not that the account may not manage others."""
    with broker_accounts(broker.access("admin")) as accounts:
        broker.kill()
        with pytest.raises(CommandError, match="ended the connection: its log says why"):
            accounts.listed()
