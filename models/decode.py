"""From topic and bytes to reports and rejections: the one door into ``models`` for a message."""

from datetime import datetime
from typing import Final, NamedTuple

from models import hfp, mapped_json, native, owntracks, traccar
from models.rejection import Rejected, Rejection, RejectReason
from models.report import Report
from models.rules import Rules
from models.wire_format import Opened

MAX_PAYLOAD_BYTES: Final = 256 * 1024
"""A larger payload is rejected unparsed; a day's backlog of a bus at 10 s takes less."""

FORMATS: Final = (native.FORMAT, hfp.FORMAT, owntracks.FORMAT, traccar.FORMAT)
"""What is understood."""

DEFAULT_TOPICS: Final = tuple(each.topic_filter for each in FORMATS)
"""What has to be subscribed to, for all of it."""

_DECODERS: Final = tuple((each.prefix, each.decode) for each in FORMATS)

_TO_DEVICES: Final = frozenset({b"cmd", b"command", b"commands", b"request"})
"""What topics end with on which a device is spoken to."""

_BEFORE: Final = b"\xef\xbb\xbf \t\r\n"
_AFTER: Final = b"\0 \t\r\n"
"""What devices put around a text: a byte-order mark (RFC 8259, 8.1), the NUL of a C string."""


class Decoded(NamedTuple):
    """What a message holds; every report it held is in exactly one of the two."""

    reports: list[Report]
    rejections: list[Rejection]
    unknown_equipment: int = 0
    """How many of its equipment keys say nothing to us: a kind that is not known, or a value that
    is not a flag. They are passed over."""


def decode(
    topic: bytes, payload: bytes, received_at: datetime, rules: Rules, *, retained: bool = False
) -> Decoded:
    """Turn a message into reports and rejections; any bytes will do, nothing is raised.

    There is neither where the message is not of a device (``is_no_report``).

    Args:
        topic: as it came; it need not be UTF-8.
        received_at: UTC-aware; the age of each report is taken against it.
        retained: the broker remembered the message, the device did not send it now.
    """
    report = None if retained else usual_report(topic, payload, received_at, rules)
    if report is not None:
        return Decoded([report], [])
    return decode_any(topic, payload, received_at, rules, retained=retained)


def usual_report(
    topic: bytes, payload: bytes, received_at: datetime, rules: Rules
) -> Report | None:
    """Return the one report of a usual message that passes; None: ``decode_any`` tells what it is.

    For a message that the broker did not retain.
    """
    if rules.gateways.topic_prefix or len(payload) > MAX_PAYLOAD_BYTES:
        return None
    report = native.usual_position(topic, payload, rules.kinds)
    if report is None or rules.judge(report, received_at) is not None:
        return None
    return report


def decode_any(
    topic: bytes, payload: bytes, received_at: datetime, rules: Rules, *, retained: bool = False
) -> Decoded:
    """Do the same without the short way for the usual message."""
    try:
        items, unknown_equipment = _opened(topic, payload, received_at, rules)
    except Rejected as rejected:
        # Looked at only here, since nearly all payloads are good as they come.
        if is_no_report(topic, payload):
            return Decoded([], [])
        text = payload.lstrip(_BEFORE).rstrip(_AFTER)
        if text not in {b"", payload} and len(payload) <= MAX_PAYLOAD_BYTES:
            return decode_any(topic, text, received_at, rules, retained=retained)
        return Decoded([], [rejected.rejection._replace(heard=not retained)])
    reports: list[Report] = []
    rejections: list[Rejection] = []
    for element, item in enumerate(items):
        if isinstance(item, Rejection):
            rejections.append(item._replace(element=element, heard=not retained))
        elif rejection := rules.judge(item, received_at):
            rejections.append(rejection._replace(element=element, heard=not retained))
        else:
            reports.append(item._replace(heard=False) if retained else item)
    return Decoded(reports, rejections, unknown_equipment)


def is_no_report(topic: bytes, payload: bytes) -> bool:
    """Tell whether a message is not of a device: a command to it, or no payload at all.

    The latter clears what the broker retains (MQTT 3.1.1, 3.3.1.3).
    """
    return not payload or topic.rpartition(b"/")[2] in _TO_DEVICES


def _opened(topic: bytes, payload: bytes, received_at: datetime, rules: Rules) -> Opened:
    try:
        text = topic.decode()
    except UnicodeDecodeError as error:
        detail = f"the topic is not UTF-8: {error}"
        raise Rejected(RejectReason.UNKNOWN_TOPIC, detail) from error
    if (before := rules.gateways.topic_prefix) and not text.startswith(before):
        detail = f"{text[:120]!r} does not begin with {before}"
        raise Rejected(RejectReason.UNKNOWN_TOPIC, detail)
    text = text[len(before) :]
    for prefix, decoder in _DECODERS:
        if text.startswith(prefix):
            if len(payload) > MAX_PAYLOAD_BYTES:
                raise _too_large(payload)
            return decoder(text, payload, received_at, rules)
    for mapped in rules.gateways.json_formats:
        if (names := mapped.names(text)) is not None:
            if len(payload) > MAX_PAYLOAD_BYTES:
                raise _too_large(payload)
            return mapped_json.decode(mapped, names, payload, rules)
    detail = f"no format is known for {text[:120]!r}"
    raise Rejected(RejectReason.UNKNOWN_TOPIC, detail)


def _too_large(payload: bytes) -> Rejected:
    detail = f"{len(payload):,} bytes; at most {MAX_PAYLOAD_BYTES:,} are parsed"
    return Rejected(RejectReason.TOO_LARGE, detail)
