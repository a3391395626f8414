"""The fleet: who fails, what is published when, what it comes to."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.decode import Decoded, decode
from models.equipment import DEFAULT_KINDS, Flag
from models.rejection import RejectReason
from models.report import Report
from models.rules import Rules
from models.vehicle import VehicleId
from simulator.fleet import Fleet, OutgoingMessage
from simulator.scenario import FailureMode, load_scenario, scenario_names

CLOCK_REASONS = {RejectReason.IN_FUTURE, RejectReason.TOO_OLD}
WINDOW = timedelta(minutes=5)
EVERY = timedelta(seconds=10)
SMOKE = Fleet.build(load_scenario("smoke"))

seconds_until_2035 = st.integers(0, 12 * 365 * 86_400)
moments = seconds_until_2035.map(lambda s: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


def vehicle_of(message: OutgoingMessage) -> VehicleId:
    _, operator_id, vehicle_id, _ = message.topic.split("/")
    return VehicleId(operator_id, vehicle_id)


def read(message: OutgoingMessage) -> Decoded:
    return decode(message.topic.encode(), message.payload, message.sent_at, Rules())


def observe(messages: Iterable[OutgoingMessage]) -> tuple[list[Report], dict[str, set[VehicleId]]]:
    reports: list[Report] = []
    rejected: dict[str, set[VehicleId]] = defaultdict(set)
    for message in messages:
        decoded = read(message)
        reports += decoded.reports
        for rejection in decoded.rejections:
            rejected[rejection.reason].add(vehicle_of(message))
    return reports, rejected


def fitted(reports: Iterable[Report], kind: str) -> dict[VehicleId, bool]:
    flags: Iterable[tuple[Report, Flag | None]] = (
        (report, DEFAULT_KINDS.flags(report.equipment).get(kind)) for report in reports
    )
    return {report.vehicle: flag.fitted for report, flag in flags if flag}


def by_mode(fleet: Fleet, mode: FailureMode | None) -> set[VehicleId]:
    return {bus.vehicle for bus in fleet.buses if bus.mode is mode}


@pytest.mark.parametrize("name", scenario_names())
@pytest.mark.parametrize("seed", [None, 0, 1, 20_240_101])
def test_expected_is_what_the_scenario_says(name: str, seed: int | None) -> None:
    """Whatever the seed, the totals are exact."""
    scenario = load_scenario(name)
    expected = Fleet.build(scenario, seed).expected()

    assert (expected.vehicles, expected.trackable) == (scenario.vehicles, scenario.trackable)
    assert expected.reasons == {str(mode): n for mode, n in scenario.failures.items()}
    assert expected.cctv == scenario.equipment.cctv.fitted
    assert expected.cashless == scenario.equipment.cashless.fitted
    assert expected.unregistered == scenario.unregistered


@pytest.mark.parametrize("name", scenario_names())
def test_what_is_published_comes_to_the_expected(name: str, now: datetime) -> None:
    """Counting the published reports by the definitions gives the expected figures."""
    fleet = Fleet.build(load_scenario(name))
    reports, _ = observe(fleet.messages(now, first=True))
    entries = {entry.vehicle: entry for entry in fleet.registry()}
    cctv = {vehicle: entry.equipment.get("cctv") for vehicle, entry in entries.items()}
    cashless = {vehicle: entry.equipment.get("cashless") for vehicle, entry in entries.items()}
    known = [report for report in reports if report.vehicle in entries]
    cctv |= fitted(known, "cctv")
    cashless |= fitted(known, "cashless")
    fixed = {r.vehicle for r in reports if r.fix and now - r.observed_at <= WINDOW}
    expected = fleet.expected()

    assert len(entries) == expected.vehicles
    assert len(fixed & entries.keys()) == expected.trackable
    assert len(fixed - entries.keys()) == expected.unregistered
    assert sum(map(bool, cctv.values())) == expected.cctv
    assert sum(map(bool, cashless.values())) == expected.cashless


def test_the_same_seed_publishes_the_same_bytes(now: datetime) -> None:
    """Nothing but the seed and the time decides what is published."""
    one, other = (Fleet.build(load_scenario("smoke"), 3) for _ in range(2))

    assert list(one.messages(now, first=True)) == list(other.messages(now, first=True))
    assert one.registry() == other.registry()


def test_another_seed_lets_other_buses_fail() -> None:
    """The seed decides who fails, and leaves plates and routes alone."""
    one, other = (Fleet.build(load_scenario("ivanovo-2024"), seed) for seed in (1, 2))

    assert by_mode(one, FailureMode.SILENT) != by_mode(other, FailureMode.SILENT)
    assert [entry.plate for entry in one.registry()] == [e.plate for e in other.registry()]


def test_operators_differ(region: Fleet) -> None:
    """The lowest operator is far below the best one, so that a ranking says something."""
    size, good = Counter[str](), Counter[str]()
    for entry in region.registry():
        size[entry.vehicle.operator_id] += 1
    for bus in region.buses:
        good[bus.vehicle.operator_id] += bus.entry is not None and bus.failure is None
    shares = [good[name] / size[name] for name in size if size[name] >= 5]

    assert len(size) == 15
    assert max(shares) - min(shares) > 0.25


def test_a_year_s_improvement_keeps_the_good_buses() -> None:
    """With one seed, nearly all that were trackable in 2023 still are in 2024."""
    before, after = (
        by_mode(Fleet.build(load_scenario(name)), None) for name in ("ivanovo-2023", "ivanovo-2024")
    )

    assert len(before & after) > 0.95 * len(before)


def test_the_registry_is_plausible(region: Fleet) -> None:
    """Plates are Russian and unique, in service before 2023, ids unique only with the operator."""
    entries = region.registry()

    assert len({entry.plate for entry in entries}) == len(entries)
    assert all(re.fullmatch("[АВЕКМНОРСТУХ]{2}[0-9]{3}37", str(e.plate)) for e in entries)
    assert all(e.in_service_from and e.in_service_from < date(2023, 1, 1) for e in entries)
    assert len({entry.vehicle.vehicle_id for entry in entries}) < len(entries)
    assert {"Иваново", "Кинешма", "Шуя", "Вичуга"} <= {
        entry.attributes["municipality"] for entry in entries
    }
    assert all(entry.attributes["depot"] and entry.attributes["route_id"] for entry in entries)


def test_declared_and_observed_differ_as_planned(region: Fleet) -> None:
    """As many buses as the scenario says contradict the registry, in either direction."""
    pairs = Counter(
        (bus.cctv.declared, bus.cctv.observed.fitted) for bus in region.buses if bus.cctv.observed
    )
    plan = region.scenario.equipment.cctv

    assert pairs[True, False] == plan.declared_only
    assert pairs[False, True] == plan.observed_only


@settings(max_examples=40, deadline=None)
@given(moments)
def test_no_failing_bus_ever_has_a_usable_fix(at: datetime) -> None:
    """At any moment all fixes are of good buses, within the region, with speed and bearing."""
    reports, _ = observe(SMOKE.messages(at, first=False))
    area = SMOKE.scenario.network.area
    fixes = {report.vehicle: report.fix for report in reports if report.fix}

    assert fixes.keys() == by_mode(SMOKE, None)
    for fix in fixes.values():
        assert (fix.latitude, fix.longitude) in area
        assert fix.speed_mps is not None
        assert fix.bearing_deg is not None
        assert 0 <= fix.bearing_deg < 360
        assert fix.route_id


def test_every_failure_is_rejected_for_its_own_reason(region: Fleet, now: datetime) -> None:
    """Wrong clocks run both ways; the rest is rejected in four ways; no_fix is never rejected."""
    reports, rejected = observe(region.messages(now, first=False))
    clocks = {reason for reason in rejected if reason in CLOCK_REASONS}
    others = rejected.keys() - clocks

    assert clocks == CLOCK_REASONS
    assert set().union(*(rejected[reason] for reason in clocks)) == by_mode(
        region, FailureMode.BAD_CLOCK
    )
    assert others == {
        RejectReason.NOT_JSON,
        RejectReason.SCHEMA,
        RejectReason.NULL_ISLAND,
        RejectReason.OUT_OF_RANGE,
    }
    assert set().union(*(rejected[reason] for reason in others)) == by_mode(
        region, FailureMode.REJECTED
    )
    assert {r.vehicle for r in reports if not r.fix} == by_mode(region, FailureMode.NO_FIX)


def test_never_seen_is_never_seen(region: Fleet, now: datetime) -> None:
    """Nothing at all comes of it, not even a retained status."""
    heard = {vehicle_of(message) for message in region.messages(now, first=True)}
    heard |= {vehicle_of(message) for message in region.closing(now)}

    assert not heard & by_mode(region, FailureMode.NEVER_SEEN)


@settings(max_examples=30, deadline=None)
@given(moments)
def test_a_silent_bus_sends_only_what_is_old(at: datetime) -> None:
    """One array, observed 20 minutes to 3 days ago; nothing live, and nothing ever again."""
    silent = by_mode(SMOKE, FailureMode.SILENT)
    opening = [m for m in SMOKE.opening(at) if vehicle_of(m) in silent]
    ages = [at - r.observed_at for m in opening for r in read(m).reports if r.heard]

    assert sum(message.payload.startswith(b"[") for message in opening) == len(silent)
    assert min(ages) >= timedelta(minutes=20)
    assert max(ages) <= timedelta(days=3)
    assert not silent & {vehicle_of(m) for m in SMOKE.messages(at, first=False)}
    later = SMOKE.due(at, at + timedelta(hours=2), timedelta(minutes=1))
    assert not silent & {vehicle_of(m) for m in later}


def test_a_backlog_is_no_tracked_day(region: Fleet, now: datetime) -> None:
    """Started every hour of a week, no silent bus gathers ten minutes in any local day."""
    silent = by_mode(region, FailureMode.SILENT)
    minutes: dict[tuple[VehicleId, date], set[datetime]] = defaultdict(set)
    for hours in range(0, 7 * 24, 5):
        for message in region.opening(now + timedelta(hours=hours)):
            if vehicle_of(message) not in silent:
                continue
            for report in read(message).reports:
                if report.fix:
                    local = report.observed_at.astimezone(region.scenario.zone)
                    minutes[report.vehicle, local.date()].add(local.replace(second=0))

    assert 1 <= max(map(len, minutes.values())) < 10


def test_a_restart_on_the_same_day_repeats_the_backlog(smoke: Fleet, now: datetime) -> None:
    """What was stored from the first start is a duplicate from the second."""
    first, second = (
        [m.payload for m in smoke.opening(now + later) if m.payload.startswith(b"[")]
        for later in (timedelta(), timedelta(hours=1))
    )

    assert first == second


def test_status_is_retained_and_true(region: Fleet, now: datetime) -> None:
    """Silent buses are offline, publishing ones online, and all are offline at the end."""
    said = {
        vehicle_of(m): m.payload
        for m in region.opening(now)
        if m.topic.endswith("/status") and m.retain
    }
    closed = {vehicle_of(m) for m in region.closing(now) if m.payload == b"offline" and m.retain}

    silent = {vehicle for vehicle, payload in said.items() if payload == b"offline"}
    assert silent == by_mode(region, FailureMode.SILENT)
    assert closed == said.keys() - silent


@settings(max_examples=40, deadline=None)
@given(
    moments,
    st.lists(st.integers(1, 40_000_000), min_size=1, max_size=12),
    st.sampled_from([1, 7, 10, 60]),
)
def test_spans_end_to_end_give_every_report_once(
    start: datetime, lengths: list[int], seconds: int
) -> None:
    """However time is cut into spans, the same reports come in the same order."""
    interval = timedelta(seconds=seconds)
    cuts = [start + timedelta(microseconds=sum(lengths[:n])) for n in range(len(lengths) + 1)]
    pieces = [m for a, b in itertools.pairwise(cuts) for m in SMOKE.due(a, b, interval)]
    whole = list(SMOKE.due(start, cuts[-1], interval))

    assert pieces == whole
    assert [m.sent_at for m in whole] == sorted(m.sent_at for m in whole)


def test_each_bus_reports_once_an_interval(region: Fleet, now: datetime) -> None:
    """In six intervals every publishing bus sends six positions, evenly spaced and spread."""
    sent: dict[VehicleId, list[datetime]] = defaultdict(list)
    for message in region.due(now, now + 6 * EVERY, EVERY):
        if message.topic.endswith("/position"):
            sent[vehicle_of(message)].append(message.sent_at)
    firsts = Counter(int((moments[0] - now).total_seconds()) for moments in sent.values())

    assert sent.keys() == {bus.vehicle for bus in region.buses if bus.publishes}
    assert all(len(moments) == 6 for moments in sent.values())
    assert all(b - a == EVERY for ms in sent.values() for a, b in itertools.pairwise(ms))
    assert min(firsts[second] for second in range(10)) > len(sent) / 20


def test_equipment_is_repeated_every_hour(smoke: Fleet, now: datetime) -> None:
    """A worker that starts late learns the equipment within the hour."""
    messages = smoke.due(now, now + timedelta(hours=3), timedelta(minutes=1))
    repeated = Counter(vehicle_of(m) for m in messages if m.topic.endswith("/equipment"))
    observing = {bus.vehicle for bus in smoke.buses if bus.publishes and bus.observes}

    assert repeated == dict.fromkeys(observing, 3)


def test_a_drop_silences_one_operator_for_its_time(now: datetime) -> None:
    """Its trackers stop, go offline, come back online; nobody else's do."""
    fleet = Fleet.build(load_scenario("operator-drop"), start=now)
    drop = fleet.scenario.drops[0]
    begin, end = (now + timedelta(seconds=s) for s in (drop.after_seconds, drop.until_seconds))
    operators = {plan.id for plan in fleet.scenario.operators}

    def heard(since: datetime) -> set[str]:
        span = fleet.due(since, since + EVERY, EVERY)
        return {vehicle_of(m).operator_id for m in span if m.topic.endswith("/position")}

    assert heard(begin - EVERY) == operators
    assert heard(begin) == heard(end - EVERY) == operators - {drop.operator}
    assert heard(end) == operators
    said = [m for m in fleet.due(begin, begin + EVERY, EVERY) if m.payload == b"offline"]
    assert {vehicle_of(m).operator_id for m in said} == {drop.operator}
    assert {m.topic for m in fleet.due(end, end + EVERY, EVERY) if m.payload == b"online"} == {
        m.topic for m in said
    }


def test_expected_while_dropped(now: datetime) -> None:
    """The dropped operator's heard buses count as silent, and the sum still holds."""
    fleet = Fleet.build(load_scenario("operator-drop"))
    whole, dropped = fleet.expected(), fleet.expected(dropped=frozenset({"kineshma-atp"}))
    lost = [bus for bus in fleet.buses if bus.vehicle.operator_id == "kineshma-atp" and bus.entry]

    assert dropped.trackable == whole.trackable - sum(bus.failure is None for bus in lost)
    assert dropped.trackable + sum(dropped.reasons.values()) == dropped.vehicles


def test_history_is_the_opening_and_all_that_is_due(smoke: Fleet, now: datetime) -> None:
    """A simulated hour holds what a live hour would have published, in order of time."""
    end, minute = now + timedelta(hours=1), timedelta(minutes=1)
    history = list(smoke.history(now, end, minute))

    assert history == [*smoke.opening(now), *smoke.due(now, end, minute)]
    assert [m.sent_at for m in history] == sorted(m.sent_at for m in history)


def test_history_costs_nothing_until_it_is_read(region: Fleet, now: datetime) -> None:
    """A year can be opened at once; only what is taken is made."""
    year = region.history(now, now + timedelta(days=365), timedelta(seconds=1))

    assert len(list(itertools.islice(year, 5_000))) == 5_000


def test_trackers_speak_all_three_dialects(region: Fleet, now: datetime) -> None:
    """UTC, local offset and epoch milliseconds name the same instant."""
    payloads = [m.payload for m in region.messages(now, first=False)]

    assert any(b'"2024-12-31T12:00:00.000Z"' in payload for payload in payloads)
    assert any(b'"2024-12-31T15:00:00.000+03:00"' in payload for payload in payloads)
    assert any(b'{"ts":1735646400000,' in payload for payload in payloads)
