"""Shares, groups and reasons of random histories, against a slow computation."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from models.attribute import GROUPINGS, OPERATOR
from models.equipment import DEFAULT_KINDS
from models.indicator import DEFAULT_WINDOWS, DISPATCHER_WINDOW, UntrackableReason
from models.share import Counts, EquipmentCounts
from storage.connection import Connection
from storage.kpi.fix_ages import PositionsNotKept
from storage.retention.throw_away import move_horizon
from storage.shares.shares import Asked, shares
from storage.shares.untrackable import Untrackable, untrackable
from tests.integration.storage.crowd import Crowds, same
from tests.integration.storage.crowd_writing import analyzing, empty, moments_analyzed, write_crowd
from tests.integration.storage.fleet_history import (
    ZONES,
    History,
    Seen,
    fleet,
    import_lists,
    seen,
    unregistered,
)
from tests.integration.storage.random_histories import histories, moments, presents


class Terms(NamedTuple):
    """What a crowd is asked, and what happens to it."""

    by: str
    window: timedelta
    presents: Sequence[datetime]
    moments: Sequence[datetime]
    horizon: datetime
    """What was observed before is thrown away in the end."""
    analyzed: frozenset[int]


terms = st.builds(
    Terms,
    by=st.sampled_from([name for name in GROUPINGS if name != OPERATOR]),
    window=st.sampled_from(DEFAULT_WINDOWS),
    presents=st.lists(presents, min_size=1, max_size=3),
    moments=st.lists(moments, min_size=1, max_size=4),
    horizon=moments,
    analyzed=moments_analyzed,
)


def test_figures_of_histories_are_what_the_definitions_say(
    url: str, database: Connection, crowds: Crowds
) -> None:
    """Whatever came in whatever order: shares, groups and reasons, now and at past moments.

    And of what is thrown away then: the figures of before, or that they are no longer kept.
    """

    def judge(asked: Terms, several: Sequence[History]) -> None:
        crowd = [history.numbered(number) for number, history in enumerate(several)]
        empty(database)
        write(url, database, crowd, asked.analyzed)
        for present in asked.presents:
            check(database, Asked(present), crowd, asked)
        for moment in asked.moments:
            check(database, Asked(moment, past=True), crowd, asked)
        move_horizon(database, "report", asked.horizon)
        database.execute("delete from report where observed_at < %s", [asked.horizon])
        for moment in asked.moments:
            check_kept(database, moment, crowd, asked.horizon)

    crowds.check(terms, lambda _: histories(), judge)


def write(
    url: str, database: Connection, crowd: Sequence[History], analyzed: frozenset[int]
) -> None:
    """Import the fleet lists and write the reports, as the commands do."""
    import_lists(database, [entry for history in crowd for entry in history.entries])
    for region, zone in ZONES.items():
        write_crowd(
            url, zone, [history.batches(region) for history in crowd], analyzing(database, analyzed)
        )


def look(crowd: Iterable[History], asked: Asked) -> list[Seen]:
    """Look at every vehicle at the moment."""
    found = [each for history in crowd for each in seen(history, asked.at, ahead=not asked.past)]
    return sorted(found, key=lambda each: each.vehicle)


def check(database: Connection, asked: Asked, crowd: Sequence[History], terms: Terms) -> None:
    vehicles = look(crowd, asked)
    of_fleet = fleet(vehicles)
    for by in (OPERATOR, terms.by):
        found = shares(database, asked, DEFAULT_WINDOWS, by)
        same(found.groups, grouped(of_fleet, by), f"{asked} by {by}")
        same(found.fleet, counted(of_fleet), f"{asked}")
        same(found.unregistered, unregistered(vehicles), f"unregistered, {asked}")
    listed = untrackable(database, asked, terms.window)
    missing = [each for each in of_fleet if not each.trackable(terms.window)]
    same(
        [_told(each, asked.at, terms.window) for each in listed],
        [_worked_out(each, terms.window) for each in missing],
        f"untrackable, {asked}, {terms.window}",
    )


def check_kept(
    database: Connection, moment: datetime, crowd: Sequence[History], horizon: datetime
) -> None:
    asked, windows = Asked(moment, past=True), [DISPATCHER_WINDOW]
    try:
        found = shares(database, asked, windows)
    except PositionsNotKept:
        # Never for what is after the horizon, with the local day and the window before it.
        assert horizon > moment - timedelta(hours=26)
        return
    then = grouped(fleet(look(crowd, asked)), OPERATOR)
    same(
        {operator: _of_windows(counts, windows) for operator, counts in found.groups.items()},
        {operator: _of_windows(counts, windows) for operator, counts in then.items()},
        f"kept, {asked}",
    )


def _of_windows(counts: Counts, windows: Sequence[timedelta]) -> Counts:
    return counts._replace(
        trackable={window: counts.trackable[window] for window in windows},
        trackable_on_route={window: counts.trackable_on_route[window] for window in windows},
    )


def counted(vehicles: Sequence[Seen]) -> Counts:
    reasons = [each.reason(DISPATCHER_WINDOW) for each in vehicles]
    return Counts(
        vehicles=len(vehicles),
        trackable={w: sum(each.trackable(w) for each in vehicles) for w in DEFAULT_WINDOWS},
        trackable_on_route={
            w: sum(each.trackable(w) and each.route is not None for each in vehicles)
            for w in DEFAULT_WINDOWS
        },
        equipment={
            kind: EquipmentCounts(
                sum(each.equipped(kind) for each in vehicles),
                sum(each.observed(kind) for each in vehicles),
                sum(each.working(kind) for each in vehicles),
            )
            for kind in DEFAULT_KINDS.names
        },
        untrackable={reason: reasons.count(reason) for reason in UntrackableReason},
    )


def grouped(of_fleet: Iterable[Seen], by: str) -> Mapping[str | None, Counts]:
    groups = defaultdict(list)
    for each in of_fleet:
        groups[each.group(by)].append(each)
    return {name: counted(of_group) for name, of_group in groups.items()}


def _worked_out(each: Seen, window: timedelta) -> tuple[object, ...]:
    return (
        each.vehicle,
        each.reason(window),
        each.fix_at + window if each.fix_at else None,
        each.fix_at,
        each.rejection.received_at if each.rejection else None,
        each.rejection.reason if each.rejection else None,
        _within(each.contact_at, each.at, window),
    )


def _told(each: Untrackable, at: datetime, window: timedelta) -> tuple[object, ...]:
    return (*each[:3], *each[4:7], _within(each.contact_at, at, window))


def _within(contact_at: datetime | None, at: datetime, window: timedelta) -> datetime | None:
    """Return a contact within the window; an older one is only known by the newest report."""
    return contact_at if contact_at is not None and contact_at >= at - window else None
