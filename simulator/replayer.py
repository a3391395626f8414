"""Publish recorded messages again: survey all files first, then send line by line."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from models.broker import BrokerAccess
from simulator.connection import BrokerConnection, Counts
from simulator.fleet import OutgoingMessage
from simulator.recording import (
    BadLine,
    RecordedMessage,
    RecordingError,
    numbered_lines,
    parse_line,
)
from simulator.timestamps import moved, moved_within, observed

LONGEST_PAUSE = timedelta(minutes=1)
"""With a speed, longer pauses in the recording are cut to this before being divided by it."""

WRONG_CLOCK = timedelta(minutes=1)
"""A report observed further ahead of its reception does not count as the newest."""


@dataclass(frozen=True)
class Recording:
    """A surveyed file."""

    path: Path
    last_line: int
    """Lines appended since are not replayed."""
    messages: int
    bad_lines: int
    newest: datetime | None
    """The newest observation; None without messages."""
    shift_seconds: int = 0

    def shifted(self, now: datetime) -> "Recording":
        """Return the recording with every time moved so that the newest observation is now.

        The shift is of whole seconds; the newest observation comes less than one before now.
        """
        if self.newest is None:
            return self
        return replace(self, shift_seconds=(now - self.newest) // timedelta(seconds=1))


def survey(
    paths: Iterable[Path],
    *,
    skip_bad: bool = False,
    on_line: Callable[[int], None] | None = None,
) -> list[Recording]:
    """Read files once through, keeping nothing in memory.

    Args:
        skip_bad: count bad lines instead of raising.
        on_line: called with the number of lines read so far.

    Raises:
        RecordingError: a file cannot be read, is empty, or has a bad line; the first is named.
    """
    surveyor = _Surveyor(on_line)
    recordings = [surveyor.survey(path) for path in paths]
    if surveyor.first_bad is not None and not skip_bad:
        others = sum(recording.bad_lines for recording in recordings) - 1
        raise RecordingError(surveyor.first_bad + (f" (and {others:,} more)" if others else ""))
    return recordings


def replay(
    broker: BrokerAccess,
    recordings: Sequence[Recording],
    stop: threading.Event,
    *,
    speed: float | None = None,
    save: BinaryIO | None = None,
    on_progress: Callable[[Counts], None] | None = None,
) -> Counts:
    """Publish one file after the other until the end or until stop is set.

    Args:
        speed: times the recording's own pace; None: as fast as the broker acknowledges.
        save: where the lines are written as they were published.

    Raises:
        CannotPublish: the first connect failed; after later failures it reconnects.
        RecordingError: a file can no longer be read.
    """
    connection = BrokerConnection(broker)
    connection.open()
    try:
        for message in _all_messages(recordings, speed, stop):
            if stop.is_set() or not connection.send(_outgoing(message, broker), stop):
                break
            if save:
                save.write(message.line)
            if on_progress:
                on_progress(connection.counts)
        connection.drain()
    finally:
        connection.close()
    return connection.counts


def messages(recording: Recording) -> Iterator[RecordedMessage]:
    """Yield the messages of a recording, moved by its shift."""
    for number, line in numbered_lines(recording.path):
        if number > recording.last_line:
            return
        try:
            message = parse_line(line)
        except BadLine:
            continue
        seconds = recording.shift_seconds
        yield _moved(message, seconds) if seconds else message


def paced(
    lines: Iterable[RecordedMessage],
    speed: float,
    wait: Callable[[float], object],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[RecordedMessage]:
    """Yield messages at a multiple of the pace at which they were received.

    Due times count from the first message, so that delays do not add up.
    """
    due, before = clock(), None
    for message in lines:
        received = message.received
        if before is not None:
            pause = max(min(received - before, LONGEST_PAUSE), timedelta(0))
            due += pause.total_seconds() / speed
            wait(max(due - clock(), 0.0))
        before = received
        yield message


def _all_messages(
    recordings: Sequence[Recording], speed: float | None, stop: threading.Event
) -> Iterator[RecordedMessage]:
    for recording in recordings:
        lines = messages(recording)
        yield from lines if speed is None else paced(lines, speed, stop.wait)


class _Surveyor:
    def __init__(self, on_line: Callable[[int], None] | None) -> None:
        self._on_line = on_line
        self._lines = 0
        self.first_bad: str | None = None

    def survey(self, path: Path) -> Recording:
        last = good = bad = 0
        newest = _Newest()
        for last, line in numbered_lines(path):
            self._tick()
            try:
                newest.add(parse_line(line))
                good += 1
            except BadLine as error:
                bad += 1
                self.first_bad = self.first_bad or f"{path}: line {last}: {error}"
        if not last:
            raise RecordingError(f"{path}: is empty: nothing to replay")
        return Recording(path, last, good, bad, newest.moment)

    def _tick(self) -> None:
        self._lines += 1
        if self._on_line:
            self._on_line(self._lines)


class _Newest:
    """The newest observation with a plausible clock, else any, else the newest reception."""

    def __init__(self) -> None:
        self._plausible: datetime | None = None
        self._any: datetime | None = None
        self._received: datetime | None = None

    @property
    def moment(self) -> datetime | None:
        return self._plausible or self._any or self._received

    def add(self, message: RecordedMessage) -> None:
        received = message.received
        self._received = _later(self._received, received)
        for moment in observed(message.payload):
            self._any = _later(self._any, moment)
            if moment - received <= WRONG_CLOCK:
                self._plausible = _later(self._plausible, moment)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _moved(message: RecordedMessage, seconds: int) -> RecordedMessage:
    return RecordedMessage(
        moved(message.received_at, seconds),
        message.topic,
        moved_within(message.payload, seconds),
    )


def _outgoing(message: RecordedMessage, broker: BrokerAccess) -> OutgoingMessage:
    # A recording may be of a broker with the same prefix.
    topic = message.topic.decode().removeprefix(broker.topic_prefix)
    return OutgoingMessage(topic, message.payload, False, message.received)
