"""From topic and bytes to reports and rejections: the one door into ``models`` for a message."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from models import hfp, native, owntracks, traccar
from models.rejection import Rejection, Rejected, RejectReason
from models.report import Report
from models.rules import Rules

MAX_PAYLOAD_BYTES = 256 * 1024
"""A larger payload is rejected unparsed; a day's backlog of a bus at 10 s takes less."""

_Adapter = Callable[[str, bytes, datetime, bool], Sequence[Report | Rejection]]

_ADAPTERS: tuple[tuple[str, _Adapter], ...] = (
    ("fleet/", native.decode),
    ("/hfp/v2/", hfp.decode),
    ("owntracks/", owntracks.decode),
    ("traccar/positions", traccar.decode),
)


class Decoded(NamedTuple):
    """What a message holds; every report it held is in exactly one of the two."""

    reports: list[Report]
    rejections: list[Rejection]


def decode(
    topic: bytes, payload: bytes, received_at: datetime, rules: Rules, *, retained: bool = False
) -> Decoded:
    """Turn a message into reports and rejections; any bytes will do, nothing is raised.

    Args:
        topic: as it came; it need not be UTF-8.
        received_at: UTC-aware; the age of each report is taken against it.
        retained: the broker remembered the message, the device did not send it now.
    """
    try:
        items = _adapt(topic, payload, received_at, retained)
    except Rejected as rejected:
        return Decoded([], [rejected.rejection._replace(heard=not retained)])
    reports: list[Report] = []
    rejections: list[Rejection] = []
    for element, item in enumerate(items):
        if isinstance(item, Rejection):
            rejections.append(item._replace(element=element))
        elif rejection := rules.judge(item, received_at):
            rejections.append(rejection._replace(element=element))
        else:
            reports.append(item)
    if retained:
        rejections = [rejection._replace(heard=False) for rejection in rejections]
    return Decoded(reports, rejections)


def element_of(report: Report, topic: bytes, payload: bytes, received_at: datetime) -> int | None:
    """Return which element of a message a report of it is, from 0; None where it is not in it."""
    try:
        items = _adapt(topic, payload, received_at, retained=not report.heard)
    except Rejected:
        return None
    return next((element for element, item in enumerate(items) if item == report), None)


def _adapt(
    topic: bytes, payload: bytes, received_at: datetime, retained: bool
) -> Sequence[Report | Rejection]:
    try:
        text = topic.decode()
    except UnicodeDecodeError as error:
        detail = f"the topic is not UTF-8: {error}"
        raise Rejected(RejectReason.UNKNOWN_TOPIC, detail) from error
    for prefix, adapter in _ADAPTERS:
        if text.startswith(prefix):
            if len(payload) > MAX_PAYLOAD_BYTES:
                raise _too_large(payload)
            return adapter(text, payload, received_at, retained)
    detail = f"no format is known for {text[:120]!r}"
    raise Rejected(RejectReason.UNKNOWN_TOPIC, detail)


def _too_large(payload: bytes) -> Rejected:
    detail = f"{len(payload):,} bytes; at most {MAX_PAYLOAD_BYTES:,} are parsed"
    return Rejected(RejectReason.TOO_LARGE, detail)
