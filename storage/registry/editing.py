"""Change single vehicles of the registry: a field, the last day in service, or all of a change."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeVar

from models.errors import Invalid
from models.registry import RegistryEntry
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.errors import StorageError, translated
from storage.registry.change import Change, record, take_turn, wait_for_turn
from storage.registry.importing import ImportReport, import_registry
from storage.registry.inbox import inbox
from storage.registry.listing import Selection, registry_entries
from storage.sql import queries

_SQL: Final = queries("registry")

T = TypeVar("T")


class NotRegistered(StorageError, Invalid):
    """Nothing was changed: the registry has no such vehicle, or not on that day."""


class NotUndone(StorageError, Invalid):
    """Nothing was changed: there is no such change, or later ones stand on it."""


class NotMatched(StorageError, Invalid):
    """Nothing was changed: the one is not in the inbox, or the other is not registered."""


class Fields(NamedTuple):
    """What is to be set of a vehicle: its plate, attributes, declared equipment."""

    columns: Collection[str]
    """Those that are set."""
    values: RegistryEntry
    """What they are set to; of those that it does not have, nothing is known."""

    def of(self, entry: RegistryEntry) -> RegistryEntry:
        """Return an entry with these fields."""
        attributes = _without(entry.attributes, self.columns)
        equipment = _without(entry.equipment, self.columns)
        return entry._replace(
            plate=self.values.plate if "plate" in self.columns else entry.plate,
            attributes={**attributes, **self.values.attributes},
            equipment={**equipment, **self.values.equipment},
        )


def _without(values: Mapping[str, T], columns: Collection[str]) -> dict[str, T]:
    return {name: value for name, value in values.items() if name not in columns}


def set_fields(
    connection: Connection,
    vehicle: VehicleId,
    fields: Fields,
    *,
    since: date,
    changed_by: str,
    dry_run: bool = False,
) -> ImportReport:
    """Set fields of a vehicle from a day on.

    Raises:
        NotRegistered: it is not in service on that day or later.
        StorageError: the database failed; nothing was changed.
    """
    with translated(), connection.transaction():
        wait_for_turn(connection)
        periods = _periods(connection, vehicle)
        if all(_ended(each, since) for each in periods):
            raise NotRegistered(f"{vehicle} is not in service on {since}, nor later")
        before = filter(None, (_until(each, since - timedelta(days=1)) for each in periods))
        after = [fields.of(_since(each, since)) for each in periods if not _ended(each, since)]
        return _import(
            connection,
            [*before, *after],
            since=since,
            changed_by=changed_by,
            source=f"set, {vehicle}",
            dry_run=dry_run,
        )


def end_service(
    connection: Connection,
    vehicle: VehicleId,
    *,
    last_day: date,
    changed_by: str,
    dry_run: bool = False,
) -> ImportReport:
    """End a vehicle's service with a day, that day included.

    Raises:
        NotRegistered: it was never in service until then.
        StorageError: the database failed; nothing was changed.
    """
    with translated(), connection.transaction():
        wait_for_turn(connection)
        periods = _periods(connection, vehicle)
        kept = [*filter(None, (_until(each, last_day) for each in periods))]
        if not kept:
            begins = min(each.in_service_from or date.min for each in periods)
            raise NotRegistered(f"{vehicle} is in service from {begins} on, not before")
        return _import(
            connection,
            kept,
            since=last_day + timedelta(days=1),
            changed_by=changed_by,
            source=f"end, {vehicle}",
            dry_run=dry_run,
        )


def undo(connection: Connection, change_id: int, *, changed_by: str) -> Change:
    """Make the registry what it was before a change; that is a change of its own.

    Raises:
        NotUndone: there is no such change, or a later one was made to the same vehicles.
        StorageError: the database failed; nothing was changed.
    """
    undone = {"undone": change_id}
    with translated(), connection.transaction():
        turn = take_turn(connection, changed_by)
        if connection.execute(_SQL["change_is_there"], undone).fetchone() is None:
            raise NotUndone(f"nothing was undone: there is no change {change_id}")
        later = [str(number) for (number,) in connection.execute(_SQL["later_changes"], undone)]
        if later:
            raise NotUndone(
                f"nothing was undone: later changes were made to the same vehicles: "
                f"{', '.join(later)}; undo those first, the last one first"
            )
        change = record(connection, turn, f"undo of change {change_id}")
        for name in ("undo_opened", "undo_closed"):
            connection.execute(_SQL[name], change._asdict() | undone)
    return change


def match(
    connection: Connection, unregistered: VehicleId, registered: VehicleId, *, changed_by: str
) -> Change:
    """Register a vehicle that publishes in place of one that is spelt otherwise in the registry.

    Raises:
        NotMatched: the one does not publish unregistered, or the other is not registered.
        StorageError: the database failed; nothing was changed.
    """
    with translated(), connection.transaction():
        turn = take_turn(connection, changed_by)
        if not inbox(connection, turn.entered_at, *unregistered):
            raise NotMatched(f"nothing was changed: {unregistered} is not in the inbox")
        if registry_entries(connection, Selection(*unregistered)):
            raise NotMatched(f"nothing was changed: the registry has {unregistered} already")
        if not registry_entries(connection, Selection(*registered)):
            raise NotMatched(f"nothing was changed: the registry does not have {registered}")
        change = record(connection, turn, f"match, {unregistered} for {registered}")
        heard = {f"heard_{name}": value for name, value in unregistered._asdict().items()}
        connection.execute(
            _SQL["match_opened"], {**change._asdict(), **registered._asdict(), **heard}
        )
    return change


def _periods(connection: Connection, vehicle: VehicleId) -> Sequence[RegistryEntry]:
    periods = registry_entries(connection, Selection(*vehicle))
    if not periods:
        raise NotRegistered(f"the registry does not have {vehicle}")
    return periods


def _ended(period: RegistryEntry, before: date) -> bool:
    return period.in_service_to is not None and period.in_service_to < before


def _until(period: RegistryEntry, last_day: date) -> RegistryEntry | None:
    if period.in_service_from is not None and period.in_service_from > last_day:
        return None
    return period if _ended(period, last_day) else period._replace(in_service_to=last_day)


def _since(period: RegistryEntry, first_day: date) -> RegistryEntry:
    begins = period.in_service_from
    if begins is not None and begins >= first_day:
        return period
    return period._replace(in_service_from=first_day)


def _import(
    connection: Connection,
    periods: Sequence[RegistryEntry],
    *,
    since: date,
    changed_by: str,
    source: str,
    dry_run: bool,
) -> ImportReport:
    return import_registry(
        connection,
        periods,
        time_zone="UTC",  # of operators that are not known yet, and this one is
        changed_by=changed_by,
        source=source,
        effective=since,
        partial=True,
        yes=True,
        dry_run=dry_run,
    )
