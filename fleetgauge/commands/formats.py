"""``fleetgauge formats``: what is accepted, and what a message would become."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from fleetgauge.commands.dates import parse_moment
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.settings import Settings, load_settings
from models.decode import FORMATS, Decoded, decode
from models.equipment import Kinds
from models.legible import plain
from models.report import Report
from models.topic_filter import unshared

app = typer.Typer(help="What is accepted, and what a message would become.")


@app.callback(invoke_without_command=True)
def formats(context: typer.Context, as_json: AsJson = False) -> None:
    """List the formats that are accepted, each with its topics and examples."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    before = settings.topic_prefix
    found: list[dict[str, Any]] = [
        {
            "name": each.name,
            "topics": before + each.topic_filter,
            "examples": [
                example._asdict() | {"topic": before + example.topic} for example in each.examples
            ],
        }
        for each in FORMATS
    ]
    found += [
        {"name": each.name, "topics": before + each.topic_filter, "examples": []}
        for each in settings.json_formats
    ]
    if as_json:
        print_json(found)
        return
    for listed in found:
        typer.echo(f"{listed['name']}: {listed['topics']}")
        for example in listed["examples"]:
            typer.echo(f"\n  {example['topic']}\n  {example['payload']}")
        typer.echo()


@app.command()
def check(
    topic: Annotated[str, typer.Argument(help="The topic that the message is published on.")],
    file: Annotated[Path, typer.Argument(help="The payload, as it is published; - is stdin.")],
    received_at: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_moment, metavar="TIME", help="When it was received (default: now)."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a message would be stored as, or why not; exit 1 if any of it is rejected.

    Goes by the settings, as ingest does, and needs neither broker nor database.
    """
    settings = load_settings()
    received_at = received_at or datetime.now(UTC)
    rules = settings.rules._replace(kinds=Kinds(settings.equipment))
    decoded = decode(topic.encode(), _payload(file), received_at, rules)
    if as_json:
        print_json(_document(decoded, rules.kinds))
    else:
        for line in _lines(decoded, rules.kinds):
            typer.echo(plain(line))
        if not _is_subscribed(settings, topic):
            typer.echo(
                f"no filter in FLEETGAUGE_TOPICS covers {topic}: ingest would not receive it",
                err=True,
            )
    if decoded.rejections:
        raise typer.Exit(1)


def _payload(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: cannot be read: {error.strerror or error}") from error


def _is_subscribed(settings: Settings, topic: str) -> bool:
    # paho's takes a tenth of a second to import, which the list can do without.
    from paho.mqtt.client import topic_matches_sub

    return any(topic_matches_sub(unshared(name), topic) for name in settings.topic_filters)


def _document(decoded: Decoded, kinds: Kinds) -> dict[str, Any]:
    return {
        "reports": [_report(each, kinds) for each in decoded.reports],
        "rejections": [
            {
                "element": each.element,
                "vehicle": None if each.vehicle is None else str(each.vehicle),
                "reason": each.reason.value,
                "detail": each.detail,
            }
            for each in decoded.rejections
        ],
        "unknown_equipment": decoded.unknown_equipment,
    }


def _report(report: Report, kinds: Kinds) -> dict[str, Any]:
    outcome = "stored" if report.fix is not None or report.equipment else "contact"
    flags = kinds.flags(report.equipment)
    return {
        "element": report.element,
        "outcome": outcome,
        "vehicle": str(report.vehicle),
        "observed_at": report.observed_at,
        "sent_at": report.sent_at,
        "fix": None if report.fix is None else report.fix._asdict(),
        "equipment": {name: flag._asdict() for name, flag in flags.items()},
    }


def _lines(decoded: Decoded, kinds: Kinds) -> Iterator[str]:
    for report in decoded.reports:
        found = _report(report, kinds)
        yield f"{found['outcome']}: vehicle {found['vehicle']}"
        yield f"  observed at {report.observed_at.isoformat()}"
        if report.sent_at is not None and report.sent_at != report.observed_at:
            yield f"  sent at {report.sent_at.isoformat()}"
        if report.fix is None:
            yield "  no position"
        else:
            given = report.fix._asdict().items()
            yield "  " + ", ".join(f"{name} {value}" for name, value in given if value is not None)
        for name, flag in kinds.flags(report.equipment).items():
            working = {None: "", True: ", working", False: ", not working"}[flag.working]
            yield f"  {name}: {'fitted' if flag.fitted else 'not fitted'}{working}"
    for rejection in decoded.rejections:
        place = "" if rejection.element is None else f" (element {rejection.element})"
        yield f"rejected{place}: {rejection.reason.value}: {rejection.detail}"
    if decoded.unknown_equipment:
        yield (
            f"{decoded.unknown_equipment} equipment keys were ignored: no flag, or none of "
            f"{', '.join(kinds.names)} (FLEETGAUGE_EQUIPMENT)"
        )
