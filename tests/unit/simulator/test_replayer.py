"""Looking recordings through, moving each for itself, and the pace."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.broker import BrokerAccess, BrokerUrl
from simulator.connection import CannotPublish
from simulator.recording import RecordedMessage, RecordingError, parse_line
from simulator.replayer import Recording, messages, paced, replay, survey
from simulator.timestamps import observed
from tests.unit.models.recording import real_recordings

NOW = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)


def line(second: int, observed_at: str | None = None) -> bytes:
    """Return a line received at a second of a minute."""
    received = f"2024-05-23T06:48:{second:02}.000Z"
    return f'{received} fleet/a/1/position {{"tst":"{observed_at or received}"}}\n'.encode()


def file_of(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def newest(recording: Recording) -> datetime:
    return max(moment for message in messages(recording) for moment in observed(message.payload))


def test_each_file_is_moved_for_itself(tmp_path: Path) -> None:
    """The newest observation of each comes less than a second before now, never after it."""
    old = file_of(tmp_path / "old", line(1), line(5, "2023-10-30T04:31:10.034Z"))
    new = file_of(tmp_path / "new", line(7), line(3))

    recordings = [recording.shifted(NOW) for recording in survey([old, new])]

    assert recordings[0].shift_seconds != recordings[1].shift_seconds
    for recording in recordings:
        assert timedelta(0) <= NOW - newest(recording) < timedelta(seconds=1)


def test_a_clock_that_is_ahead_does_not_make_a_recording_new(tmp_path: Path) -> None:
    """A bus in the year 2090 stays ahead; where all are ahead, the newest of all counts."""
    ahead = line(2, "2090-01-01T00:00:00Z")
    mixed = survey([file_of(tmp_path / "mixed", line(1), ahead)])[0]
    alone = survey([file_of(tmp_path / "alone", ahead)])[0]

    assert mixed.newest == datetime(2024, 5, 23, 6, 48, 1, tzinfo=UTC)
    assert newest(mixed.shifted(NOW)) > NOW
    assert timedelta(0) <= NOW - newest(alone.shifted(NOW)) < timedelta(seconds=1)


def test_the_time_of_reception_moves_too(tmp_path: Path) -> None:
    """A payload without a time is moved by when it was received."""
    path = file_of(tmp_path / "a", b'2024-05-23T06:48:10.575967Z owntracks/a/1 {"_type":"lwt"}\n')

    (message,) = messages(survey([path])[0].shifted(NOW))

    assert message.line == b'2026-03-04T05:06:07.575967Z owntracks/a/1 {"_type":"lwt"}\n'


def test_the_first_bad_line_of_all_files_is_named(tmp_path: Path) -> None:
    """With its file and its number, and how many more there are."""
    good = file_of(tmp_path / "good", line(1))
    bad = file_of(tmp_path / "bad", line(1), b"\n", b"what?\n", line(2), b"what?\n")

    with pytest.raises(RecordingError, match=r"bad: line 3: no payload.* \(and 1 more\)$"):
        survey([good, bad])
    recordings = survey([good, bad], skip_bad=True)
    assert [(found.messages, found.bad_lines) for found in recordings] == [(1, 0), (2, 2)]
    assert len(list(messages(recordings[1]))) == 2


def test_what_is_written_behind_it_meanwhile_is_left_out(tmp_path: Path) -> None:
    """A recording that still grows is replayed as far as it was looked through."""
    path = file_of(tmp_path / "growing", line(1), line(2))
    recording = survey([path])[0]
    with path.open("ab") as file:
        file.write(line(3) + b"2024-05-23T06")

    assert len(list(messages(recording))) == 2


def test_an_unmoved_recording_comes_as_it_is() -> None:
    """Without a shift the real recordings' lines are the files' lines."""
    for recording in survey(real_recordings()):
        lines = [message.line.rstrip() for message in messages(recording)]
        assert lines == recording.path.read_bytes().splitlines()


def test_the_pace_is_the_recordings_own() -> None:
    """At twice the speed half the pauses; none for a step back, a minute's for a long one."""
    clock = [100.0]
    received = [0, 4, 2, 3, 4003]
    start = datetime(2024, 1, 1, tzinfo=UTC)
    lines = [
        parse_line(f"{(start + timedelta(seconds=s)).isoformat()} topic {{}}".encode())
        for s in received
    ]

    def wait(seconds: float) -> None:
        clock[0] += seconds

    def work(_message: RecordedMessage) -> float:
        shown, clock[0] = clock[0] - 100, clock[0] + 0.25
        return shown

    assert [work(message) for message in paced(lines, 2, wait, lambda: clock[0])] == [
        0,
        2,
        2.25,
        2.5,
        32.5,
    ]


def test_unusable_certificates_are_told_in_one_line(tmp_path: Path) -> None:
    """A missing file of certificates is named, and no thread is left behind."""
    broker = BrokerAccess(BrokerUrl("127.0.0.1", tls=True), ca_file=tmp_path / "ca.pem")
    before = threading.active_count()

    with pytest.raises(CannotPublish, match=r"^certificates .*ca.pem: No such file"):
        replay(broker, [], threading.Event())
    assert threading.active_count() == before


def test_an_empty_recording_is_refused(tmp_path: Path) -> None:
    """A recorder that wrote nothing is not taken for a replay that went well."""
    for content in (b"", b"\n \n"):
        with pytest.raises(RecordingError, match="none: is empty"):
            survey([file_of(tmp_path / "none", content)], skip_bad=True)
