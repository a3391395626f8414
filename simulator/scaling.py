"""The numbers of a scenario for a fleet of another size, in proportion."""

from typing import Any

from simulator.apportion import apportion
from simulator.data_file import ScenarioError
from simulator.scenario import MOST_VEHICLES, EquipmentPlan, OperatorPlan, Scenario


def scaled(scenario: Scenario, vehicles: int) -> Scenario:
    """Return the same scenario with another number of vehicles, in proportion.

    Each failure mode that occurs stays as long as the number allows it.

    Raises:
        ScenarioError: no scenario can have that many vehicles.
    """
    if not 1 <= vehicles <= MOST_VEHICLES:
        raise ScenarioError(f"vehicles: expected 1 to {MOST_VEHICLES:,}, got {vehicles:,}")
    return Scenario.model_validate(_scaled_fields(scenario, vehicles))


def _scaled_fields(scenario: Scenario, vehicles: int) -> dict[str, Any]:
    modes = list(scenario.failures)
    weights = [scenario.trackable, *scenario.failures.values()]
    trackable, *failing = apportion(vehicles, weights, keep=True)
    failures = dict(zip(modes, failing, strict=True))
    operators = _operators(scenario.operators, vehicles)
    remaining = {operator.id for operator in operators}
    fields = dict(scenario) | {
        "vehicles": vehicles,
        "trackable": trackable,
        "failures": failures,
        "unregistered": _at_least_one(scenario.unregistered, vehicles, scenario.vehicles),
        "operators": operators,
        "drops": tuple(drop for drop in scenario.drops if drop.operator in remaining),
    }
    return fields | {"equipment": _equipment(scenario, fields, vehicles)}


def _operators(plans: tuple[OperatorPlan, ...], vehicles: int) -> tuple[OperatorPlan, ...]:
    sizes = apportion(vehicles, [plan.vehicles for plan in plans])
    pairs = zip(plans, sizes, strict=True)
    return tuple(plan.model_copy(update={"vehicles": size}) for plan, size in pairs if size)


def _equipment(scenario: Scenario, fields: dict[str, Any], vehicles: int) -> dict[str, Any]:
    equipment = scenario.equipment
    heard = vehicles - sum(fields["failures"].get(mode, 0) for mode in ("never_seen", "bad_clock"))
    observers = int(equipment.observed * heard)
    return {
        "observed": equipment.observed,
        "cctv": _plan(equipment.cctv, scenario.vehicles, vehicles, observers),
        "cashless": _plan(equipment.cashless, scenario.vehicles, vehicles, observers),
    }


def _plan(plan: EquipmentPlan, old: int, new: int, observers: int) -> dict[str, int]:
    fitted, bare = apportion(new, [plan.fitted, old - plan.fitted])
    neither = old - plan.fitted - plan.declared_only
    sound = plan.fitted - plan.observed_only - plan.broken
    declared_only, _ = apportion(bare, [plan.declared_only, neither])
    observed_only, broken, _ = apportion(fitted, [plan.observed_only, plan.broken, sound])
    # In a very small fleet fewer buses may report than the plan wants to deviate.
    declared_only = min(declared_only, observers)
    observed_only = min(observed_only, observers - declared_only)
    broken = min(broken, observers - declared_only - observed_only)
    return {
        "fitted": fitted,
        "declared_only": declared_only,
        "observed_only": observed_only,
        "broken": broken,
    }


def _at_least_one(count: int, new: int, old: int) -> int:
    return max(1, round(count * new / old)) if count else 0
