"""Where buses run: operators with their depots, routes with their waypoints, the area."""

from enum import StrEnum
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from models.vehicle import is_identifier
from simulator.data_file import DataFile, DataModel, ScenarioError, build, read_table
from simulator.geometry import Point, Polyline

NETWORKS = files("simulator") / "networks"


def _identifier(text: str) -> str:
    if not is_identifier(text):
        raise ValueError(f"{text!r} cannot be a level of a topic")
    return text


Identifier = Annotated[str, AfterValidator(_identifier)]


class Dialect(StrEnum):
    """How an operator's trackers write a report; all three are the native format."""

    UTC = "utc"
    """Times as RFC 3339 with Z."""
    LOCAL = "local"
    """Times as RFC 3339 with the local offset."""
    SHORT = "short"
    """Epoch milliseconds, under the short names."""


class Area(DataModel):
    """The bounding box that every bus stays in, degrees."""

    south: float = Field(ge=-90, le=90)
    north: float = Field(ge=-90, le=90)
    west: float = Field(ge=-180, le=180)
    east: float = Field(ge=-180, le=180)

    def __contains__(self, place: tuple[float, float]) -> bool:
        latitude, longitude = place
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


class Route(DataModel):
    """A route, driven from the first waypoint to the last and back."""

    id: Identifier
    municipality: str = Field(min_length=1)
    points: tuple[Point, ...] = Field(min_length=2)
    speed_mps: float = Field(7.5, gt=0, le=25)
    stop_spacing_m: float = Field(550.0, gt=0)

    @cached_property
    def line(self) -> Polyline:
        return Polyline(self.points)

    @model_validator(mode="after")
    def _moves(self) -> "Route":
        if any(a == b for a, b in zip(self.points, self.points[1:], strict=False)):
            raise ValueError("points: the same waypoint twice in a row")
        return self


class Operator(DataModel):
    """An operator: its trackers' dialect, its depots, its routes."""

    id: Identifier
    dialect: Dialect = Dialect.UTC
    depots: tuple[str, ...] = Field(min_length=1)
    routes: tuple[Identifier, ...] = Field(min_length=1)


class Network(DataModel):
    """A region's operators and routes, shared by the scenarios set in it."""

    area: Area
    routes: tuple[Route, ...] = Field(min_length=1)
    operators: tuple[Operator, ...] = Field(min_length=1)

    def route(self, route_id: str) -> Route:
        return next(route for route in self.routes if route.id == route_id)

    def operator(self, operator_id: str) -> Operator:
        return next(operator for operator in self.operators if operator.id == operator_id)

    @model_validator(mode="after")
    def _hangs_together(self) -> "Network":
        known = [route.id for route in self.routes]
        _once("routes", known)
        _once("operators", [operator.id for operator in self.operators])
        for operator in self.operators:
            for route_id in operator.routes:
                if route_id not in known:
                    raise ValueError(f"operators: {operator.id} runs on unknown route {route_id}")
        for route in self.routes:
            if not all(point in self.area for point in route.points):
                raise ValueError(f"routes: {route.id} leaves the area")
        return self


def load_network(name: str, beside: Path | None = None) -> Network:
    """Load a network that comes with the package, or a file named relative to ``beside``.

    Raises:
        ScenarioError: the name is unknown, or the file is wrong.
    """
    file: DataFile = NETWORKS / f"{name}.toml"
    if name.endswith(".toml"):
        file = (beside or Path()) / name
    elif not file.is_file():
        raise ScenarioError(f"unknown network {name!r}")
    return build(Network, read_table(file), file)


def _once(field: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{field}: duplicate {twice[0]}")
