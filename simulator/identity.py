"""Who the buses are: numbers, plates, routes, depots; the same whatever the seed."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import NamedTuple

from models.registry import RegistryEntry
from models.vehicle import VehicleId
from simulator.network import Network, Operator, Route
from simulator.scenario import OperatorPlan, Scenario

FIRST_NUMBER = 101
"""Every operator counts its buses from here, so that a number alone does not identify a bus."""

PLATE_LETTERS = "АВЕКМНОРСТУХ"
"""The letters of Russian plates: those that look Latin (GOST R 50577)."""

PLATES = 144 * 999
"""How many plates of the buses' type 1B (two letters, three digits) a region has."""

PLATE_STRIDE = 35_117
"""Prime to PLATES, so that numbers in a row get plates far apart and none twice."""

REGION = 37
"""The Ivanovo region on plates."""

SERVICE_BEGAN = date(2009, 1, 12)
SERVICE_DAYS = 5_000
"""Buses came into service from then on, over this many days: all before 2023."""


class Identity(NamedTuple):
    """One bus, before its trackers and its equipment are decided."""

    vehicle: VehicleId
    operator: Operator
    plan: OperatorPlan
    route: Route
    entry: RegistryEntry | None
    """None: it is not registered."""


def registered(scenario: Scenario) -> Iterator[Identity]:
    """Yield the buses of the registry, operator by operator."""
    index = 0
    for plan in scenario.operators:
        operator = scenario.network.operator(plan.id)
        for position in range(plan.vehicles):
            vehicle = VehicleId(plan.id, str(FIRST_NUMBER + position))
            route = _route(scenario.network, operator, position)
            entry = RegistryEntry(
                vehicle,
                plate=plate(index),
                in_service_from=_in_service_from(vehicle),
                attributes={
                    "route_id": route.id,
                    "depot": operator.depots[position * len(operator.depots) // plan.vehicles],
                    "municipality": route.municipality,
                },
            )
            yield Identity(vehicle, operator, plan, route, entry)
            index += 1


def unregistered(scenario: Scenario) -> Iterator[Identity]:
    """Yield the buses that publish without being registered, spread over the operators."""
    for number in range(scenario.unregistered):
        plan = scenario.operators[number % len(scenario.operators)]
        operator = scenario.network.operator(plan.id)
        vehicle = VehicleId(plan.id, f"new-{number + 1}")
        yield Identity(vehicle, operator, plan, _route(scenario.network, operator, number), None)


def plate(index: int) -> str:
    """Return a plate such as АВ12337, another one for each index below PLATES."""
    series, digits = divmod(index * PLATE_STRIDE % PLATES, 999)
    return f"{_SERIES[series]}{digits + 1:03d}{REGION}"


_SERIES = ["".join(pair) for pair in product(PLATE_LETTERS, repeat=2)]


def _route(network: Network, operator: Operator, position: int) -> Route:
    return network.route(operator.routes[position % len(operator.routes)])


def _in_service_from(vehicle: VehicleId) -> date:
    return SERVICE_BEGAN + timedelta(days=int(Random(str(vehicle)).random() * SERVICE_DAYS))
