"""How the values of settings about gateways are written: operators of groups, inputs, formats."""

import re
from collections.abc import Mapping
from typing import Final, Literal, cast

from models.decode import FORMATS
from models.gateways import ANY_GROUP, EquipmentInput
from models.json_format import JsonFormat, parse_json_formats
from models.topic_filter import overlap
from models.vehicle import is_identifier

_INPUT: Final = re.compile(
    r"(?P<kind>[a-z][a-z0-9_]*)(?:\.(?P<aspect>fitted|working))?"
    r"\s*=\s*(?P<no>!)?(?P<attribute>[^:=!,\s]+)(?::(?P<bit>[0-9]{1,2}))?"
)


def parse_operators(text: str) -> Mapping[str, str]:
    """Read ``3=ivpat-1,7=ivpat-2,*=others``: numbers of groups, and the operators they are of.

    Raises:
        ValueError: it is not that.
    """
    operators: dict[str, str] = {}
    for each in filter(None, map(str.strip, text.split(","))):
        group, _, operator = map(str.strip, each.partition("="))
        is_group = group == ANY_GROUP or (group.isascii() and group.isdecimal())
        if not is_group or not is_identifier(operator):
            raise ValueError(
                "expected numbers of groups and their operators such as 3=ivpat-1,7=ivpat-2, and * "
                f"for any other group, got {each!r}"
            )
        if operators.setdefault(group, operator) != operator:
            raise ValueError(f"group {group} has two operators")
    return operators


def parse_inputs(text: str) -> tuple[EquipmentInput, ...]:
    """Read ``cctv.working=in1,cashless=input:2,cctv.working=!alarm``.

    Raises:
        ValueError: it is not that.
    """
    found = []
    for each in filter(None, map(str.strip, text.split(","))):
        if (match := _INPUT.fullmatch(each)) is None:
            raise ValueError(
                "expected what attributes say of equipment, such as cctv.working=in1, "
                f"cashless=input:2 (a bit) or cctv.working=!in3 (the opposite), got {each!r}"
            )
        found.append(
            EquipmentInput(
                match["kind"],
                cast("Literal['fitted', 'working']", match["aspect"] or "fitted"),
                match["attribute"],
                None if match["bit"] is None else int(match["bit"]),
                match["no"] is not None,
            )
        )
    return tuple(found)


def parse_formats(text: str) -> tuple[JsonFormat, ...]:
    """Read the description of gateways' JSON (``models.json_format``).

    Raises:
        ValueError: it is not one, or a topic of it is a built-in format's.
    """
    found = parse_json_formats(text)
    for each in found:
        for built_in in FORMATS:
            if overlap(each.topic_filter, built_in.topic_filter):
                raise ValueError(f"{each.name}: {each.topic} is a topic of {built_in.name}")
    return found
