"""How the values of settings are written: durations, addresses, URLs, lists."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from models.rules import ServiceArea
from models.topic_filter import is_topic_filter

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_duration(text: str) -> timedelta:
    """Read ``90s``, ``5m``, ``1h``, ``30d`` or plain seconds.

    Raises:
        ValueError: it is none of them.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip())
    if match is None:
        raise ValueError(f"expected a duration such as 90s, 5m, 1h or 30d, got {text!r}")
    try:
        return timedelta(seconds=float(match[1]) * _UNITS_S[match[2] or "s"])
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long") from error


def parse_memory(text: str) -> int:
    """Read ``2g``, ``512m`` or plain bytes, as Docker and systemd do: a ``k`` is 1,024 of them.

    Raises:
        ValueError: it is none of them, or nothing.
    """
    match = re.fullmatch(r"(\d+)([kmgt]?)b?", text.strip().lower())
    if match is None or not int(match[1]):
        raise ValueError(f"expected memory such as 2g or 512m, got {text!r}")
    return int(match[1]) << 10 * " kmgt".index(match[2] or " ")


def parse_address(text: str) -> Address:
    """Read ``host:port``, ``[v6]:port``, or ``:port`` for every interface.

    Raises:
        ValueError: it is none of them.
    """
    host, colon, port = text.strip().rpartition(":")
    if not (colon and port.isdecimal() and int(port) <= 65535):
        raise ValueError(f"expected host:port, got {text!r}")
    return Address(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 (asked for by `:port`)


def parse_service_area(text: str) -> ServiceArea:
    """Read ``west,south,east,north`` in degrees; over the antimeridian the east is negative.

    Raises:
        ValueError: it is not a box on the globe.
    """
    try:
        area = ServiceArea(*(float(number) for number in text.split(",")))
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected west,south,east,north in degrees, got {text!r}") from error
    over_antimeridian = area.east < 0 < area.west
    if not (
        -180 <= area.west <= 180
        and -180 <= area.east <= 180
        and (area.west < area.east or over_antimeridian)
        and -90 <= area.south < area.north <= 90
    ):
        raise ValueError(f"expected west < east and south < north, in degrees, got {text!r}")
    return area


_ABBREVIATIONS: Final = frozenset({"CET", "EET", "MET", "WET"})
"""IANA zones whose names PostgreSQL takes for an offset that is the same in summer."""


def parse_time_zone(text: str) -> str:
    """Read the name of a time zone that this machine knows.

    Raises:
        ValueError: it knows none of that name, or it is an abbreviation.
    """
    if text.upper() in _ABBREVIATIONS:
        raise ValueError(f"{text!r} is an abbreviation: name a place, such as Europe/Kaliningrad")
    try:
        return ZoneInfo(text).key
    except (LookupError, OSError, ValueError) as error:
        raise ValueError(
            f"expected an IANA time zone such as Europe/Moscow, got {text!r}"
        ) from error


def checked_http_url(text: str) -> str:
    """Return the address of a page or an interface.

    Raises:
        ValueError: it is not http or https, or names no host.
    """
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"expected http[s]://host[:port], got {text!r}")
    return text


def checked_prefix(text: str) -> str:
    """Return what stands before topics, with the slash that ends it.

    Raises:
        ValueError: a topic cannot begin so.
    """
    if set(text) & set("+#\0") or text.startswith("$"):
        raise ValueError(f"expected the beginning of topics such as region-37/, got {text!r}")
    return text if not text or text.endswith("/") else f"{text}/"


def checked_topics(filters: Sequence[str]) -> tuple[str, ...]:
    """Return topic filters that a broker takes.

    Raises:
        ValueError: one of them is not a topic filter, or there are none.
    """
    wrong = [name for name in filters if not is_topic_filter(name)]
    if wrong or not filters:
        found = ", ".join(wrong) or "none"
        raise ValueError(f"expected MQTT topic filters such as fleet/#, got {found}")
    return tuple(filters)
