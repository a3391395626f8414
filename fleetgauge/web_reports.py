"""The KPI reports that the pages show: the very ones that the commands print."""

from datetime import date

from fleetgauge.commands.kpi_report import Request, kpi_report
from fleetgauge.commands.report_diff import Dated, dated_difference
from fleetgauge.figure_rules import figure_rules
from models.kpi import KpiCounts
from reports.documents import DiffDocument, KpiDocument
from reports.kpi_document import report_document
from storage.connection import Connection
from storage.kpi.kpi import kpi_of_date
from web.reports import Asked


class WebReports:
    """Make them as ``fleetgauge report`` does."""

    def report(self, connection: Connection, asked: Asked) -> KpiDocument:
        """Return the report of a date."""
        by = (asked.by,) if asked.by else ()
        request = Request(asked.on, asked.compare, None, {}, by, None, None)
        return report_document(kpi_report(connection, request))

    def counts(self, connection: Connection, on: date) -> KpiCounts:
        """Return the whole fleet's figures of a date alone."""
        rules = figure_rules(connection, on, None, {})
        return kpi_of_date(connection, on, rules.kpi).counts

    def difference(
        self, connection: Connection, before: date, after: date, indicator: str
    ) -> DiffDocument:
        """Return why an indicator is another on the second date."""
        return dated_difference(connection, Dated(before, None), Dated(after, None), [indicator])
