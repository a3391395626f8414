"""Recorded lines: where the topic ends and the payload begins, and what is not a line."""

import gzip
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.recording import (
    MAX_LINE_BYTES,
    BadLine,
    RecordedMessage,
    RecordingError,
    numbered_lines,
    parse_line,
)

TOPIC_TEXT = st.text(
    st.characters(exclude_categories=["C"], exclude_characters="+#"), min_size=1, max_size=40
)
TOPICS = TOPIC_TEXT.map(str.encode).filter(lambda topic: not re.search(rb"(^| )[{\[]", topic))
PAYLOADS = st.builds(
    lambda opening, rest: opening + rest,
    st.sampled_from([b"{", b"["]),
    st.binary(max_size=80).map(lambda rest: rest.replace(b"\n", b"").rstrip(b"\r")),
)


@given(TOPICS, PAYLOADS)
def test_a_line_is_split_and_written_again_as_it_was(topic: bytes, payload: bytes) -> None:
    """Spaces in the topic and any bytes in the payload come through."""
    message = RecordedMessage(b"2024-05-23T06:48:10.575967Z", topic, payload)

    assert parse_line(message.line) == message


@given(st.binary(max_size=120))
def test_any_bytes_are_a_message_or_a_bad_line(line: bytes) -> None:
    """Nothing else is raised, and what is taken is written again as it was."""
    try:
        message = parse_line(line)
    except BadLine:
        return
    assert message.line == line.rstrip(b"\r\n") + b"\n"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"2024-05-23T09:48:10.5+03:00", datetime(2024, 5, 23, 6, 48, 10, 500_000, UTC)),
        (b"2024-05-23t06:48:10z", datetime(2024, 5, 23, 6, 48, 10, tzinfo=UTC)),
        (b"2024-05-23T09:48:10+0300", datetime(2024, 5, 23, 6, 48, 10, tzinfo=UTC)),
        (b"1716446890.5", datetime(2024, 5, 23, 6, 48, 10, 500_000, UTC)),
        (b"1716446890500", datetime(2024, 5, 23, 6, 48, 10, 500_000, UTC)),
    ],
)
def test_the_time_of_reception(written: bytes, meant: datetime) -> None:
    """RFC 3339, and what mosquitto_sub's %I and %U write."""
    assert parse_line(written + b" fleet/a/1/position {}").received == meant


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"2024-05-23T06:48:10Z fleet/a/1/status online", "no payload"),
        (b"2024-05-23T06:48:10Z {}", "no topic"),
        (b"2024-05-23T06:48:10Z  {}", "no topic"),
        (b"2024-05-23T06:48:10 fleet/a/1/position {}", "not a date and time"),
        (b"2024-02-30T06:48:10Z fleet/a/1/position {}", "not a date and time"),
        (b"yesterday fleet/a/1/position {}", "'yesterday' is not a date and time"),
        (b"2024-05-23T06:48:10Z fleet/\xff/1 {}", "not UTF-8"),
        (b"2024-05-23T06:48:10Z fleet/+/1 {}", "does not allow"),
        ("2024-05-23T06:48:10Z fleet/\x85/1 {}".encode(), "does not allow"),
        (b"2024-05-23T06:48:10Z " + b"t" * 65_536 + b" {}", "65,536 bytes"),
    ],
)
def test_a_line_that_cannot_be_published(line: bytes, said: str) -> None:
    """The error says what is wrong with it; on such topics a broker closes the connection."""
    with pytest.raises(BadLine, match=said):
        parse_line(line)


def test_gzip_is_read_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    """Whatever the file's name, and with the numbers that an editor shows."""
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(b"one\n\ntwo\r\nthree")
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    lines = [(1, b"one\n"), (3, b"two\r\n"), (4, b"three")]
    assert list(numbered_lines(plain)) == list(numbered_lines(packed)) == lines


def test_what_is_no_file_is_told_in_one_line(tmp_path: Path) -> None:
    """Missing, a folder, or gzip that breaks off: the file is named."""
    broken = tmp_path / "broken.gz"
    broken.write_bytes(gzip.compress(bytes(range(256)))[:-12])
    for path, said in [
        (tmp_path / "missing", "No such file"),
        (tmp_path, "not a regular file"),
        (broken, "broken gzip"),
    ]:
        with pytest.raises(RecordingError, match=f"^{re.escape(str(path))}: .*{said}"):
            list(numbered_lines(path))


def test_a_line_of_any_length_is_not_read_whole(tmp_path: Path) -> None:
    """A few bytes of gzip hold very long ones; the line is named."""
    packed = tmp_path / "bomb.gz"
    packed.write_bytes(gzip.compress(b"{}\n" + b"x" * (MAX_LINE_BYTES + 1)))
    with pytest.raises(RecordingError, match="line 2 is longer than 1 MiB"):
        list(numbered_lines(packed))
