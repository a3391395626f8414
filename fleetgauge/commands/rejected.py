"""``fleetgauge rejected``: the rejected messages, and what becomes of them after a correction."""

from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import typer

from fleetgauge.commands.database import database
from fleetgauge.commands.dates import parse_moment
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.local_times import LocalTimes
from fleetgauge.commands.printing import print_json
from fleetgauge.commands.progress import progress
from fleetgauge.settings import load_settings
from models.legible import plain
from models.rejection import RejectReason
from reports.tables import console, table
from storage.writing import rejected_list
from storage.writing.keys import known_kinds
from storage.writing.rejected import RejectedRow
from storage.writing.rejected_list import RejectedCount, Selection
from storage.writing.reprocess import Reprocessed, Reprocessing

app = typer.Typer(
    help="The messages that were rejected: list them, look at one, reprocess them.",
    no_args_is_help=True,
)


LARGEST_ID = 2**63 - 1
"""PostgreSQL's bigint."""

Reason = Annotated[RejectReason | None, typer.Option(help="Only those rejected for this.")]
Operator = Annotated[str | None, typer.Option(help="Only those whose topic names this operator.")]
Since = Annotated[
    datetime | None,
    typer.Option(
        parser=parse_moment, metavar="TIME", help="Only those received at this time or later."
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(parser=parse_moment, metavar="TIME", help="Only those received before this time."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("list")
def list_(
    reason: Reason = None,
    operator: Operator = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int, typer.Option(min=0, max=LARGEST_ID, help="How many messages to name.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Count what is kept by reason and operator, and name the newest messages.

    A time without an offset is in FLEETGAUGE_TIME_ZONE. Of each operator and hour only
    FLEETGAUGE_REJECTED_KEPT_PER_HOUR messages and FLEETGAUGE_REJECTED_BYTES_PER_HOUR bytes are
    kept: all are counted in the metrics.
    """
    selection = Selection(None, reason, operator, since, until)
    settings = load_settings()
    with database(settings, "rejected") as connection:
        times = LocalTimes.of(connection, settings.time_zone)
        counts = rejected_list.count(connection, selection)
        newest = list(rejected_list.newest(connection, selection, limit))
    if as_json:
        messages = [{"id": number} | _summary(row) for number, row in newest]
        print_json({"counts": [_count(count) for count in counts], "messages": messages})
    else:
        _tabulate(counts, newest, times)


@app.command()
def show(
    rejected_id: Annotated[
        int, typer.Argument(metavar="ID", max=LARGEST_ID, help="As `list` gives it.")
    ],
    as_json: AsJson = False,
) -> None:
    """Show one rejected message: topic, payload, when it was received and why rejected.

    A topic or a payload that is not text is shown in hexadecimal digits. Of a payload longer than
    16 KiB the beginning is kept.
    """
    with database(load_settings(), "rejected") as connection:
        row = rejected_list.find(connection, rejected_id)
    if row is None:
        raise CommandError(f"there is no rejected message {rejected_id}")
    document = {"id": rejected_id} | _summary(row) | _content("payload", row.payload)
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        typer.echo(f"{name}: {_indented(text) if name == 'payload' else plain(text)}")


@app.command()
def replay(
    rejected_id: Annotated[
        int | None,
        typer.Argument(metavar="[ID]", max=LARGEST_ID, help="One message; none: all that match."),
    ] = None,
    reason: Reason = None,
    operator: Operator = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Reprocess rejected messages, as if each had just been received when it was.

    What is now accepted is stored at its own time and leaves the list; what is not stays, with
    its newest reason. So does a message of which only the beginning is kept.
    """
    settings = load_settings()
    with database(settings, "rejected") as connection:
        if rejected_id is not None and rejected_list.find(connection, rejected_id) is None:
            raise CommandError(f"there is no rejected message {rejected_id}")
        rules = settings.rules._replace(kinds=known_kinds(connection))
        worker = Reprocessing(connection, rules, settings.time_zone)
        selection = Selection(rejected_id, reason, operator, since, until)
        total = _reprocess(worker, selection)
        cut = rejected_list.count_cut(connection, selection)
    if as_json:
        print_json(total._asdict())
        return
    typer.echo(
        f"{total.messages:,} messages reprocessed, {total.left:,} left the list; "
        f"reports: {total.stored:,} stored, {total.duplicate:,} duplicate, "
        f"{total.contact:,} contact, {total.rejected:,} still rejected"
    )
    if cut:
        typer.echo(f"{cut:,} not reprocessed: only the beginning of their payload is kept")


class _Total(NamedTuple):
    messages: int = 0
    left: int = 0
    stored: int = 0
    duplicate: int = 0
    contact: int = 0
    rejected: int = 0

    def plus(self, part: Reprocessed) -> "_Total":
        return _Total(*map(sum, zip(self, part[1:], strict=True)))


def _reprocess(worker: Reprocessing, selection: Selection) -> _Total:
    total = _Total()
    with progress(None) as show_progress:
        for part in worker.run(selection):
            total = total.plus(part)
            state = f"{total.messages:,} messages reprocessed, {total.left:,} left the list"
            show_progress(total.messages, state)
    return total


def _summary(row: RejectedRow) -> dict[str, Any]:
    return {
        "received_at": row.received_at.astimezone(UTC),
        "last_received_at": row.last_received_at.astimezone(UTC),
        "times": row.times,
        "reason": row.reason,
        "detail": row.detail,
        "reports": row.reports,
        "elements": list(row.elements),
        "operator_id": row.operator_id,
        "vehicle_id": row.vehicle_id,
        "retained": row.retained,
        "payload_bytes": row.payload_length,
        "payload_sha256": row.payload_digest.hex(),
        "payload_cut": row.is_cut,
        **_content("topic", row.topic),
    }


def _content(name: str, content: bytes) -> dict[str, str]:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {f"{name}_hex": content.hex()}
    legible = all(character.isprintable() or character in "\t\r\n" for character in text)
    return {name: text} if legible else {f"{name}_hex": content.hex()}


def _indented(payload: str) -> str:
    # A payload keeps its lines, each set off from ours.
    return "\n  ".join(map(plain, payload.splitlines()))


def _count(kept: RejectedCount) -> dict[str, Any]:
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in kept._asdict().items()
    }


def _tabulate(
    counts: list[RejectedCount], newest: list[tuple[int, RejectedRow]], times: LocalTimes
) -> None:
    if not counts:
        typer.echo("no rejected message is kept")
        return
    numbers = ("messages", "reports")
    sums = (
        "reason",
        "operator",
        *numbers,
        times.heading("first received"),
        times.heading("last received"),
    )
    out = console()
    out.print(table(sums, (_count_row(each, times) for each in counts), right=numbers))
    if newest:
        columns = ("id", times.heading("last received"), "times", "reason", "topic", "detail")
        out.print()
        out.print(table(columns, (_row(*each, times) for each in newest), right=("times",)))


def _count_row(kept: RejectedCount, times: LocalTimes) -> tuple[str, ...]:
    received = (
        times.second(moment, kept.operator_id)
        for moment in (kept.first_received_at, kept.last_received_at)
    )
    numbers = (f"{kept.messages:,}", f"{kept.reports:,}")
    return (kept.reason, kept.operator_id or "–", *numbers, *received)


def _row(number: int, row: RejectedRow, times: LocalTimes) -> tuple[str, ...]:
    topic = next(iter(_content("topic", row.topic).values()))
    received = times.second(row.last_received_at, row.operator_id)
    return (str(number), received, f"{row.times:,}", row.reason, plain(topic), plain(row.detail))
