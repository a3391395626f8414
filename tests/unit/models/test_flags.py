"""Equipment flags, in the formats that have them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.equipment import DEFAULT_KINDS, Flag, Kinds
from models.rules import Rules
from tests.unit.models.hostile import values
from tests.unit.models.messages import (
    EQUIPMENT_TOPIC,
    KINDS,
    POSITION_TOPIC,
    TRACCAR_TOPIC,
    equipment,
    flags_of,
    forwarded,
    position,
    report_of,
    say,
)

RULES = Rules(kinds=KINDS)
WRITTEN: list[tuple[Any, Flag | None, int]] = [
    (True, Flag(True), 0),
    (False, Flag(False), 0),
    (1, Flag(True), 0),
    (0, Flag(False), 0),
    (1.0, Flag(True), 0),
    (0.0, Flag(False), 0),
    ("true", Flag(True), 0),
    ("False", Flag(False), 0),
    ("1", Flag(True), 0),
    ({"fitted": True}, Flag(True), 0),
    ({"fitted": True, "working": None}, Flag(True), 0),
    ({"fitted": True, "working": False}, Flag(True, False), 0),
    ({"fitted": "true", "working": 1}, Flag(True, True), 0),
    ({"fitted": False, "working": True, "since": 1}, Flag(False, True), 0),
    ({"fitted": True, "working": "hardly"}, Flag(True), 1),
    (None, None, 0),
    ("yes", None, 1),
    ("", None, 1),
    (2, None, 1),
    (-1, None, 1),
    (0.5, None, 1),
    (float("nan"), None, 1),
    (10**30, None, 1),
    ([], None, 1),
    ([True], None, 1),
    ({}, None, 1),
    ({"working": True}, None, 1),
    ({"fitted": None, "working": True}, None, 1),
    ({"fitted": "perhaps"}, None, 1),
]
"""As a device writes it, what it says, and how much of it says nothing to us."""


def only(kind: str, flag: Flag | None) -> dict[str, Flag]:
    return {} if flag is None else {kind: flag}


@pytest.mark.parametrize(("written", "flag", "unknown"), WRITTEN)
def test_a_flag_is_a_truth_or_an_object(written: Any, flag: Flag | None, unknown: int) -> None:
    """What is not given stays unknown rather than false; what cannot be read is counted."""
    payload = position(cashless=None, cctv=written)
    for decoded in (say(POSITION_TOPIC, payload), say(POSITION_TOPIC, [payload])):
        (report,) = decoded.reports
        assert report.fix is not None
        assert flags_of(report) == only("cctv", flag)
        assert decoded.unknown_equipment == unknown


@pytest.mark.parametrize(("written", "flag", "unknown"), WRITTEN)
@pytest.mark.parametrize("kind", ["cctv", "air_conditioning"])
def test_any_known_kind_may_stand_under_equipment(
    kind: str, written: Any, flag: Flag | None, unknown: int
) -> None:
    """On both topics, and read in the same way."""
    nothing_else = {"cctv": None, "cashless": True, "equipment": {kind: written}}
    for topic, payload in (
        (POSITION_TOPIC, position(**nothing_else)),
        (EQUIPMENT_TOPIC, equipment(**nothing_else)),
    ):
        decoded = say(topic, payload, RULES)
        (report,) = decoded.reports
        assert flags_of(report) == only(kind, flag) | {"cashless": Flag(True)}
        assert decoded.unknown_equipment == unknown


def test_what_is_said_twice_of_one_kind_is_merged() -> None:
    """As those of two reports would be: of a contradiction the worse counts."""
    twice = position(cctv={"fitted": True, "working": True}, equipment={"cctv": False})
    assert flags_of(report_of(POSITION_TOPIC, twice))["cctv"] == Flag(False, True)


@pytest.mark.parametrize("kinds", [DEFAULT_KINDS, KINDS])
def test_kinds_that_are_not_known_are_counted(kinds: Kinds) -> None:
    """Each key of each report, whatever its value; the position is taken."""
    said = {"air_conditioning": True, "wifi": None, "usb": {"fitted": True}, "CCTV": True}
    array = [position(equipment=said), position(), position(latitude=91, equipment={"wifi": True})]
    decoded = say(POSITION_TOPIC, array, Rules(kinds=kinds))
    assert len(decoded.reports) == 2
    assert decoded.unknown_equipment == (4 if kinds is KINDS else 5)


@pytest.mark.parametrize("written", [True, "cctv", ["cctv"], 7])
def test_equipment_that_is_not_an_object_is_counted(written: Any) -> None:
    """It names no kind; what stands beside it is taken."""
    decoded = say(POSITION_TOPIC, position(equipment=written))
    assert decoded.reports == say(POSITION_TOPIC, position()).reports
    assert decoded.unknown_equipment == 1
    assert say(POSITION_TOPIC, position(equipment=None)).unknown_equipment == 0


@pytest.mark.parametrize("said", [{"equipment": {"wifi": True}}, {"cctv": "perhaps"}])
def test_equipment_of_which_nothing_is_known_is_a_contact(said: dict[str, Any]) -> None:
    """The vehicle was heard; that we do not know its equipment is not its fault."""
    decoded = say(EQUIPMENT_TOPIC, equipment(cctv=None, cashless=None) | said)
    (report,) = decoded.reports
    assert report.fix is None
    assert report.equipment == 0
    assert report.heard
    assert decoded.unknown_equipment == 1


@pytest.mark.parametrize(("written", "flag", "unknown"), WRITTEN)
@pytest.mark.parametrize("valid", [True, False])
def test_a_traccar_attribute_named_as_a_kind_is_a_flag(
    valid: bool, written: Any, flag: Flag | None, unknown: int
) -> None:
    """A computed attribute may tell a flag; the other attributes are not of equipment."""
    attributes = {"air_conditioning": written, "ignition": True, "wifi": True}
    decoded = say(TRACCAR_TOPIC, forwarded(attributes=attributes, valid=valid), RULES)
    (report,) = decoded.reports
    assert (report.fix is not None) == valid
    assert flags_of(report) == only("air_conditioning", flag)
    assert decoded.unknown_equipment == unknown


@given(said=st.dictionaries(st.sampled_from(KINDS.names) | st.text(max_size=8), values, max_size=6))
def test_whatever_is_said_of_equipment_costs_no_position(said: dict[str, Any]) -> None:
    """Every key is a flag, null, or counted."""
    decoded = say(POSITION_TOPIC, position(equipment=said, cctv=None, cashless=None), RULES)
    if decoded.rejections:
        return  # such a text is not JSON
    (report,) = decoded.reports
    assert report.fix is not None
    flags = flags_of(report)
    assert flags.keys() <= said.keys()
    silent = {kind for kind in said if kind in KINDS.names and said[kind] is None}
    assert decoded.unknown_equipment >= len(said.keys() - flags.keys() - silent)
