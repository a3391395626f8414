"""The operators, and the ids that they give up, on real databases."""

from datetime import UTC, datetime, timedelta

import pytest

from models.kpi import KpiRule
from models.registry import RegistryEntry
from models.rejection import Rejection, RejectReason
from models.report import Fix, Report
from models.service_hours import ServiceHours
from models.target import Scope, Target
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.kpi.kpi import kpi_of_date, operator_time_zones
from storage.operators import (
    Details,
    NotRenamed,
    UnknownOperator,
    list_operators,
    operator_history,
    operator_names,
    rename_operator,
    set_operator,
)
from storage.registry.editing import undo
from storage.registry.importing import import_registry
from storage.registry.inbox import NotInInbox, accept, dismiss, dismissed, inbox, take_back
from storage.registry.listing import Selection, registry_changes, registry_entries
from storage.registry.names import known_names
from storage.service_hours import import_hours, service_hours
from storage.shares.shares import Asked, shares
from storage.targets import set_targets, targets_on
from storage.writing.batch import Batch, Message
from storage.writing.keys import RENAMES_ASKED_S, Keys
from storage.writing.rejected_list import Selection as Rejected
from storage.writing.rejected_list import count
from storage.writing.writer import Writer

ZONE = "Europe/Moscow"
NOW = datetime.now(UTC)
YESTERDAY = (NOW - timedelta(days=1)).replace(hour=9, minute=0)
DAY = YESTERDAY.date()
OLD, NEW = VehicleId("old", "1"), VehicleId("new", "1")
RULE = KpiRule()


def registered(connection: Connection, *vehicles: VehicleId) -> None:
    import_registry(
        connection,
        [RegistryEntry(each) for each in vehicles],
        time_zone=ZONE,
        changed_by="tester",
        source="list.csv",
        yes=True,
    )


def known_since_long(connection: Connection) -> None:
    connection.execute("update registry_entry set known_from = '2020-01-01'")
    connection.execute("update operator_history set known_from = '2020-01-01'")


def a_day(vehicle: VehicleId, begins: datetime = YESTERDAY) -> Batch:
    batch = Batch()
    for minute in range(12):
        moment = begins + timedelta(minutes=minute)
        batch.add(Message(b"t", b"{}", moment), [Report(vehicle, moment, Fix(57.0, 41.0))], [])
    return batch


def written(url: str, *batches: Batch) -> None:
    with Writer(url, "test", ZONE) as writer:
        for batch in batches:
            writer.write(batch)


def trackable(connection: Connection, known_on: bool = False) -> list[tuple[VehicleId, bool]]:
    kpi = kpi_of_date(connection, DAY, RULE, DAY if known_on else None)
    return [(each.vehicle, each.trackable) for each in kpi.vehicles]


def test_a_renamed_operator_keeps_its_figures(url: str, database: Connection) -> None:
    """Also those as known before, in which it is called as it was then."""
    registered(database, OLD)
    known_since_long(database)
    written(url, a_day(OLD))
    period = Target("trackable", DAY, DAY, 0.8, Scope("old"))
    set_targets(database, [period], set_by="tester", source="t")
    database.execute("update target set known_from = '2020-01-01'")
    import_hours(database, [ServiceHours("old", 1, 300, 1400)], entered_by="tester")
    before = trackable(database)
    renamed = rename_operator(database, "old", "new", renamed_by="Anna")
    assert (renamed.vehicles, renamed.set_aside) == (1, None)
    assert before == [(OLD, True)]
    assert trackable(database) == [(NEW, True)]
    assert trackable(database, known_on=True) == [(OLD, True)]
    assert targets_on(database, DAY) == {Scope("new"): {"trackable": 0.8}}
    assert targets_on(database, DAY, NOW - timedelta(hours=1)) == {Scope("old"): {"trackable": 0.8}}
    assert operator_time_zones(database, DAY) == {"new": ZONE}
    assert operator_time_zones(database, DAY, DAY) == {"old": ZONE}
    assert [each.vehicle for each in registry_entries(database)] == [NEW]
    then = Selection(operator_id="new", known_at=NOW - timedelta(hours=1))
    assert [each.vehicle for each in registry_entries(database, then)] == [OLD]
    assert service_hours(database)[0].operator_id == "new"
    (operator,) = list_operators(database, datetime.now(UTC))
    assert (operator.operator_id, operator.vehicles, operator.formerly) == ("new", 1, ["old"])


def test_what_still_comes_under_the_former_id_is_its_own(url: str, database: Connection) -> None:
    """Reports of workers old and new, of known buses and of others, and what is rejected."""
    registered(database, OLD)
    refused = Batch()
    rejection = Rejection(RejectReason.TOO_OLD, "test", OLD)
    refused.add(Message(b"t", b"{}", YESTERDAY), [], [rejection])
    with Writer(url, "running", ZONE) as running:
        running.write(refused)
        running.write(a_day(OLD, YESTERDAY - timedelta(days=1)))
        rename_operator(database, "old", "new", renamed_by="Anna")
        running.write(a_day(OLD))
    other = VehicleId("old", "2")
    later = Batch()
    later.add(Message(b"t", b"{1}", YESTERDAY), [], [rejection])
    written(url, a_day(OLD, YESTERDAY + timedelta(hours=1)), a_day(other), later)
    assert [each.vehicle for each in inbox(database, datetime.now(UTC))] == [VehicleId("new", "2")]
    assert trackable(database) == [(NEW, True)]
    assert [each.operator_id for each in list_operators(database, datetime.now(UTC))] == ["new"]
    ((_, operator_id, messages, *_),) = count(database, Rejected())
    assert (operator_id, messages) == ("new", 2)
    assert known_names(database).operators.former == {"old": "new"}


def test_a_clock_that_is_ahead_is_known_under_the_former_id(url: str, database: Connection) -> None:
    """A gateway that still uses it would otherwise get in what waited while ingest was down."""
    registered(database, OLD)
    ahead = Batch()
    rejection = Rejection(RejectReason.IN_FUTURE, "test", OLD)
    ahead.add(Message(b"t", b"{}", YESTERDAY), [], [rejection])
    written(url, ahead)
    rename_operator(database, "old", "new", renamed_by="Anna")
    assert Writer(url, "test", ZONE).clocks_ahead() == {OLD, NEW}


def test_a_clock_is_ahead_whose_array_is_in_part(url: str, database: Connection) -> None:
    """What was stored came in the same message as what was rejected, and tells nothing of it."""
    registered(database, OLD)
    array = Batch()
    rejection = Rejection(RejectReason.IN_FUTURE, "test", OLD)
    array.add(Message(b"t", b"[]", YESTERDAY), [Report(OLD, YESTERDAY)], [rejection])
    written(url, array)
    assert Writer(url, "test", ZONE).clocks_ahead() == {OLD}
    written(url, a_day(OLD, YESTERDAY + timedelta(minutes=1)))
    assert Writer(url, "test", ZONE).clocks_ahead() == frozenset()


def test_a_gateway_that_was_faster_does_not_prevent_a_rename(
    url: str, database: Connection
) -> None:
    """What it sent is set aside; what it sends from then on counts, in running workers too."""
    registered(database, OLD)
    moments = iter([0.0, 0.0, RENAMES_ASKED_S, RENAMES_ASKED_S])
    keys = Keys(ZONE, clock=lambda: next(moments))
    keys.assign(database, [NEW], [])
    early = keys.vehicle(NEW)
    written(url, a_day(NEW))
    renamed = rename_operator(database, "old", "new", renamed_by="Anna")
    assert renamed.set_aside == "new~1"
    keys.assign(database, [NEW, OLD], [])
    assert early != keys.vehicle(NEW) == keys.vehicle(OLD)
    assert inbox(database, datetime.now(UTC)) == []
    assert [each.vehicle for each in dismissed(database)] == [VehicleId("new~1", "1")]
    written(url, a_day(NEW))
    assert trackable(database) == [(NEW, True)]


def test_a_list_that_was_too_early_is_undone_before_a_rename(database: Connection) -> None:
    """The registry must have nobody under the new id; what it had is still as it was known."""
    registered(database, OLD)
    registered(database, NEW)
    mistake = registry_changes(database, 1)[0]
    with pytest.raises(NotRenamed, match=f"1 vehicles of new, by change {mistake.change_id}"):
        rename_operator(database, "old", "new", renamed_by="Anna")
    undo(database, mistake.change_id, changed_by="Anna")
    rename_operator(database, "old", "new", renamed_by="Anna")
    assert [each.vehicle for each in registry_entries(database)] == [NEW]
    then = registry_entries(database, Selection(known_at=mistake.entered_at))
    assert [each.vehicle for each in then] == [NEW, OLD]


def test_only_a_free_id_is_given(database: Connection) -> None:
    """Not one that still means another operator; its own former one it can have back."""
    registered(database, OLD, VehicleId("other", "1"))
    rename_operator(database, "old", "new", renamed_by="Anna")
    with pytest.raises(UnknownOperator, match="no operator old; it is new since"):
        rename_operator(database, "old", "next", renamed_by="Anna")
    with pytest.raises(NotRenamed, match="old was the id of new"):
        rename_operator(database, "other", "old", renamed_by="Anna")
    rename_operator(database, "new", "old", renamed_by="Anna")
    called = [each.called for each in operator_history(database) if each.operator_id == "old"]
    assert called == ["old", "new", "old"]
    assert known_names(database).operators.former == {"new": "old"}


def test_what_is_known_of_an_operator_has_its_history(database: Connection) -> None:
    """By the server's clock, with its author; what is not given stays."""
    registered(database, OLD)
    set_operator(database, "old", Details(name="Автолайн", contact="a@b"), entered_by="Anna")
    set_operator(database, "old", Details(time_zone="Asia/Omsk", contact=""), entered_by="Boris")
    (operator,) = list_operators(database, datetime.now(UTC))
    assert operator[:4] == ("old", "Автолайн", "Asia/Omsk", None)
    newest, middle, first = operator_history(database)
    assert (newest.entered_by, newest.contact, newest.time_zone) == ("Boris", None, "Asia/Omsk")
    assert (middle.entered_by, middle.contact, middle.time_zone) == ("Anna", "a@b", ZONE)
    assert (first.entered_by, first.name) == ("tester", None)
    with pytest.raises(UnknownOperator):
        set_operator(database, "nobody", Details(name="x"), entered_by="Anna")


def test_names_are_those_that_were_known(database: Connection) -> None:
    """At a moment, and by the id that the operator had then."""
    registered(database, OLD)
    moments = [datetime.now(UTC)]
    for name in ("АТП «Юг»", "Юг-Авто"):
        set_operator(database, "old", Details(name=name), entered_by="Anna")
        moments.append(datetime.now(UTC))
    rename_operator(database, "old", "new", renamed_by="Anna")
    assert [operator_names(database, moment) for moment in (*moments, None)] == [
        {},
        {"old": "АТП «Юг»"},
        {"old": "Юг-Авто"},
        {"new": "Юг-Авто"},
    ]
    set_operator(database, "new", Details(name=""), entered_by="Anna")
    assert operator_names(database) == {}


def test_who_is_dismissed_is_in_the_inbox_no_more(url: str, database: Connection) -> None:
    """Nor counted as unregistered from then on; until it is taken back."""
    written(url, a_day(OLD), a_day(NEW))

    def unregistered(at: datetime | None = None) -> dict[str, int]:
        asked = Asked(at or datetime.now(UTC), past=at is not None)
        found = shares(database, asked, [timedelta(hours=1)], by="operator")
        return dict(found.unregistered)

    assert sum(unregistered().values()) == 2
    assert dismiss(database, "old", dismissed_by="Anna", reason="another region") == [OLD]
    assert [each.vehicle for each in inbox(database, datetime.now(UTC))] == [NEW]
    assert sum(unregistered().values()) == 1
    assert sum(unregistered(YESTERDAY + timedelta(hours=1)).values()) == 2
    (found,) = dismissed(database)
    assert (found.vehicle, found.dismissed_by, found.reason) == (OLD, "Anna", "another region")
    for nothing in ("old", "nobody"):
        with pytest.raises(NotInInbox):
            dismiss(database, nothing, dismissed_by="Anna")
    with pytest.raises(NotInInbox, match="registry dismiss --undo"):
        accept(database, "old", changed_by="Anna")
    assert take_back(database, *OLD, taken_by="Boris") == [OLD]
    assert len(inbox(database, datetime.now(UTC))) == 2
    with pytest.raises(NotInInbox):
        take_back(database, "old", taken_by="Boris")
