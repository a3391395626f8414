"""The fast way through a PUBLISH takes the usual ones, and leaves the others to paho."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.publish_packets import Publish, open_packet, take

USUAL = st.builds(
    Publish,
    topic=st.binary(min_size=2, max_size=80),
    payload=st.binary(max_size=300),
    packet_id=st.integers(1, 65_535),
    qos=st.just(1),
    retained=st.booleans(),
) | st.builds(
    Publish,
    topic=st.binary(min_size=3, max_size=80),
    payload=st.binary(max_size=300),
    packet_id=st.just(0),
    qos=st.just(0),
    retained=st.booleans(),
)


def _encoded(publish: Publish, *, mqtt5: bool, properties: bytes = b"") -> bytes:
    body = len(publish.topic).to_bytes(2, "big") + publish.topic
    if publish.qos:
        body += publish.packet_id.to_bytes(2, "big")
    if mqtt5:
        body += bytes([len(properties)]) + properties
    body += publish.payload
    return bytes([0x30 | publish.qos << 1 | publish.retained]) + _length(len(body)) + body


def _length(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number % 128 | 128, number // 128])


def _take(data: bytes, *, mqtt5: bool) -> tuple[list[Publish], int]:
    found: list[Publish] = []
    return found, take(data, 0, found, mqtt5=mqtt5)


@given(st.lists(USUAL, max_size=8), st.binary(max_size=3), st.booleans())
def test_usual_packets_come_as_they_were_sent(
    publishes: list[Publish], rest: bytes, mqtt5: bool
) -> None:
    """A row of usual packets is taken whole, and what is behind them stays."""
    data = b"".join(_encoded(publish, mqtt5=mqtt5) for publish in publishes)
    assert _take(data + rest, mqtt5=mqtt5) == (publishes, len(data))


@given(USUAL, st.booleans(), st.data())
def test_packet_that_is_not_whole_stays(publish: Publish, mqtt5: bool, data: st.DataObject) -> None:
    """A packet is taken once its last byte is there."""
    packet = _encoded(publish, mqtt5=mqtt5)
    there = data.draw(st.integers(0, len(packet) - 1))
    assert _take(packet[:there], mqtt5=mqtt5) == ([], 0)


@pytest.mark.parametrize(
    ("packet", "mqtt5"),
    [
        (b"\x34\x08\x00\x03a/b\x00\x01p", False),  # QoS 2
        (b"\x36\x08\x00\x03a/b\x00\x01p", False),  # QoS 3 is malformed
        (b"\x32\x08\x00\x03a/b\x00\x00p", False),  # packet id 0 is malformed
        (b"\x32\x08\x00\x00abc\x00\x01p", False),  # a topic alias, or malformed
        (b"\x32\x08\x00\x09a/b\x00\x01p", False),  # a topic that is longer than the packet
        (b"\x32\x0b\x00\x03a/b\x00\x01\x02\x01\x01p", True),  # a property
        (b"\x32\x07\x00\x03a/b\x00\x01", True),  # no length of properties
        (b"\x32\x88\x80\x00\x00\x03a/b\x00\x01p", False),  # a length of three digits
        (b"\x40\x02\x00\x01\x00\x00\x00", False),  # PUBACK
    ],
)
def test_unusual_packet_is_left_to_paho(packet: bytes, mqtt5: bool) -> None:
    """What is unusual or malformed is not judged here."""
    assert _take(packet, mqtt5=mqtt5) == ([], 0)


@given(st.sampled_from([0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B]), st.binary(max_size=60), st.booleans())
@example(0x32, b"\x07\xff\xff", True)
def test_any_bytes_are_taken_or_left(first: int, rest: bytes, mqtt5: bool) -> None:
    """Nothing is raised, and what is taken is exactly what was sent."""
    data = bytes([first & ~0x08]) + rest
    found, taken = _take(data, mqtt5=mqtt5)
    assert b"".join(_encoded(publish, mqtt5=mqtt5) for publish in found) == data[:taken]


@given(USUAL, st.binary(max_size=100), st.booleans())
def test_whole_packet_opens_whatever_its_properties_are(
    publish: Publish, properties: bytes, mqtt5: bool
) -> None:
    """They need not even be properties: nobody looks at them."""
    packet = _encoded(publish, mqtt5=mqtt5, properties=properties)
    body = packet[3:] if packet[1] & 0x80 else packet[2:]
    assert open_packet(packet[0], body, mqtt5=mqtt5) == publish


@given(st.integers(0x30, 0x3F), st.binary(max_size=40), st.booleans())
def test_no_bytes_make_the_opening_fail(first: int, body: bytes, mqtt5: bool) -> None:
    """A malformed packet is None, and is paho's to complain about."""
    opened = open_packet(first, body, mqtt5=mqtt5)
    assert opened is None or len(opened.topic) + len(opened.payload) <= len(body)
