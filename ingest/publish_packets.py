"""Take the usual PUBLISH packets out of a buffer, without an object per field.

paho takes 40 µs for a PUBLISH of MQTT 5, most of it for the packet's empty properties; this
takes 1 µs. Whatever is not usual is left to paho: other packets, QoS 2, properties, topic
aliases, more than 16 KiB, anything malformed.
"""

from typing import Final, NamedTuple

USUAL_FIRST_BYTES: Final = frozenset({0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B})
"""PUBLISH (MQTT 5.0, 3.3.1) of QoS 0 or 1, with or without RETAIN and DUP."""
_RETAIN: Final = 0x01
_QOS_1: Final = 0x02
_LEAST_LENGTH: Final = 5
"""Two bytes of topic length, a topic, a payload or a packet id: shorter packets are not usual."""


class Publish(NamedTuple):
    """One PUBLISH as it came; the topic need not be UTF-8."""

    topic: bytes
    payload: bytes
    packet_id: int
    """0 with QoS 0."""
    qos: int
    retained: bool


def take(data: bytes, position: int, found: list[Publish], *, mqtt5: bool) -> int:
    """Append the usual PUBLISH packets that start at a position; return where they end.

    A packet that is not usual, or not complete, starts there.
    """
    end = len(data)
    while end - position > _LEAST_LENGTH and data[position] in USUAL_FIRST_BYTES:
        first, length, start = data[position], data[position + 1], position + 2
        if length >= 0x80:
            # A second digit of the length, and no third (MQTT 5.0, 1.5.5).
            if data[start] >= 0x80:
                break
            length += (data[start] - 1) * 0x80
            start += 1
        stop = start + length
        if stop > end or length < _LEAST_LENGTH:
            break
        topic_end = content = start + 2 + (data[start] << 8 | data[start + 1])
        packet_id = 0
        if first & _QOS_1:
            content += 2
            packet_id = data[topic_end] << 8 | data[topic_end + 1] if content <= stop else 0
            if not packet_id:
                break
        if mqtt5:
            # No properties: their length is 0.
            if content >= stop or data[content]:
                break
            content += 1
        if content > stop or topic_end == start + 2:
            break
        found.append(
            Publish(
                data[start + 2 : topic_end],
                data[content:stop],
                packet_id,
                1 if first & _QOS_1 else 0,
                bool(first & _RETAIN),
            )
        )
        position = stop
    return position


def open_packet(first: int, body: bytes, *, mqtt5: bool) -> Publish | None:
    """Return the PUBLISH of a whole packet, whatever its properties are; None if it is malformed.

    Args:
        first: the packet's first byte.
        body: what follows the packet's length.
    """
    qos = first >> 1 & 3
    content = 2 + int.from_bytes(body[:2]) + 2 * (qos > 0)
    topic_end = content - 2 * (qos > 0)
    packet_id = int.from_bytes(body[topic_end:content])
    if mqtt5:
        content = _behind_properties(body, content)
    if content > len(body) or qos > 1 or bool(qos) != bool(packet_id):
        return None
    return Publish(body[2:topic_end], body[content:], packet_id, qos, bool(first & _RETAIN))


def _behind_properties(body: bytes, start: int) -> int:
    # Not used, so not decoded (MQTT 5.0, 2.2.2 and 1.5.5).
    length = 0
    for digit, byte in enumerate(body[start : start + 4]):
        length |= (byte & 0x7F) << 7 * digit
        if byte < 0x80:
            return start + digit + 1 + length
    return len(body) + 1
