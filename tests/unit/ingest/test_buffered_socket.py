"""The buffered socket: large pieces from the network, whole packets to the reader."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.buffered_socket import BufferedSocket
from ingest.publish_packets import Publish

PINGRESP = b"\xd0\x00"
SUBACK = b"\x90\x03\x00\x01\x01"
PUBLISH = b"\x32\x08\x00\x03a/b\x00\x01p"
TAKEN = Publish(b"a/b", b"p", 1, 1, False)


class Pair:
    """The two ends of a connection, ours buffered."""

    def __init__(self) -> None:
        self.theirs, inner = socket.socketpair()
        inner.setblocking(False)
        self.ours = BufferedSocket(inner)

    def close(self) -> None:
        """Close both ends."""
        self.theirs.close()
        self.ours.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    pair = Pair()
    yield pair
    pair.close()


def _everything(ours: BufferedSocket) -> list[bytes | Publish]:
    """Read as the client does: usual packets at once, the others by paho's small reads."""
    found: list[bytes | Publish] = []
    while True:
        found += ours.take_publishes(mqtt5=False)
        if not ours.has_packet:
            return found
        packet = ours.recv(1) + ours.recv(1)
        found.append(packet + (ours.recv(packet[1]) if packet[1] else b""))


def test_packets_keep_their_order(pair: Pair) -> None:
    """Usual and other packets come in the order in which they were sent."""
    pair.theirs.sendall(PUBLISH + PINGRESP + PUBLISH + PUBLISH + SUBACK + PUBLISH)
    pair.ours.fill()
    assert _everything(pair.ours) == [TAKEN, PINGRESP, TAKEN, TAKEN, SUBACK, TAKEN]


@given(st.lists(st.sampled_from([PUBLISH, PINGRESP, SUBACK]), max_size=9), st.data())
def test_pieces_of_any_size_make_whole_packets(packets: list[bytes], data: st.DataObject) -> None:
    """However the network cuts the stream, each packet comes once and whole."""
    stream, found = b"".join(packets), []
    with closing(Pair()) as pair:
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            pair.theirs.sendall(stream[:size])
            stream = stream[size:]
            pair.ours.fill()
            found += _everything(pair.ours)
    assert found == [TAKEN if packet == PUBLISH else packet for packet in packets]


def test_packet_larger_than_the_buffer_comes_as_it_arrives(pair: Pair) -> None:
    """A very large packet is not waited for: it would be copied again and again."""
    pair.theirs.sendall(b"\x30\x80\x80\x40" + b"x" * 10)  # a length of 1 MiB
    pair.ours.fill()
    assert pair.ours.take_publishes(mqtt5=False) == []
    assert pair.ours.recv(4) + pair.ours.recv(100) == b"\x30\x80\x80\x40" + b"x" * 10
    with pytest.raises(BlockingIOError):
        pair.ours.recv(100)
    pair.theirs.sendall(PUBLISH)
    pair.ours.fill()
    assert pair.ours.take_publishes(mqtt5=False) == []


def test_end_comes_after_the_last_packet(pair: Pair) -> None:
    """What came before the other side closed is read first; half a packet is not."""
    pair.theirs.sendall(PUBLISH + PINGRESP + PUBLISH[:4])
    pair.theirs.close()
    pair.ours.fill()
    pair.ours.fill()
    assert pair.ours.take_publishes(mqtt5=False) == [TAKEN]
    assert pair.ours.recv(1) + pair.ours.recv(1) == PINGRESP
    assert pair.ours.recv(1) == b""


def test_what_is_sent_goes_at_the_flush(pair: Pair) -> None:
    """Many small packets are sent as one piece."""
    pair.ours.send(PINGRESP)
    pair.ours.send(SUBACK)
    assert not pair.ours.flush_done
    assert pair.ours.flush()
    assert pair.theirs.recv(100) == PINGRESP + SUBACK


def test_farewell_is_sent_at_the_close(pair: Pair) -> None:
    """What waits when the socket is closed still goes."""
    pair.ours.send(PINGRESP)
    pair.theirs.shutdown(socket.SHUT_WR)
    pair.ours.close()
    assert pair.theirs.recv(100) == PINGRESP
