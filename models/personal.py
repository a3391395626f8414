"""What a payload says of people and not of buses, made illegible before a rejected one is kept."""

import re
from typing import Final

_NAMES: Final = (
    # OwnTracks: the wireless network that the phone is in, places that its owner named, a portrait.
    "bssid", "face", "inregions", "inrids", "poi", "ssid",
    # Traccar's device and attributes, and what gateways call the same.
    "contact", "driver", "driverid", "drivername", "driveruniqueid", "email", "iccid", "imsi",
    "macaddress", "mobile", "msisdn", "phone", "phonenumber", "sim", "simnumber", "telephone",
)  # fmt: skip

_TEXT: Final = rb'"(?:[^"\\]|\\.)*(?:"|\Z)'
_NUMBER: Final = rb"-?\d[\d.eE+-]*"


def _spelt(name: str) -> str:
    # driverId, driver_id and Driver-ID are one.
    return "[_-]?".join(name)


_FIELD: Final = re.compile(
    rb'("(?:' + "|".join(map(_spelt, _NAMES)).encode() + rb')"\s*:\s*)'
    rb"(" + _TEXT + rb"|" + _NUMBER + rb"|\[[^\[\]{}]*\]?|\{[^\[\]{}]*\}?)",
    re.IGNORECASE | re.DOTALL,
)
_VALUE: Final = re.compile(
    rb"(?P<key>" + _TEXT + rb"\s*:)|" + _TEXT + rb"|(?<![\w.])" + _NUMBER, re.DOTALL
)


def without_personal(payload: bytes) -> bytes:
    """Return a payload of the same length, the values of known personal fields overwritten.

    It stays JSON if it was, and what is broken is searched like any other. Fields of other names
    are not looked at: what people write into them stays.
    """
    return _FIELD.sub(lambda field: field[1] + _VALUE.sub(_overwritten, field[2]), payload)


def _overwritten(value: re.Match[bytes]) -> bytes:
    found = value[0]
    if value["key"]:
        return found
    if not found.startswith(b'"'):
        return b"9" * len(found)
    end = b'"' if len(found) > 1 and found.endswith(b'"') else b""
    return b'"' + b"*" * (len(found) - 1 - len(end)) + end
