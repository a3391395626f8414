"""``fleetgauge access``: who may publish at the broker, and for whom."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from fleetgauge.broker_access import publishing_access
from fleetgauge.broker_accounts import Listed, broker_accounts
from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.database import database
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.local_times import LocalTimes
from fleetgauge.commands.printing import print_json
from fleetgauge.settings import Settings, load_settings
from models.account import RESERVED, account_of
from models.broker import BrokerAccess
from reports.tables import console, table
from storage.access_changes import AccessChange, Change, access_changes, record
from storage.errors import StorageError

app = typer.Typer(
    help="The broker's accounts: of an operator's gateway, of a vehicle, of a feed. "
    "For Mosquitto with its dynamic-security plugin, as docker-compose.yml runs it.",
    no_args_is_help=True,
)

_PASSWORD_BYTES = 24

Name = Annotated[
    str,
    typer.Argument(
        metavar="ACCOUNT",
        help="OPERATOR (all its vehicles, through one gateway), OPERATOR/VEHICLE, hfp or traccar.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command()
def add(
    name: Name,
    operators: Annotated[
        str, typer.Option("--for", metavar="A,B", help="The operators that hfp may speak for.")
    ] = "",
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody publish, and print the password: it is shown this once."""
    listed = [part.strip() for part in operators.split(",") if part.strip()]
    settings = load_settings()
    try:
        account = account_of(name, listed, settings.topic_prefix)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    who = author or system_user()
    text = f"added {datetime.now(UTC):%Y-%m-%dT%H:%MZ} by {who}"
    with broker_accounts(_access(settings)) as accounts:
        accounts.add(account, password, text)
    _show(name, password, as_json=as_json)
    _record(settings, name, "added", who, account.topics)


@app.command()
def rotate(name: Name, author: Author = None, as_json: AsJson = False) -> None:
    """Give an account another password, and print it; the old one is of no use from then on."""
    _refuse_reserved(name)
    settings = load_settings()
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    with broker_accounts(_access(settings)) as accounts:
        accounts.set_password(name, password)
    _show(name, password, as_json=as_json)
    _record(settings, name, "password", author or system_user())


@app.command()
def revoke(name: Name, author: Author = None) -> None:
    """Take an account away; whoever is connected with it is disconnected."""
    _refuse_reserved(name)
    settings = load_settings()
    with broker_accounts(_access(settings)) as accounts:
        accounts.remove(name)
    typer.echo(f"{name}: revoked")
    _record(settings, name, "revoked", author or system_user())


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the accounts and what each may do."""
    with broker_accounts(_access(load_settings())) as accounts:
        found = accounts.listed()
    if as_json:
        print_json([each._asdict() for each in found])
    else:
        console().print(_table(found))


@app.command()
def changes(
    name: Annotated[
        str | None, typer.Argument(metavar="ACCOUNT", help="Of this account (default: of all).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List who changed which account when, the newest first."""
    settings = load_settings()
    with database(settings, "access") as connection:
        found = access_changes(connection, name)
    if as_json:
        print_json([each._asdict() for each in found])
    elif found:
        console().print(_changes_table(found, LocalTimes(settings.time_zone)))
    else:
        typer.echo("no changes on record")


def _access(settings: Settings) -> BrokerAccess:
    return publishing_access(settings, "access")


def _record(
    settings: Settings, account: str, change: Change, author: str, topics: Sequence[str] = ()
) -> None:
    # The broker has done it already, and an account must be revoked without the database, too.
    try:
        with database(settings, "access") as connection:
            record(connection, account, change, author, topics)
    except StorageError as error:
        typer.echo(f"{account}: the change is not on record: {error}", err=True)


def _refuse_reserved(name: str) -> None:
    if name in RESERVED:
        raise CommandError(f"{name!r} is an account of the stack itself: see docs/security.md")


def _show(name: str, password: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"account": name, "password": password})
    else:
        typer.echo(password)


def _changes_table(found: Sequence[AccessChange], times: LocalTimes) -> Table:
    columns = (times.heading("changed"), "account", "change", "by", "may publish on")
    rows = [
        (
            times.second(each.changed_at),
            each.account,
            each.change,
            each.changed_by,
            ", ".join(each.topics),
        )
        for each in found
    ]
    return table(columns, rows)


def _table(found: list[Listed]) -> Table:
    rows = [(each.name, ", ".join(each.topics), ", ".join(each.reads), each.text) for each in found]
    return table(("account", "may publish on", "may subscribe to", ""), rows)
