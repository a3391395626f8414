"""The short way for the usual message: what it returns is what the long way does."""

from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import example, given
from hypothesis import strategies as st

from models.decode import MAX_PAYLOAD_BYTES, decode, decode_any
from models.gateways import Gateways
from models.native import usual_position
from models.rules import Rules, ServiceArea
from models.vehicle import VehicleId
from tests.unit.models.hostile import aimed, anything, mutated, scalars
from tests.unit.models.messages import OBSERVED_AT, POSITION_TOPIC, RECEIVED_AT, as_json, position

RULES: Final = (
    Rules(),
    Rules(service_area=ServiceArea(40, 56, 41.5, 58)),
    Rules(service_area=ServiceArea(0, 0, 1, 1)),
    Rules(gateways=Gateways(topic_prefix="fleet/")),
    Rules(clocks_ahead={VehicleId("ivpat-1", "1024")}),
    Rules(max_age=timedelta(), max_skew=timedelta()),
)
EDGES: Final = [0, 0.0, -0.0, 90, -90, 90.1, 180, -180, 180.1, 57.0, None, "57", True]
POSITIONS: Final = st.fixed_dictionaries(
    {
        "observed_at": st.sampled_from([1748779200, "2025-06-01T15:00:00.5+03:00", None]),
        "latitude": st.sampled_from(EDGES),
        "longitude": st.sampled_from(EDGES),
    },
    optional={
        "speed_mps": st.sampled_from([0, 8.5, 71, -1, "8.5", True]),
        "bearing_deg": st.sampled_from([0, 359.9, 360, -1, "90"]),
        "satellites": st.sampled_from([0, 0.0, 11, "11", 256]),
        "route_id": st.sampled_from(["24", "", 24, 24.0, "a\x00"]),
        "trip_id": st.sampled_from(["24-0715", "", None]),
        "cctv": st.sampled_from([True, False, None, 1, 0, "true", [], {"fitted": True}]),
        "cashless": st.sampled_from([True, False, None, 1.0, "no", {"working": True}]),
        "equipment": st.sampled_from([None, {}, {"cctv": True}, {"wifi": 1}]),
        "valid": st.sampled_from([True, False, None, "A"]),
        "fix": st.sampled_from([0, 1, 3]),
        "status": st.sampled_from(["A", "V", ""]),
        "vehicle_id": st.sampled_from(["1024", 1024, "1", None]),
        "operator_id": st.sampled_from(["ivpat-1", "x", None]),
        "else": scalars,
    },
)
USUAL_TOPIC: Final = st.just(POSITION_TOPIC.encode())
CLOCKS: Final = st.sampled_from([timedelta(), timedelta(days=30), timedelta(seconds=-61)]).map(
    lambda later: RECEIVED_AT + later
)


@given(
    aimed | anything | st.tuples(USUAL_TOPIC, (POSITIONS | mutated(position())).map(as_json)),
    st.sampled_from(RULES),
    CLOCKS,
    st.booleans(),
)
@example(
    (POSITION_TOPIC.encode(), as_json(position()).ljust(MAX_PAYLOAD_BYTES + 1)),
    RULES[0],
    RECEIVED_AT,
    False,
)
def test_both_ways_make_the_same_of_any_message(
    message: tuple[bytes, bytes], rules: Rules, received_at: datetime, retained: bool
) -> None:
    """Reports, rejections and their details, whatever the bytes, the rules and the clock."""
    short, long = (
        way(*message, received_at, rules, retained=retained) for way in (decode, decode_any)
    )
    assert repr(short) == repr(long)


def test_a_usual_position_goes_the_short_way() -> None:
    """With measurements and flags, and without any."""
    for payload in (
        position(cctv=True, cashless={"fitted": True, "working": False}),
        {"ts": OBSERVED_AT.timestamp(), "lat": 57.0, "lon": 41.0},
    ):
        assert _usual(payload) is not None


def test_what_is_not_usual_does_not() -> None:
    """What names its vehicle, what is not understood, and what is not a position at all."""
    for payload in (
        position(vehicle_id="1024"),
        position(cctv="perhaps"),
        position(latitude=None),
        [position()],
    ):
        assert _usual(payload) is None


def _usual(payload: Any) -> object:
    return usual_position(POSITION_TOPIC.encode(), as_json(payload), Rules().kinds)
