"""The KPI reports as the pages ask for them; what makes them is handed in by the command line."""

from datetime import date
from typing import NamedTuple, Protocol

from models.kpi import KpiCounts
from reports.documents import DiffDocument, KpiDocument
from storage.connection import Connection


class Asked(NamedTuple):
    """What a report is to be of."""

    on: date
    compare: date | None = None
    """None: the same date a year before, if anything is known of it."""
    by: str | None = None


class Reports(Protocol):
    """Make reports on a connection that sees one state of the database.

    Each raises ``Invalid`` where there is no such report, and ``StorageError``.
    """

    def report(self, connection: Connection, asked: Asked) -> KpiDocument:
        """Return the report of a date."""

    def counts(self, connection: Connection, on: date) -> KpiCounts:
        """Return the whole fleet's figures of a date alone."""

    def difference(
        self, connection: Connection, before: date, after: date, indicator: str
    ) -> DiffDocument:
        """Return why an indicator is another on the second date."""
