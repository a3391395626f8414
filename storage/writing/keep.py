"""Keep a batch: the one order in which it gets into the tables, in the running transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import errors as sqlstate

from models.probe import OPERATOR as PROBE
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.sql import queries
from storage.writing import probe, staging
from storage.writing.batch import Batch, RejectedMessage, Written, informative
from storage.writing.keys import Keys
from storage.writing.lateness import keep_lateness
from storage.writing.quotas import Quotas
from storage.writing.staging import Staged

_SQL: Final = queries("writing")

REPEATS_LAST: Final = 20
"""So many batches without a duplicate, and the next one is taken for a usual one again."""

SMALL: Final = 1000
"""So many reports are kept by plans that were made once. At 1,000 reports/s, in batches of 160,
that took a third off PostgreSQL's CPU; a larger batch is worth a plan for its size."""


@dataclass
class Repeats:
    """Whether reports come twice at present, as from two feeds of one fleet."""

    batches_left: int = 0
    """So many more are kept as if something of them were there: trying it the usual way first
    would cost such a batch its insert twice."""

    def seen(self, duplicates: bool) -> None:
        """Say whether a batch had any."""
        self.batches_left = REPEATS_LAST if duplicates else max(self.batches_left - 1, 0)


def learn_keys(
    connection: Connection, keys: Keys, batch: Batch, quotas: Quotas | None = None
) -> frozenset[VehicleId]:
    """Learn the keys of all that a batch names; in no transaction.

    Return the vehicles that nobody has heard of and that the quotas leave no room for.
    """
    buses, _ = batch.apart(PROBE)
    reports = [report for report, _ in buses.reports]
    fixes = [report.fix for report in reports if report.fix is not None]
    turned_away = keys.assign(
        connection,
        dict.fromkeys(report.vehicle for report in reports),
        {(fix.route_id, fix.trip_id) for fix in fixes},
        quotas,
    )
    if batch.rejected:
        named = {each.vehicle for _, of_message in batch.rejected for each in of_message}
        keys.look_up(connection, {vehicle for vehicle in named if vehicle is not None})
    return turned_away


def keep(
    connection: Connection,
    keys: Keys,
    batch: Batch,
    book: Callable[[Written], None],
    recorded_at: datetime | None = None,
    repeats: Repeats | None = None,
    on_staged: Callable[[], None] = lambda: None,
) -> Written:
    """Keep a batch in the running transaction; return what became of its reports.

    Args:
        keys: that have learnt what the batch names.
        book: keeps the account, and what was rejected.
        recorded_at: when it was recorded, where that was not at its reception.
        repeats: what the batches before let expect; None where there were none.
        on_staged: called when all reports are with the database.
    """
    buses, probes = batch.apart(PROBE)
    if connection.pooled:
        connection.execute(_SQL["create_staged"])
    if len(batch.reports) <= SMALL:
        connection.execute(_SQL["plan_once"])
    staged = staging.stage(connection, buses, keys)
    on_staged()
    rejections = _rejections(batch.rejected, keys)
    news = informative(buses.reports)
    stored = keep_staged(
        connection, staged, news, repeats or Repeats(), recorded_at, rejections=rejections
    )
    contacts = len(batch.reports) - news
    written = Written(stored, news - stored, contacts, batch.rejections)
    book(written)
    # The probe's one row is every worker's: who holds it must have nothing left to wait for.
    if probes:
        probe.keep(connection, probes)
    return written


NO_REJECTIONS: Final[Mapping[str, list[Any]]] = {"keys": [], "moments": [], "reasons": []}


def keep_staged(
    connection: Connection,
    staged: Staged | None,
    news: int,
    repeats: Repeats,
    recorded_at: datetime | None = None,
    rejections: Mapping[str, list[Any]] = NO_REJECTIONS,
) -> int:
    """Keep what is in the staging table; return how many of its reports were new.

    Args:
        staged: what that is; None: nothing.
        news: how many of its reports have a position or a flag.
        repeats: what the batches before let expect.
        recorded_at: when it was recorded, where that was not at its reception.
        rejections: when vehicles were rejected, and why.
    """
    vehicles = {*rejections["keys"], *(staged.vehicles if staged else ())}
    parameters: dict[str, object] = {
        **rejections,
        "vehicles": list(vehicles),
        "recorded_at": recorded_at,
        "places": staged.places if staged else 0,
        "off_route": list(staged.off_route) if staged else [],
    }
    if vehicles:
        connection.execute(_SQL["advance_states"], parameters)
    stored = 0
    if staged:
        bounds = {"first": staged.first, "last": staged.last, "recorded_at": recorded_at}
        if _keep_as_usual(connection, bounds, repeats):
            stored = news
        else:
            stored = _merge_reports(connection, parameters | bounds)
            repeats.seen(duplicates=stored < news)
        connection.execute(_SQL["keep_days"], parameters)
    if rejections["keys"]:
        connection.execute(_SQL["keep_rejections"], parameters)
    if staged and staged.late:
        keep_lateness(connection, staged.late)
    return stored


def _keep_as_usual(connection: Connection, bounds: Mapping[str, object], repeats: Repeats) -> bool:
    """Keep the staged reports if nothing of them is there yet; return whether that was so."""
    if repeats.batches_left:
        return False
    try:
        with connection.transaction():
            if bounds["recorded_at"] is not None:
                connection.execute(_SQL["keep_recorded_later"], bounds)
            connection.execute(_SQL["insert_reports"])
    except sqlstate.UniqueViolation:
        repeats.seen(duplicates=True)
        return False
    return True


def _merge_reports(connection: Connection, binds: Mapping[str, object]) -> int:
    """Merge the staged reports with what is there; return how many held something new."""
    connection.execute(_SQL["plan_again"])
    for name in ("keep_heard_again", "keep_recorded_later"):
        connection.execute(_SQL[name], binds)
    row = connection.execute(_SQL["merge_reports"], binds).fetchone()
    connection.execute(_SQL["advance_merged_fixes"], binds)
    stored: int = row[0] if row else 0
    return stored


def _rejections(rejected: Sequence[RejectedMessage], keys: Keys) -> dict[str, list[Any]]:
    """Return when each vehicle that is known was rejected, and why: by its message's last word."""
    rows = [
        (key, message.received_at, of_message[-1].reason.value)
        for message, of_message in rejected
        if of_message[-1].heard
        and of_message[-1].vehicle is not None
        and (key := keys.vehicle(of_message[-1].vehicle)) is not None
    ]
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    return dict(zip(("keys", "moments", "reasons"), map(list, columns), strict=True))
