"""JSON of a gateway that has no format of ours, as the settings describe it: where what stands.

The description is TOML::

    [[format]]
    name = "depot gateway"
    topic = "gps/{operator_id}/{vehicle_id}"

    [format.pointers]
    observed_at = "/time"
    latitude = "/position/0"
    longitude = "/position/1"
    speed = "/speed"

    [format.units]
    speed = "km/h"

    [format.equipment]
    "cctv.working" = "/inputs/1"
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from models.topic_filter import is_topic_filter

ASPECTS: Final = ("fitted", "working")

_PLACEHOLDERS: Final = {"{operator_id}": "operator_id", "{vehicle_id}": "vehicle_id"}


def _pointer(text: str) -> str:
    if text and not text.startswith("/"):
        raise ValueError("a JSON pointer begins with / (RFC 6901)")
    return text


def _topic(text: str) -> str:
    if not is_topic_filter(_filter(text)) or text.startswith("$"):
        raise ValueError("expected levels that are text, +, {operator_id}, {vehicle_id}, or # last")
    return text


def _input(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*(\.(fitted|working))?", text):
        raise ValueError("expected a kind of equipment, or kind.working or kind.fitted")
    return text


def _filter(topic: str) -> str:
    return "/".join("+" if level in _PLACEHOLDERS else level for level in topic.split("/"))


Pointer = Annotated[str, AfterValidator(_pointer)]
_STRICT: Final = ConfigDict(extra="forbid", frozen=True)


class Pointers(BaseModel):
    """Where in a report what stands (RFC 6901)."""

    model_config = _STRICT

    observed_at: Pointer
    latitude: Pointer
    longitude: Pointer
    operator_id: Pointer | None = None
    vehicle_id: Pointer | None = None
    speed: Pointer | None = None
    bearing: Pointer | None = None
    hdop: Pointer | None = None
    satellites: Pointer | None = None
    route_id: Pointer | None = None
    trip_id: Pointer | None = None
    valid: Pointer | None = None


class Units(BaseModel):
    """In what numbers are written."""

    model_config = _STRICT

    speed: Literal["m/s", "km/h", "knots", "mph"] = "m/s"
    coordinates: Literal["degrees", "1e-6 degrees", "1e-7 degrees"] = "degrees"


class JsonFormat(BaseModel):
    """One gateway's JSON."""

    model_config = _STRICT

    name: str
    topic: Annotated[str, AfterValidator(_topic)]
    reports: Pointer = ""
    """Where the report is, or the array of them."""
    operator_id: str | None = None
    """Whose vehicles they are, where neither topic nor report says so."""
    pointers: Pointers
    units: Units = Units()
    equipment: Mapping[Annotated[str, AfterValidator(_input)], Pointer] = Field(default={})

    @cached_property
    def topic_filter(self) -> str:
        """What has to be subscribed to."""
        return _filter(self.topic)

    def names(self, topic: str) -> Mapping[str, str] | None:
        """Return what a topic names, by ``operator_id`` and ``vehicle_id``; None: not its topic."""
        match = self._pattern.fullmatch(topic)
        return None if match is None else match.groupdict()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        levels = [
            f"(?P<{_PLACEHOLDERS[level]}>[^/]+)"
            if level in _PLACEHOLDERS
            else {"+": "[^/]*", "#": ".*"}.get(level, re.escape(level))
            for level in self.topic.split("/")
        ]
        return re.compile("/".join(levels), re.DOTALL)


class _File(BaseModel):
    model_config = _STRICT

    format: tuple[JsonFormat, ...]


def parse_json_formats(text: str) -> tuple[JsonFormat, ...]:
    """Read the description.

    Raises:
        ValueError: it is not one; the message names the place.
    """
    try:
        formats = _File(**tomllib.loads(text)).format
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"expected TOML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None
    for each in formats:
        for name in _PLACEHOLDERS.values():
            told = f"{{{name}}}" in each.topic or getattr(each.pointers, name) is not None
            if not told and not (name == "operator_id" and each.operator_id):
                raise ValueError(f"{each.name}: {name} is neither in the topic nor in pointers")
    return formats
