"""The chances of one bus: all that is left to the seed, drawn once and in a fixed order."""

from random import Random
from typing import NamedTuple

from models.vehicle import VehicleId


class Draws(NamedTuple):
    """Numbers 0 <= x < 1, each for one purpose.

    They depend on the seed and the vehicle alone, not on the fleet around it, so that a bus
    keeps its character in a scenario of another year or size.
    """

    failing: float
    mode: float
    observing: float
    cctv: float
    cctv_special: float
    cashless: float
    cashless_special: float
    telling: float
    """Whether its equipment reports say if the equipment works."""
    phase: float
    """Where in the publishing interval it publishes."""
    offset: float
    """Where in its round trip it is at the epoch."""
    pace: float
    silent_day: float
    silent_time: float


def draw(seed: int, vehicle: VehicleId) -> Draws:
    """Return a vehicle's draws."""
    chance = Random(f"{seed}:{vehicle}")
    return Draws._make(chance.random() for _ in Draws._fields)
