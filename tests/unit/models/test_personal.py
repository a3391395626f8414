"""Personal fields of a payload are made illegible, and nothing else of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.personal import without_personal

SECRET = 'Иванов "И." +7 900 123-45-67'


@pytest.mark.parametrize(
    "field",
    [
        "SSID",
        "bssid",
        "driverUniqueId",
        "driver_id",
        "Phone",
        "phone-number",
        "inregions",
        "contact",
    ],
)
@pytest.mark.parametrize("value", [SECRET, 79001234567, [SECRET] * 2, {"name": SECRET, "n": 7900}])
def test_a_known_field_is_overwritten(field: str, value: object) -> None:
    """Text, number, list or object; the payload stays as long and as JSON as it was."""
    payload = {"_type": "location", "lat": 57.1, field: value, "deeper": [{field: value, "tst": 9}]}
    raw = json.dumps(payload, ensure_ascii=False).encode()
    masked = without_personal(raw)
    assert len(masked) == len(raw)
    document: dict[str, Any] = json.loads(masked)
    assert document.keys() == payload.keys()
    assert (document["_type"], document["lat"], document["deeper"][0]["tst"]) == (
        "location",
        57.1,
        9,
    )
    for trace in ("Иванов", "900", "7900"):
        assert trace not in masked.decode()


@pytest.mark.parametrize("rest", [b"", b'"', b"}", b"\xff"])
def test_what_breaks_off_is_searched_too(rest: bytes) -> None:
    """As a payload that is cut does."""
    assert b"secret" not in without_personal(b'{"SSID": "secret' + rest)


@given(st.binary() | st.dictionaries(st.just("sim"), st.text()).map(json.dumps).map(str.encode))
def test_any_bytes_stay_as_long_and_are_overwritten_once(payload: bytes) -> None:
    """Twice is the same as once."""
    masked = without_personal(payload)
    assert len(masked) == len(payload)
    assert without_personal(masked) == masked


def test_other_fields_stay() -> None:
    """Whatever they hold."""
    payload = b'{"operator": "x", "vehicle": "phone", "route_id": "driver", "lat": 1.5}'
    assert without_personal(payload) == payload
