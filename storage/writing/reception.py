"""The account of every report ever received, by hour and worker.

It is only ever added to. A report that was rejected and is accepted when it is reprocessed was
received once: the row of the worker ``reprocess``, in the hour of the reprocessing, takes it from
``rejected`` (a negative number) and adds it to its new outcome. So the sums over all rows stay true
for ever, and each row by itself adds up. A message that could not be opened counts as one; where
reprocessing opens it and finds more reports in it, those beyond the one are added to ``received``
as well.
"""

from collections import Counter
from typing import Final

from models.report import Outcome
from storage.connection import Connection
from storage.sql import queries
from storage.writing.batch import Written

_SQL: Final = queries("reception")


def book(connection: Connection, worker: str, received: int, written: Written) -> None:
    """Add a batch to the worker's account, in the transaction that keeps the batch.

    ``received`` was counted where the messages were opened, the outcomes where they were kept:
    the table's check constraint holds the one against the other.
    """
    rejected = written.rejected
    connection.execute(
        _SQL["book"],
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
        connection.execute(_SQL["book_reasons"], reasons | {"reports": list(rejected.values())})


def totals(connection: Connection) -> dict[str, int]:
    """Return all ever received, and its four outcomes."""
    cursor = connection.execute(_SQL["totals"])
    names = [column.name for column in cursor.description or ()]
    return dict(zip(names, cursor.fetchone() or (), strict=True))


def totals_by_reason(connection: Connection) -> Counter[str]:
    """Return all ever rejected, by reason."""
    return Counter(dict(connection.execute(_SQL["totals_by_reason"]).fetchall()))
