"""A scenario: how large a fleet is, how many of its buses fail how, what they are fitted with."""

from collections.abc import Iterable
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from simulator.data_file import DataFile, DataModel, ScenarioError, build, read_table
from simulator.network import Identifier, Network, load_network

__all__ = [
    "MOST_VEHICLES",
    "Drop",
    "EquipmentPlan",
    "FailureMode",
    "Scenario",
    "ScenarioError",
    "load_scenario",
    "scenario_names",
]

MOST_VEHICLES = 140_000
SCENARIOS = files("simulator") / "scenarios"

Count = Annotated[int, Field(strict=True, ge=0)]
Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class FailureMode(StrEnum):
    """How a bus fails to be trackable: the reasons of docs/definitions.md, seen from the bus."""

    NEVER_SEEN = "never_seen"
    SILENT = "silent"
    NO_FIX = "no_fix"
    BAD_CLOCK = "bad_clock"
    REJECTED = "rejected"


class EquipmentPlan(DataModel):
    """How many buses are fitted with one piece of equipment, and what the registry declares."""

    fitted: Count
    """The numerator of the share: what a bus reports takes precedence over what is declared."""
    declared_only: Count = 0
    """Declared as fitted; the bus reports that it is not."""
    observed_only: Count = 0
    """Not declared; the bus reports that it is fitted. Part of ``fitted``."""
    broken: Count = 0
    """Declared and fitted; the bus reports that it does not work. Part of ``fitted``."""

    @property
    def special(self) -> int:
        """How many buses must report the flag for the plan to come true."""
        return self.declared_only + self.observed_only + self.broken


class Equipment(DataModel):
    """The equipment whose share is reported."""

    observed: float = Field(1.0, ge=0, le=1)
    """Of the buses whose equipment reports can arrive, the share that sends any."""
    cctv: EquipmentPlan
    cashless: EquipmentPlan


class OperatorPlan(DataModel):
    """One operator's part in the fleet."""

    id: Identifier
    vehicles: Annotated[int, Field(strict=True, ge=1)]
    trouble: Weight = 1.0
    """How readily its buses fail, relative to the others."""
    cctv: Weight = 1.0
    """How readily its buses have CCTV, relative to the others."""


class Drop(DataModel):
    """An operator's trackers all stop, and come back; seconds after the simulation's start."""

    operator: Identifier
    after_seconds: float = Field(ge=0)
    until_seconds: float = Field(gt=0)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Drop":
        if self.until_seconds <= self.after_seconds:
            raise ValueError("until_seconds: must be later than after_seconds")
        return self


class Scenario(DataModel):
    """A whole fleet by numbers; who fails and how is drawn from the seed."""

    seed: Annotated[int, Field(strict=True)]
    time_zone: str
    network: Network
    vehicles: Annotated[int, Field(strict=True, ge=1, le=MOST_VEHICLES)]
    trackable: Count
    unregistered: Count = 0
    failures: dict[FailureMode, Count] = Field(default_factory=dict)
    equipment: Equipment
    operators: tuple[OperatorPlan, ...] = Field(min_length=1)
    drops: tuple[Drop, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def observers(self) -> int:
        """How many buses report their equipment, so that it arrives."""
        unheard = self._failing(FailureMode.NEVER_SEEN) + self._failing(FailureMode.BAD_CLOCK)
        return int(self.equipment.observed * (self.vehicles - unheard))

    def _failing(self, mode: FailureMode) -> int:
        return self.failures.get(mode, 0)

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError(f"{name!r} is not a known time zone") from error
        return name

    @model_validator(mode="after")
    def _adds_up(self) -> "Scenario":
        parts = self.trackable + sum(self.failures.values())
        if parts != self.vehicles:
            raise ValueError(f"vehicles: {self.vehicles}, but trackable and failures give {parts}")
        owned = sum(operator.vehicles for operator in self.operators)
        if owned != self.vehicles:
            raise ValueError(f"vehicles: {self.vehicles}, but the operators have {owned}")
        _check_equipment("equipment.cctv", self.equipment.cctv, self)
        _check_equipment("equipment.cashless", self.equipment.cashless, self)
        return self

    @model_validator(mode="after")
    def _names_known_operators(self) -> "Scenario":
        known = {operator.id for operator in self.network.operators}
        ours = [operator.id for operator in self.operators]
        _check_known("operators", ours, known)
        _check_known("drops", (drop.operator for drop in self.drops), set(ours))
        if len(set(ours)) < len(ours):
            raise ValueError("operators: duplicate id")
        return self


def scenario_names() -> list[str]:
    """Return the names of the scenarios that come with the package, sorted."""
    names = (file.name for file in SCENARIOS.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_scenario(name: str | Path) -> Scenario:
    """Load a scenario by its name, or from a file: a Path, or a text ending in .toml.

    Raises:
        ScenarioError: one line naming the file and the field.
    """
    file: DataFile = SCENARIOS / f"{name}.toml"
    beside: Path | None = None
    if isinstance(name, Path) or name.endswith(".toml"):
        file = Path(name)
        beside = file.parent
    elif not file.is_file():
        known = ", ".join(scenario_names())
        raise ScenarioError(f"unknown scenario {name!r}; known are {known}")
    return build(Scenario, _with_network(read_table(file), file, beside), file)


def _with_network(table: dict[str, Any], file: DataFile, beside: Path | None) -> dict[str, Any]:
    if not isinstance(name := table.get("network"), str):
        raise ScenarioError(f"{file}: network: expected the name of a network")
    try:
        return table | {"network": load_network(name, beside)}
    except ScenarioError as error:
        raise ScenarioError(f"{file}: network: {error}") from error


def _check_equipment(field: str, plan: EquipmentPlan, scenario: Scenario) -> None:
    if plan.fitted + plan.declared_only > scenario.vehicles:
        raise ValueError(f"{field}.fitted: more than the {scenario.vehicles} vehicles")
    if plan.observed_only + plan.broken > plan.fitted:
        raise ValueError(f"{field}.fitted: less than observed_only + broken")
    if plan.special > scenario.observers:
        raise ValueError(
            f"{field}: needs {plan.special} buses that report, but only {scenario.observers} do"
        )


def _check_known(field: str, names: Iterable[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{field}: unknown operator {name}")
