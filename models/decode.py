"""From topic and bytes to reports and refusals: the one door into ``models`` for a message."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from models import hfp, native, owntracks, traccar
from models.refusal import Refusal, RefusedMessage, RejectReason
from models.report import Report
from models.rules import Rules

MAX_PAYLOAD_BYTES = 256 * 1024
"""A larger payload is refused unparsed; a day's backlog of a bus at 10 s takes less."""

_Adapter = Callable[[str, bytes, datetime, bool], Sequence[Report | Refusal]]

_ADAPTERS: tuple[tuple[str, _Adapter], ...] = (
    ("fleet/", native.decode),
    ("/hfp/v2/", hfp.decode),
    ("owntracks/", owntracks.decode),
    ("traccar/positions", traccar.decode),
)


class Decoded(NamedTuple):
    """What a message holds; every report it held is in exactly one of the two."""

    reports: list[Report]
    refusals: list[Refusal]


def decode(
    topic: bytes, payload: bytes, received_at: datetime, rules: Rules, *, retained: bool = False
) -> Decoded:
    """Turn a message into reports and refusals; any bytes will do, nothing is raised.

    Args:
        topic: as it came; it need not be UTF-8.
        received_at: UTC-aware; the age of each report is taken against it.
        retained: the broker remembered the message, the device did not send it now.
    """
    try:
        items = _adapt(topic, payload, received_at, retained)
    except RefusedMessage as refused:
        return Decoded([], [refused.refusal._replace(heard=not retained)])
    reports: list[Report] = []
    refusals: list[Refusal] = []
    for element, item in enumerate(items):
        if isinstance(item, Refusal):
            refusals.append(item._replace(element=element))
        elif refusal := rules.judge(item, received_at):
            refusals.append(refusal._replace(element=element))
        else:
            reports.append(item)
    if retained:
        refusals = [refusal._replace(heard=False) for refusal in refusals]
    return Decoded(reports, refusals)


def element_of(report: Report, topic: bytes, payload: bytes, received_at: datetime) -> int | None:
    """Return which element of a message a report of it is, from 0; None where it is not in it."""
    try:
        items = _adapt(topic, payload, received_at, retained=not report.heard)
    except RefusedMessage:
        return None
    return next((element for element, item in enumerate(items) if item == report), None)


def _adapt(
    topic: bytes, payload: bytes, received_at: datetime, retained: bool
) -> Sequence[Report | Refusal]:
    try:
        text = topic.decode()
    except UnicodeDecodeError as error:
        detail = f"the topic is not UTF-8: {error}"
        raise RefusedMessage(RejectReason.UNKNOWN_TOPIC, detail) from error
    for prefix, adapter in _ADAPTERS:
        if text.startswith(prefix):
            if len(payload) > MAX_PAYLOAD_BYTES:
                raise _too_large(payload)
            return adapter(text, payload, received_at, retained)
    detail = f"no format is known for {text[:120]!r}"
    raise RefusedMessage(RejectReason.UNKNOWN_TOPIC, detail)


def _too_large(payload: bytes) -> RefusedMessage:
    detail = f"{len(payload):,} bytes; at most {MAX_PAYLOAD_BYTES:,} are parsed"
    return RefusedMessage(RejectReason.TOO_LARGE, detail)
