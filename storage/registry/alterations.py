"""Which reports of the past a change of the registry alters, and by how much: before it is made.

A report can be asked for any day. Looked at are those that are published: of the ends of months, of
the ends of years before that, and of the last day there is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from models.errors import Invalid
from models.kpi import KpiCounts, KpiOfDate
from models.target import Scope
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.kpi.stored_days import StoredDays, stored_days
from storage.sql import queries

_SQL: Final = queries("registry")

MONTHS: Final = 24
"""So many ends of months are looked at; of the time before, the ends of years."""

KpiOf = Callable[[date], KpiOfDate]
"""Computes the KPI of a date, by the rule in force on it."""


class Part(NamedTuple):
    """The vehicles behind an indicator, of all."""

    numerator: int
    vehicles: int


class Alteration(NamedTuple):
    """A figure of a past date that a change makes another."""

    on: date
    scope: Scope
    indicator: str
    before: Part
    after: Part


class PastWouldChange(StorageError, Invalid):
    """Nothing was changed: reports of the past would be others, and nobody has confirmed that."""

    def __init__(self, alterations: Sequence[Alteration]) -> None:
        dates = sorted({each.on for each in alterations})
        span = f"of {dates[0]}" if len(dates) == 1 else f"from {dates[0]} to {dates[-1]}"
        super().__init__(
            f"nothing was changed: {len(alterations):,} figures of reports {span} would change; "
            "pass --yes to confirm"
        )
        self.alterations = alterations


def alterations(
    connection: Connection, kpi_of: KpiOf, make: Callable[[], object]
) -> Sequence[Alteration]:
    """Return what a change alters, of the whole fleet first, and the latest date first.

    It is made for that, and taken back.

    Args:
        kpi_of: asks the same connection.
        make: makes the change over it.

    Raises:
        StorageError: the change cannot be made, or the database failed.
    """
    with translated(), connection.transaction(force_rollback=True):
        days = [*_published(stored_days(connection))]
        if not days:
            # Of 100,000 vehicles making it once too often takes 5 s.
            return ()
        connection.execute(_SQL["rehearse"])
        with connection.transaction(force_rollback=True):
            make()
            rows = connection.execute(_SQL["touched_days"], {"days": days})
            touched = [day for (day,) in rows]
            after = {day: _counts(kpi_of(day)) for day in touched}
        before = {day: _counts(kpi_of(day)) for day in touched}
    found = [each for day in touched for each in _compared(day, before[day], after[day])]
    return sorted(found, key=lambda each: each.scope != Scope())


def check(altered: Sequence[Alteration], *, confirmed: bool) -> None:
    """Raise an error where something is altered that nobody has confirmed.

    Raises:
        PastWouldChange: so it is.
    """
    if altered and not confirmed:
        raise PastWouldChange(altered)


def _published(stored: StoredDays | None) -> Iterator[date]:
    if stored is None:
        return
    yield stored.last
    end, months = stored.last.replace(day=1) - timedelta(days=1), 0
    while end >= stored.first:
        if months < MONTHS or end.month == 12:
            yield end
        end, months = end.replace(day=1) - timedelta(days=1), months + 1


def _counts(kpi: KpiOfDate) -> Mapping[Scope, KpiCounts]:
    operators = {Scope(operator_id=name): each for name, each in kpi.groups("operator").items()}
    places = {
        Scope(municipality=name): each
        for name, each in kpi.groups("municipality").items()
        if name is not None
    }
    return {Scope(): kpi.counts, **operators, **places}


def _compared(
    day: date, before: Mapping[Scope, KpiCounts], after: Mapping[Scope, KpiCounts]
) -> Iterator[Alteration]:
    if not before[Scope()].vehicles:
        # Of a day without a fleet there was no report.
        return
    for scope in dict.fromkeys((*before, *after)):
        for indicator in before[Scope()].indicators:
            parts = [_part(each.get(scope), indicator) for each in (before, after)]
            if parts[0] != parts[1]:
                yield Alteration(day, scope, indicator, *parts)


def _part(counts: KpiCounts | None, indicator: str) -> Part:
    if counts is None:
        return Part(0, 0)
    return Part(counts.numerator(indicator), counts.vehicles)
