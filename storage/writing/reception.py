"""The account of every report ever received, by hour and worker.

It is only ever added to. A report that was rejected and is taken at a replay was received once: the
row of the worker ``replay``, in the hour of the replay, takes it from ``rejected`` (a negative
number) and adds it to its new outcome. So the sums over all rows stay true for ever, and each row
by itself adds up. A message that could not be opened counts as one; where a replay opens it and
finds more reports in it, those beyond the one are added to ``received`` as well.
"""

from collections import Counter

from models.report import Outcome
from storage.writing.batch import Written
from storage.connection import Connection

_BOOK = """
insert into reception as known (hour, worker, received, stored, duplicate, contact, rejected)
values (date_trunc('hour', now()), %(worker)s, %(received)s,
        %(stored)s, %(duplicate)s, %(contact)s, %(rejected)s)
on conflict (hour, worker) do update
set received = known.received + excluded.received,
    stored = known.stored + excluded.stored,
    duplicate = known.duplicate + excluded.duplicate,
    contact = known.contact + excluded.contact,
    rejected = known.rejected + excluded.rejected
"""

_BOOK_REASONS = """
insert into reception_rejected as known (hour, worker, reason, reports)
select date_trunc('hour', now()), %(worker)s, reason, reports
from unnest(%(reasons)s::text[], %(reports)s::bigint[]) as rejected (reason, reports)
order by reason
on conflict (hour, worker, reason) do update
set reports = known.reports + excluded.reports
"""

_TOTALS = """
select coalesce(sum(received), 0)::bigint as received,
       coalesce(sum(stored), 0)::bigint as stored,
       coalesce(sum(duplicate), 0)::bigint as duplicate,
       coalesce(sum(contact), 0)::bigint as contact,
       coalesce(sum(rejected), 0)::bigint as rejected
from reception
"""

_TOTALS_BY_REASON = """
select reason, sum(reports)::bigint from reception_rejected group by reason order by reason
"""


def book(connection: Connection, worker: str, received: int, written: Written) -> None:
    """Add a batch to the worker's account, in the transaction that keeps the batch.

    ``received`` was counted where the messages were opened, the outcomes where they were kept:
    the table's check constraint holds the one against the other.
    """
    rejected = written.rejected
    connection.execute(
        _BOOK,
        {
            "worker": worker,
            "received": received,
            Outcome.STORED.value: written.stored,
            Outcome.DUPLICATE.value: written.duplicate,
            Outcome.CONTACT.value: written.contact,
            Outcome.REJECTED.value: rejected.total(),
        },
    )
    if rejected:
        reasons = {"reasons": [reason.value for reason in rejected], "worker": worker}
        connection.execute(_BOOK_REASONS, reasons | {"reports": list(rejected.values())})


def totals(connection: Connection) -> dict[str, int]:
    """Return all ever received, and its four outcomes."""
    cursor = connection.execute(_TOTALS)
    names = [column.name for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchone() or (), strict=True))


def totals_by_reason(connection: Connection) -> Counter[str]:
    """Return all ever rejected, by reason."""
    return Counter(dict(connection.execute(_TOTALS_BY_REASON).fetchall()))
