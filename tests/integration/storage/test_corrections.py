"""What was entered after a date and is about it, on a real database."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from models.correction import Corrections
from models.kpi import KpiRule
from models.registry import RegistryEntry
from models.target import Scope, Target
from models.vehicle import VehicleId
from storage.connection import Connection, connect
from storage.kpi.corrections import corrections
from storage.migrate import migrate
from storage.registry.importing import import_registry
from storage.targets import remove_target, set_targets

ON = date(2024, 12, 31)
END = datetime(2024, 12, 31, 21, tzinfo=UTC)
CLAIM = datetime(2024, 6, 3, 9, tzinfo=UTC)
FIRST = date(2020, 1, 1)
PLAN = Target("trackable", date(2024, 1, 1), date(2024, 12, 31), 0.8)


@pytest.fixture
def database(embedded_url: str) -> Iterator[Connection]:
    migrate(embedded_url)
    with connect(embedded_url, "test", autocommit=True) as connection:
        yield connection


def fleet(*names: str, **changed: str) -> list[RegistryEntry]:
    """Return the vehicles named, with the depots of some."""
    return [
        RegistryEntry(
            VehicleId("op", name),
            in_service_from=FIRST,
            attributes={"depot": changed[name]} if name in changed else {},
        )
        for name in names
    ]


def enter(
    database: Connection, entries: Sequence[RegistryEntry], source: str, *, correct: bool = False
) -> None:
    import_registry(
        database,
        entries,
        time_zone="Europe/Moscow",
        changed_by="anna",
        source=source,
        claimed_at=CLAIM if source == "claimed" else None,
        correct=correct,
        yes=True,
    )


def known_before(database: Connection) -> None:
    """Let all that was entered so far have been entered before the date."""
    for statement in (
        "update registry_change set entered_at = entered_at - interval '99 years'",
        "update registry_entry set known_from = known_from - interval '99 years'",
        "update target set known_from = known_from - interval '99 years'",
    ):
        database.execute(statement)


def found(database: Connection, known_on: date | None = None) -> Corrections:
    known_end = END + (known_on - ON) if known_on else None
    return corrections(database, ON, END, KpiRule(), known_on=known_on, known_end=known_end)


def test_a_change_of_the_registry_counts_the_vehicles_it_touched(database: Connection) -> None:
    """What came, went or is described otherwise on the date, and nothing else."""
    enter(database, fleet("a", "b", "c"), "first")
    known_before(database)
    assert found(database).registry == []
    # A bus moves today, and another leaves: on the date both are what they were.
    enter(database, fleet("a", "b", b="Shuya"), "today")
    assert found(database).registry == []
    # The list of June: two are described otherwise, one had gone, another was there.
    enter(database, fleet("a", "b", "d", a="Palekh", b="Shuya"), "claimed", correct=True)
    (change,) = found(database).registry
    assert (change.vehicles, change.entered.by, change.entered.source) == (4, "anna", "claimed")
    assert change.entered.claimed_at == CLAIM < END < change.entered.at


def test_a_list_that_was_loaded_afterwards_is_a_correction(database: Connection) -> None:
    """Whatever it claims: nothing of it was known on the date."""
    enter(database, fleet("a", "b"), "claimed")
    (change,) = found(database).registry
    assert (change.vehicles, change.entered.claimed_at) == (2, CLAIM)
    # As known then, it had not been entered yet.
    assert found(database, ON + timedelta(days=3)) == Corrections([], [], [])


def test_a_target_that_went_from_one_ratio_to_another(database: Connection) -> None:
    """Set, changed, removed; what was cut beside the date is none."""
    set_targets(database, [PLAN], set_by="anna", source="plan.csv")
    known_before(database)
    april = PLAN._replace(period_from=date(2024, 4, 1), period_to=date(2024, 4, 30), ratio=0.5)
    set_targets(database, [april], set_by="anna", source="april.csv")
    assert found(database).targets == []
    changed = PLAN._replace(ratio=0.9)
    set_targets(database, [changed], set_by="boris", source="again.csv", claimed_at=CLAIM)
    remove_target(database, PLAN, removed_by="vera")
    first, second = found(database).targets
    assert (first.before, first.after, first.scope) == (0.8, 0.9, Scope())
    assert (first.entered.by, first.entered.claimed_at) == ("boris", CLAIM)
    assert (second.before, second.after, second.entered.by) == (0.9, None, "vera")
    assert found(database, ON + timedelta(days=3)).targets == []
