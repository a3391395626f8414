"""``fleetgauge access``: who may publish at the broker, and for whom."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from fleetgauge.broker_access import publishing_access
from fleetgauge.broker_accounts import Listed, broker_accounts
from fleetgauge.commands.author import Author, system_user
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.printing import print_json
from fleetgauge.settings import load_settings
from models.account import RESERVED, account_of
from models.broker import BrokerAccess
from reports.tables import console, table

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
    try:
        account = account_of(name, listed)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    text = f"added {datetime.now(UTC):%Y-%m-%dT%H:%MZ} by {author or system_user()}"
    with broker_accounts(_access()) as accounts:
        accounts.add(account, password, text)
    _show(name, password, as_json=as_json)


@app.command()
def rotate(name: Name, as_json: AsJson = False) -> None:
    """Give an account another password, and print it; the old one is of no use from then on."""
    _refuse_reserved(name)
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    with broker_accounts(_access()) as accounts:
        accounts.set_password(name, password)
    _show(name, password, as_json=as_json)


@app.command()
def revoke(name: Name) -> None:
    """Take an account away; whoever is connected with it is disconnected."""
    _refuse_reserved(name)
    with broker_accounts(_access()) as accounts:
        accounts.remove(name)
    typer.echo(f"{name}: revoked")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the accounts and what each may do."""
    with broker_accounts(_access()) as accounts:
        found = accounts.listed()
    if as_json:
        print_json([each._asdict() for each in found])
    else:
        console().print(_table(found))


def _access() -> BrokerAccess:
    return publishing_access(load_settings(), "access")


def _refuse_reserved(name: str) -> None:
    if name in RESERVED:
        raise CommandError(f"{name!r} is an account of the stack itself: see docs/security.md")


def _show(name: str, password: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"account": name, "password": password})
    else:
        typer.echo(password)


def _table(found: list[Listed]) -> Table:
    rows = [(each.name, ", ".join(each.topics), ", ".join(each.reads), each.text) for each in found]
    return table(("account", "may publish on", "may subscribe to", ""), rows)
