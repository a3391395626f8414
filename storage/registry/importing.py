"""Import a fleet list: the registry as a whole before, as the list has it after.

The list is the whole fleet of the operators that occur in it; the others' stay as they are.

Two times are told apart. *Knowledge time* is when the registry learnt something, by the
server's clock: an import closes the entries it supersedes (``known_to``) and opens their
successors (``known_from``) at one moment, and neither deletes nor rewrites any, so the fleet as
it was known on a past date can always be asked for. *Service time* is what the entries speak
of: the days from ``in_service_from`` to ``in_service_to``, both included, in the operator's
time zone.

What a list means in service time turns on the *effective day*: the one given, else the local
day of the import in the operator's time zone, or of the moment at which it is claimed to have
been known. Such a claim is for loading the lists of past years; it moves nothing else.

- From the effective day on, the fleet is what the list says. A vehicle that is not in it has its
  last day in service the day before; one whose service would begin that day or later is never in
  service. Where the plate, an attribute or declared equipment is another now, the new one holds
  from the effective day and the old one until the day before: a bus that moves today stays at
  its old depot in last year's figure.
- Before the effective day, attributes stay as they are known, and so do the days in service,
  unless the list gives dates: an ``in_service_from`` or ``in_service_to`` in the past is taken
  at its word, since nobody writes "withdrawn on 12 March" and means today.
- A *correction* (``correct=True``) is for what was wrong from the beginning, a misspelt plate.
  The list's attributes then hold from the first day of the period that is in force on the
  effective day, and of past periods that the list gives with dates; moves before that stay.
- A line without ``in_service_from`` says nothing about the past of a vehicle that is known. One
  that is not known begins on the effective day, and in an operator's very first list, or in a
  correction, it has always been there.
- Of a *partial* list (``partial=True``) only its own vehicles are touched.
- A column that the list does not have says nothing; an empty value in one that it has says that
  nothing is known.

Neighbouring periods with the same attributes are one period, however the list writes them.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from models.errors import Invalid
from models.registry import RegistryEntry
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.registry import staging, timeline
from storage.registry.alterations import Alteration, KpiOf, alterations, check
from storage.registry.change import Turn, record, take_turn
from storage.registry.differences import Difference, differences
from storage.registry.names import operators_with_fleet
from storage.registry.staging import Plan
from storage.registry.timeline import Loss
from storage.sql import queries

_SQL: Final = queries("registry")

END_LIMIT: Final = 0.10
"""The part of a fleet that a list may end without anyone having confirmed it."""


class ImportReport(NamedTuple):
    """What an import did, or would do."""

    added: int
    """Vehicles that were not in the fleet on the effective day or later, and now are."""
    changed: int
    """Vehicles of which anything else is another now."""
    ended: int
    """Vehicles that were in the fleet on the effective day or later, and are no more."""
    unchanged: int
    repeated: int
    """Lines that repeat another line."""
    retroactive: int
    """Vehicles known before whose past is another now, by the dates given or by a correction."""
    left_alone: int
    """Vehicles of whose past the list says other attributes, which only a correction takes."""
    without_start: int
    """Vehicles added without a first day: they have always been there."""
    ended_vehicles: Sequence[VehicleId]
    entered_at: datetime
    """When the registry learnt it, by the server's clock."""
    effective: Sequence[tuple[str, date]]
    """Each operator's effective day."""
    unlisted_operators: Sequence[str]
    """Operators with a fleet whose list it is not: they keep it."""
    differences: Sequence[Difference]
    """What would change, of a dry run; else nothing."""
    dry_run: bool
    alterations: Sequence[Alteration]
    """Figures of past reports that are others now, where they were asked for."""

    @property
    def vehicles(self) -> int:
        """How many vehicles the list and the fleet have together."""
        return self.added + self.changed + self.ended + self.unchanged


class FleetWouldShrink(StorageError, Invalid):
    """Nothing was imported: the list would end more of a fleet than goes without confirmation."""

    def __init__(self, losses: Sequence[Loss], limit: float) -> None:
        fleets = "; ".join(
            f"{loss.lost} of {loss.fleet} vehicles of operator {loss.operator_id}"
            for loss in losses[:10]
        )
        more = f"; and {len(losses) - 10} more operators" if len(losses) > 10 else ""
        super().__init__(
            "nothing was imported: the list would end, or take days in service from, "
            f"more than {limit:.0%} of a fleet: {fleets}{more}; pass --yes to confirm"
        )
        self.losses = losses


class UnexpectedOperator(StorageError, Invalid):
    """Nothing was imported: the list is not that of the operators named."""


def import_registry(
    connection: Connection,
    entries: Iterable[RegistryEntry],
    *,
    time_zone: str,
    changed_by: str,
    source: str,
    columns: Collection[str] | None = None,
    operators: Collection[str] | None = None,
    repeated: int = 0,
    effective: date | None = None,
    correct: bool = False,
    partial: bool = False,
    claimed_at: datetime | None = None,
    end_limit: float = END_LIMIT,
    yes: bool = False,
    kpi_of: KpiOf | None = None,
    past_confirmed: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Make the registry what a list says, in one transaction; see this module's first words.

    Args:
        connection: in which no transaction runs, or one that this becomes part of.
        entries: one vehicle's periods must not overlap (``storage.registry.file`` sees to it).
        time_zone: IANA name, for operators that are not known yet.
        changed_by: who imports.
        source: what from, such as the file's name.
        columns: which the list has; it is silent on all others. None: it has them all.
        operators: whose whole list it is, if not of those that occur in it. One that does not
            occur loses its fleet.
        repeated: how many lines were left out as repetitions, for the report.
        effective: the effective day of all operators.
        correct: the list tells how it was all along.
        partial: vehicles that are not in the list stay as they are.
        claimed_at: when it was known, as who imports it says (UTC-aware): kept beside the
            server's clock, and the effective day is that of this moment. None: now.
        end_limit: 0..1, of each operator's fleet and of the whole.
        yes: end more than that all the same.
        kpi_of: with which it is found out what reports of the past would change; None: it is not.
        past_confirmed: change them all the same.
        dry_run: change nothing, and report what would change.

    Raises:
        FleetWouldShrink: more than `end_limit` of a fleet would be lost.
        PastWouldChange: reports of the past would change.
        UnexpectedOperator: a line names an operator that is not in `operators`, or nobody has
            ever heard of one of these.
        ClaimOutOfRange: `claimed_at` is before 1970, or yet to come.
        StorageError: the database failed; nothing was imported.
    """
    listed = list(entries)
    whose = _operators(listed, operators)
    silent = set(whose).difference(entry.vehicle.operator_id for entry in listed)
    with translated(), connection.transaction(force_rollback=dry_run):
        _check_known(connection, silent)
        turn = take_turn(connection, changed_by, claimed_at)
        plan = Plan(whose, time_zone, turn.learnt_at, effective, correct, partial, columns)
        staging.stage(connection, listed, plan)
        if not yes:
            _check_losses(connection, end_limit)
        altered = _altered(connection, turn, source, kpi_of)
        check(altered, confirmed=past_confirmed or dry_run)
        report = _report(connection, turn, repeated, altered, dry_run=dry_run)
        if not dry_run:
            timeline.apply(connection, record(connection, turn, source))
        staging.unstage(connection)
    return report


def _altered(
    connection: Connection, turn: Turn, source: str, kpi_of: KpiOf | None
) -> Sequence[Alteration]:
    if kpi_of is None or not timeline.touches_past(connection):
        return ()

    def make() -> None:
        timeline.apply(connection, record(connection, turn, source))

    return alterations(connection, kpi_of, make)


def _operators(
    entries: Sequence[RegistryEntry], operators: Collection[str] | None
) -> Collection[str]:
    occurring = {entry.vehicle.operator_id for entry in entries}
    if operators is None:
        return occurring
    unexpected = sorted(occurring.difference(operators))
    if unexpected:
        raise UnexpectedOperator(
            f"nothing was imported: the list should be that of {', '.join(operators)}, "
            f"but it names {', '.join(unexpected[:10])}"
        )
    return operators


def _check_known(connection: Connection, operators: Collection[str]) -> None:
    binds = {"operators": sorted(operators)}
    rows = connection.execute(_SQL["unknown_operators"], binds).fetchall()
    if rows:
        unknown = ", ".join(operator_id for (operator_id,) in rows)
        raise UnexpectedOperator(f"nothing was imported: there is no operator {unknown}")


def _check_losses(connection: Connection, limit: float) -> None:
    # Of operators that each lose no more than the limit, all together lose no more either.
    losses = timeline.losses(connection)
    too_many = [loss for loss in losses if loss.lost > limit * loss.fleet]
    if too_many:
        raise FleetWouldShrink(too_many, limit)


def _report(
    connection: Connection,
    turn: Turn,
    repeated: int,
    altered: Sequence[Alteration],
    *,
    dry_run: bool,
) -> ImportReport:
    effective = timeline.effective_days(connection)
    day = min((day for _, day in effective), default=turn.learnt_at.date())
    listed = {operator_id for operator_id, _ in effective}
    return ImportReport(
        **timeline.counts(connection)._asdict(),
        repeated=repeated,
        ended_vehicles=timeline.ended(connection),
        entered_at=turn.entered_at,
        effective=effective,
        unlisted_operators=[
            name for name in operators_with_fleet(connection, day) if name not in listed
        ],
        differences=differences(connection) if dry_run else (),
        dry_run=dry_run,
        alterations=altered,
    )
