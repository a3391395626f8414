"""Which bus fails how, and which has what equipment: exact totals, drawn from the seed."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from models.equipment import Flag
from models.vehicle import VehicleId
from simulator.draws import Draws
from simulator.identity import Identity
from simulator.scenario import EquipmentPlan, FailureMode, Scenario

MUTE_SHARE = 0.1
"""Of the buses that report fitted equipment, the share that does not say whether it works."""

Drawn = tuple[Identity, Draws]


class Failure(NamedTuple):
    """How a bus fails, and its number among those that fail so."""

    mode: FailureMode
    number: int


class Fitting(NamedTuple):
    """One piece of equipment of one bus."""

    fitted: bool
    """What counts: the observed state if there is one, else the declared one."""
    declared: bool
    observed: Flag | None


def assign_failures(scenario: Scenario, buses: Sequence[Drawn]) -> dict[VehicleId, Failure]:
    """Return how each failing bus fails; buses of operators with more trouble fail first."""
    failing = _pick(
        buses,
        sum(scenario.failures.values()),
        lambda bus: math.log1p(-bus[1].failing) / bus[0].plan.trouble,
    )
    failing.sort(key=lambda bus: bus[1].mode)
    left = iter(failing)
    return {
        next(left)[0].vehicle: Failure(mode, number)
        for mode, count in scenario.failures.items()
        for number in range(count)
    }


def assign_observers(
    scenario: Scenario, buses: Sequence[Drawn], failures: dict[VehicleId, Failure]
) -> set[VehicleId]:
    """Return the buses whose equipment reports arrive and are accepted."""
    unheard = {FailureMode.NEVER_SEEN, FailureMode.BAD_CLOCK}
    able = [
        bus
        for bus in buses
        if (failure := failures.get(bus[0].vehicle)) is None or failure.mode not in unheard
    ]
    picked = _pick(able, scenario.observers, lambda bus: bus[1].observing)
    return {identity.vehicle for identity, _ in picked}


def assign_cctv(
    plan: EquipmentPlan, buses: Sequence[Drawn], observers: set[VehicleId]
) -> dict[VehicleId, Fitting]:
    """Return every bus's CCTV; operators with more weight are fitted first."""
    return _assign(
        plan,
        buses,
        observers,
        special=lambda bus: bus[1].cctv_special,
        rank=lambda bus: math.log1p(-bus[1].cctv) / bus[0].plan.cctv,
    )


def assign_cashless(
    plan: EquipmentPlan, buses: Sequence[Drawn], observers: set[VehicleId]
) -> dict[VehicleId, Fitting]:
    """Return every bus's cashless payment."""
    return _assign(
        plan,
        buses,
        observers,
        special=lambda bus: bus[1].cashless_special,
        rank=lambda bus: -bus[1].cashless,
    )


def _assign(
    plan: EquipmentPlan,
    buses: Sequence[Drawn],
    observers: set[VehicleId],
    *,
    special: Callable[[Drawn], float],
    rank: Callable[[Drawn], float],
) -> dict[VehicleId, Fitting]:
    reporting = [bus for bus in buses if bus[0].vehicle in observers]
    chosen = iter(_pick(reporting, plan.special, special))
    fittings: dict[VehicleId, Fitting] = {}
    for count, fitting in (
        (plan.declared_only, Fitting(False, True, Flag(False))),
        (plan.observed_only, Fitting(True, False, Flag(True, True))),
        (plan.broken, Fitting(True, True, Flag(True, False))),
    ):
        fittings |= {next(chosen)[0].vehicle: fitting for _ in range(count)}
    plain = [bus for bus in buses if bus[0].vehicle not in fittings]
    sound = _pick(plain, plan.fitted - plan.observed_only - plan.broken, rank)
    fitted = {identity.vehicle for identity, _ in sound}
    for identity, draws in plain:
        vehicle = identity.vehicle
        fittings[vehicle] = _plain(vehicle in fitted, vehicle in observers, draws)
    return fittings


def _plain(fitted: bool, observing: bool, draws: Draws) -> Fitting:
    working = True if fitted and draws.telling >= MUTE_SHARE else None
    return Fitting(fitted, fitted, Flag(fitted, working) if observing else None)


# With the rank log(1 - u) / weight, u drawn evenly, the first n are a weighted sample without
# replacement (Efraimidis and Spirakis, 2006); ranks are negative, the least negative of them
# come last, so the sample is taken from that end.
def _pick(buses: Sequence[Drawn], count: int, rank: Callable[[Drawn], float]) -> list[Drawn]:
    return sorted(buses, key=lambda bus: (rank(bus), bus[0].vehicle))[len(buses) - count :]
