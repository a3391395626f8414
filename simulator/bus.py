"""One bus of the fleet, with all that decides what it publishes."""

from dataclasses import dataclass

from models.registry import RegistryEntry
from models.vehicle import VehicleId
from simulator.assignment import Failure, Fitting
from simulator.draws import Draws
from simulator.identity import Identity
from simulator.network import Dialect
from simulator.scenario import FailureMode
from simulator.shuttle import Shuttle

PACE_SPREAD = 0.1
"""Drivers are faster or slower than the route's speed by up to this share."""


@dataclass(frozen=True, slots=True)
class Bus:
    """A bus; where it is follows from the time, what it sends from its failure."""

    vehicle: VehicleId
    entry: RegistryEntry | None
    """None: it is not registered."""
    failure: Failure | None
    cctv: Fitting
    cashless: Fitting
    dialect: Dialect
    route_id: str
    shuttle: Shuttle
    phase: float
    """Where in the publishing interval it publishes, 0..1."""
    draws: Draws

    @property
    def mode(self) -> FailureMode | None:
        return self.failure.mode if self.failure else None

    @property
    def publishes(self) -> bool:
        """Tell whether it sends anything now; what it sends need not be usable."""
        return self.mode not in (FailureMode.NEVER_SEEN, FailureMode.SILENT)

    @property
    def observes(self) -> bool:
        """Tell whether it reports its equipment."""
        return self.cctv.observed is not None or self.cashless.observed is not None

    def topic(self, kind: str) -> str:
        return f"fleet/{self.vehicle.operator_id}/{self.vehicle.vehicle_id}/{kind}"


def assemble(
    identity: Identity, draws: Draws, failure: Failure | None, cctv: Fitting, cashless: Fitting
) -> Bus:
    """Put a bus together."""
    entry = identity.entry
    if entry is not None:
        entry = entry._replace(equipment={"cctv": cctv.declared, "cashless": cashless.declared})
    return Bus(
        vehicle=identity.vehicle,
        entry=entry,
        failure=failure,
        cctv=cctv,
        cashless=cashless,
        dialect=identity.operator.dialect,
        route_id=identity.route.id,
        shuttle=_shuttle(identity, draws),
        phase=draws.phase,
        draws=draws,
    )


def _shuttle(identity: Identity, draws: Draws) -> Shuttle:
    route = identity.route
    pace = 1 + PACE_SPREAD * (2 * draws.pace - 1)
    return Shuttle(
        route.line,
        speed_mps=route.speed_mps * pace,
        stop_spacing_m=route.stop_spacing_m,
        offset=draws.offset,
    )
