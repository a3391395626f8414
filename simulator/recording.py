"""Recorded MQTT messages, one a line: ``received_at topic payload`` (README.md, Commands)."""

import gzip
import re
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from models.errors import Invalid
from simulator.timestamps import instant

GZIP_MAGIC = b"\x1f\x8b"

MAX_LINE_BYTES = 1024**2
"""Four times what `fleetgauge ingest` opens: 0.4 MB of gzip can hold a line of 861 MiB."""
MAX_TOPIC_BYTES = 65_535
"""MQTT 5.0, 1.5.4."""

_PAYLOAD_START = re.compile(rb" (?=[{\[])")

# MQTT lets a receiver close the connection on the characters below (MQTT 5.0, 1.5.4), and
# Mosquitto does. paho would reconnect and send the same message again, for ever.
_FORBIDDEN = re.compile("[+#\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")


class RecordingError(Invalid):
    """A recording cannot be used; one line for a person, naming the file."""


class BadLine(ValueError):
    """What is wrong with one line."""


class RecordedMessage(NamedTuple):
    """One line; its bytes as they are, so that writing it gives the same line again."""

    received_at: bytes
    topic: bytes
    payload: bytes

    @property
    def line(self) -> bytes:
        """The line with its line feed."""
        return b" ".join(self) + b"\n"

    @property
    def received(self) -> datetime:
        """When the message was received, aware."""
        moment = instant(self.received_at)
        if moment is None:
            raise BadLine(f"{_shown(self.received_at)} is not a date and time")
        return moment


def parse_line(line: bytes) -> RecordedMessage:
    """Split a line; the topic may hold spaces, the payload starts at the first `` {`` or `` [``.

    The payload is not checked: a recording of rejected messages is replayed like any other.

    Raises:
        BadLine: no time, topic or payload is found, or no client may publish to the topic.
    """
    text = line.rstrip(b"\r\n")
    start = _PAYLOAD_START.search(text)
    if start is None:
        raise BadLine("no payload: expected `received_at topic payload`, the payload JSON")
    received_at, _, topic = text[: start.start()].partition(b" ")
    message = RecordedMessage(received_at, topic, text[start.end() :])
    _ = message.received
    _check_topic(topic)
    return message


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file, plain or gzip, that are not empty, with their numbers.

    Raises:
        RecordingError: it cannot be read.
    """
    try:
        with _opened(path) as file:
            number = 0
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise RecordingError(
                        f"{path}: line {number:,} is longer than {MAX_LINE_BYTES // 1024**2} MiB"
                    )
                if not line.isspace():
                    yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RecordingError(f"{path}: broken gzip: {error}") from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error


def _opened(path: Path) -> BinaryIO:
    # It is read twice, so a pipe will not do.
    if path.exists() and not path.is_file():
        raise RecordingError(f"{path}: is not a regular file")
    with path.open("rb") as file:
        packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def _check_topic(topic: bytes) -> None:
    if not topic:
        raise BadLine("no topic between the time and the payload")
    if len(topic) > MAX_TOPIC_BYTES:
        raise BadLine(f"a topic of {len(topic):,} bytes: MQTT allows {MAX_TOPIC_BYTES:,}")
    try:
        text = topic.decode()
    except UnicodeDecodeError as error:
        raise BadLine(f"the topic {_shown(topic)} is not UTF-8, which MQTT requires") from error
    if _FORBIDDEN.search(text):
        raise BadLine(f"the topic {_shown(topic)} has a character that MQTT does not allow")


def _shown(text: bytes) -> str:
    return ascii(text[:60].decode(errors="backslashreplace"))
