"""How gateways are to be read: what differs between two installations of the same software."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from models.json_format import JsonFormat

ANY_GROUP: Final = "*"
"""Stands for every group of Traccar's that is not named, and for none."""


UNIQUE_ID: Final = "uniqueId"


class EquipmentInput(NamedTuple):
    """An attribute of a position that says something of a kind of equipment."""

    kind: str
    aspect: Literal["fitted", "working"]
    attribute: str
    bit: int | None = None
    """Of a whole number, the lowest being 0; None: the attribute is a truth by itself."""
    inverted: bool = False


class Traccar(NamedTuple):
    """What Traccar's devices and groups are called here."""

    operators: Mapping[str, str] = {}
    """By the number of a group, or ANY_GROUP, the operator."""
    operator_attribute: str = "operatorId"
    """The device's attribute that names its operator, before any group."""
    vehicle: str = UNIQUE_ID
    """What names the vehicle: ``uniqueId``, ``name``, or one of the device's attributes."""
    inputs: tuple[EquipmentInput, ...] = ()


class Gateways(NamedTuple):
    """How each gateway is read."""

    traccar: Traccar = Traccar()
    owntracks_accuracy_m: float = 200.0
    """A phone's position that may be further off is no fix."""
    json_formats: tuple[JsonFormat, ...] = ()
    topic_prefix: str = ""
    """What stands before every topic."""


DEFAULT: Final = Gateways()
