"""The fleet: what all its buses publish at any given moment."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from models.native import OFFLINE, ONLINE
from models.registry import RegistryEntry
from simulator import payloads
from simulator.assignment import (
    Fitting,
    assign_cashless,
    assign_cctv,
    assign_failures,
    assign_observers,
)
from simulator.backlog import backlog, last_heard_of
from simulator.bus import Bus, assemble
from simulator.draws import draw
from simulator.failures import position_payload
from simulator.identity import registered, unregistered
from simulator.scenario import Drop, FailureMode, Scenario

EQUIPMENT_EVERY = timedelta(hours=1)
"""How often a bus repeats its equipment flags."""

NEW_BUS = Fitting(True, True, None)
"""An unregistered bus reports nothing about its equipment."""


class OutgoingMessage(NamedTuple):
    """One message of one bus, QoS 1."""

    topic: str
    payload: bytes
    retain: bool
    sent_at: datetime
    """When the bus sends it, by the right time and not by its own clock; UTC."""


@dataclass(frozen=True)
class ExpectedShare:
    """The figures that a fleet must produce (dispatcher's window), known by construction."""

    vehicles: int
    trackable: int
    cctv: int
    cashless: int
    reasons: dict[str, int]
    """Why not trackable; every reason is listed, 0 if it does not occur."""
    cctv_working: int
    cashless_working: int
    unregistered: int


class Fleet:
    """All buses of a scenario. It is immutable: the time is always passed in."""

    def __init__(self, scenario: Scenario, buses: Sequence[Bus], start: datetime | None) -> None:
        self.scenario = scenario
        self.buses = tuple(sorted(buses, key=lambda bus: (bus.phase, bus.vehicle)))
        self.start = start
        self._zone = ZoneInfo(scenario.time_zone)
        self._publishing = [bus for bus in self.buses if bus.publishes]
        self._phases = [bus.phase for bus in self._publishing]
        self._drops = _drops_by_operator(scenario.drops)

    @classmethod
    def build(
        cls, scenario: Scenario, seed: int | None = None, start: datetime | None = None
    ) -> "Fleet":
        """Draw a fleet.

        Args:
            seed: in place of the scenario's own.
            start: the moment from which the scenario's drops count; without it there are none.
        """
        return cls(scenario, _draw_buses(scenario, scenario.seed if seed is None else seed), start)

    def starting(self, start: datetime) -> "Fleet":
        """Return the same fleet with its drops counted from this moment."""
        return Fleet(self.scenario, self.buses, start)

    def registry(self) -> list[RegistryEntry]:
        """Return the fleet list, ordered by operator and vehicle."""
        entries = [bus.entry for bus in self.buses if bus.entry is not None]
        return sorted(entries, key=lambda entry: entry.vehicle)

    def expected(self, *, dropped: frozenset[str] = frozenset()) -> ExpectedShare:
        """Return what the shares must be.

        Args:
            dropped: operators whose trackers have stopped for longer than the window.
        """
        fleet = [bus for bus in self.buses if bus.entry is not None]
        modes = Counter(_mode_while(bus, dropped) for bus in fleet)
        return ExpectedShare(
            vehicles=len(fleet),
            trackable=modes[None],
            cctv=sum(bus.cctv.fitted for bus in fleet),
            cashless=sum(bus.cashless.fitted for bus in fleet),
            reasons={str(mode): modes[mode] for mode in FailureMode},
            cctv_working=sum(_works(bus.cctv) for bus in fleet),
            cashless_working=sum(_works(bus.cashless) for bus in fleet),
            unregistered=len(self.buses) - len(fleet),
        )

    def messages(self, at: datetime, *, first: bool) -> Iterator[OutgoingMessage]:
        """Yield one report of every publishing bus, all observed at the same moment.

        Args:
            first: begin with the messages of ``opening``.
        """
        if first:
            yield from self.opening(at)
        for bus in self._publishing:
            if not self._is_dark(bus, at):
                yield self._position(bus, at)

    def opening(self, at: datetime) -> Iterator[OutgoingMessage]:
        """Yield what shows every failure at once: status, equipment, silent buses' backlogs.

        The status is retained. A silent bus is ``offline``, as its last will would have it.
        """
        for bus in self.buses:
            if bus.mode is FailureMode.SILENT:
                yield from self._final_reports(bus, at)
            elif bus.publishes and not self._is_dark(bus, at):
                yield _status(bus, ONLINE, at)
                if bus.observes:
                    yield self._equipment(bus, at, at)

    def due(
        self, since: datetime, until: datetime, interval: timedelta
    ) -> Iterator[OutgoingMessage]:
        """Yield what is published in ``since <= t < until``, ordered by time.

        Each bus reports at its own phase of the interval, counted from the epoch. Spans laid end
        to end give every report exactly once.
        """
        step = interval // _MICROSECOND
        begin, end = (since - _EPOCH) // _MICROSECOND, (until - _EPOCH) // _MICROSECOND
        for cycle in range(begin // step, end // step + 1):
            opens = cycle * step
            low = bisect_left(self._phases, (begin - opens) / step)
            high = bisect_left(self._phases, (end - opens) / step)
            for bus in self._publishing[low:high]:
                moment = _EPOCH + (opens + int(bus.phase * step)) * _MICROSECOND
                yield from self._tick(bus, moment, interval)

    def history(
        self, start: datetime, end: datetime, interval: timedelta
    ) -> Iterator[OutgoingMessage]:
        """Yield all that is published from start to end, ``opening`` first, ordered by time.

        For loading simulated days without waiting: ``sent_at`` is the time of reception. Nothing
        is buffered, so any length will do.
        """
        fleet = self.starting(start)
        yield from fleet.opening(start)
        yield from fleet.due(start, end, interval)

    def closing(self, at: datetime) -> Iterator[OutgoingMessage]:
        """Yield what a simulation leaves behind: every bus that was online is offline."""
        for bus in self._publishing:
            yield _status(bus, OFFLINE, at)

    def _tick(self, bus: Bus, at: datetime, interval: timedelta) -> Iterator[OutgoingMessage]:
        before = at - interval
        dark, was_dark = self._is_dark(bus, at), self._is_dark(bus, before)
        if dark != was_dark:
            yield _status(bus, OFFLINE if dark else ONLINE, at)
        if dark:
            return
        if bus.observes and (at - _EPOCH) // EQUIPMENT_EVERY > (before - _EPOCH) // EQUIPMENT_EVERY:
            yield self._equipment(bus, at, at)
        yield self._position(bus, at)

    def _is_dark(self, bus: Bus, at: datetime) -> bool:
        if self.start is None or not (drops := self._drops.get(bus.vehicle.operator_id)):
            return False
        passed = (at - self.start).total_seconds()
        return any(drop.after_seconds <= passed < drop.until_seconds for drop in drops)

    def _position(self, bus: Bus, at: datetime) -> OutgoingMessage:
        payload = position_payload(bus, at, self._zone)
        return OutgoingMessage(bus.topic("position"), payload, False, at)

    def _equipment(self, bus: Bus, observed_at: datetime, at: datetime) -> OutgoingMessage:
        payload = payloads.equipment(bus, observed_at, self._zone).encode()
        return OutgoingMessage(bus.topic("equipment"), payload, False, at)

    def _final_reports(self, bus: Bus, at: datetime) -> Iterator[OutgoingMessage]:
        yield _status(bus, OFFLINE, at)
        if bus.observes:
            yield self._equipment(bus, last_heard_of(bus, at, self._zone), at)
        payload = backlog(bus, at, self._zone)
        yield OutgoingMessage(bus.topic("position"), payload, False, at)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _draw_buses(scenario: Scenario, seed: int) -> list[Bus]:
    fleet = [(bus, draw(seed, bus.vehicle)) for bus in registered(scenario)]
    failures = assign_failures(scenario, fleet)
    observers = assign_observers(scenario, fleet, failures)
    cctv = assign_cctv(scenario.equipment.cctv, fleet, observers)
    cashless = assign_cashless(scenario.equipment.cashless, fleet, observers)
    buses = [
        assemble(bus, draws, failures.get(bus.vehicle), cctv[bus.vehicle], cashless[bus.vehicle])
        for bus, draws in fleet
    ]
    newcomers = ((bus, draw(seed, bus.vehicle)) for bus in unregistered(scenario))
    return buses + [assemble(bus, draws, None, NEW_BUS, NEW_BUS) for bus, draws in newcomers]


def _drops_by_operator(drops: Sequence[Drop]) -> dict[str, list[Drop]]:
    return {
        operator: [drop for drop in drops if drop.operator == operator]
        for operator in {drop.operator for drop in drops}
    }


def _mode_while(bus: Bus, dropped: frozenset[str]) -> FailureMode | None:
    if bus.publishes and bus.vehicle.operator_id in dropped:
        return FailureMode.SILENT
    return bus.mode


def _works(fitting: Fitting) -> bool:
    return fitting.fitted and fitting.observed is not None and fitting.observed.working is True


def _status(bus: Bus, status: str, at: datetime) -> OutgoingMessage:
    return OutgoingMessage(bus.topic("status"), status.encode(), True, at)
