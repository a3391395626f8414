"""The bounded queue between the network thread and the writer."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from storage.writing.batch import Message

QUIET_SECONDS: Final = 0.02
"""After so long without a message a batch waits no longer. The reports of 1,140 buses every 10 s
are 9 ms apart on average: shorter, and each would get a transaction of its own."""


class Delivery(NamedTuple):
    """A message with what is needed to acknowledge it."""

    message: Message
    packet_id: int
    qos: int
    retained: bool
    connection: int
    """The connection that delivered it: packet ids are used again by the next one."""
    waited: bool = False
    """Whether the broker may have kept it while we were away: nobody knows when it was sent."""


class MessageQueue:
    """Messages on their way to the writer, bounded by their number and their bytes.

    The network thread puts without waiting, and reads on only while there is room; what it does
    not read stays with the broker. One thread puts, one takes, one settles.
    """

    def __init__(
        self, max_messages: int, max_bytes: int, quiet_seconds: float = QUIET_SECONDS
    ) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._quiet_seconds = quiet_seconds
        self._waiting: deque[tuple[float, Delivery]] = deque()
        self._bytes = 0
        self._put_at = 0.0
        self._changed = threading.Condition()
        self._closed = False
        self._wanted = 1
        self.limit = max_messages
        """At how many messages in flight the broker waits for us; the network thread sets it."""
        self._unsettled = 0

    def put(self, deliveries: Sequence[Delivery]) -> None:
        """Append what was received; ask ``has_room`` before reading more, to keep the bounds."""
        now = time.monotonic()
        with self._changed:
            self._put_at = now
            self._waiting += [(now, delivery) for delivery in deliveries]
            self._bytes += sum([len(delivery.message.payload) for delivery in deliveries])
            if len(self._waiting) >= min(self._wanted, self._still_to_come()):
                self._changed.notify()

    def has_room(self) -> bool:
        """Tell whether more may be read from the network."""
        return len(self._waiting) < self._max_messages and self._bytes < self._max_bytes

    def settle(self, messages: int) -> None:
        """Say that so many of those taken are about to be acknowledged."""
        with self._changed:
            self._unsettled -= messages

    def __len__(self) -> int:
        return len(self._waiting)

    def close(self) -> None:
        """Let ``take`` return at once what is there, and nothing once the queue is empty."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self, size: int, max_bytes: int, age: float) -> list[Delivery]:
        """Take a batch: ``size`` messages, or what is there once waiting for more is of no use.

        That is: nothing has arrived for a moment, the broker's limit is reached, or the oldest
        message is ``age`` seconds old. Returns nothing only after ``close``, when nothing is left.
        """
        with self._changed:
            self._wanted = 1
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._wanted = size
            while not self._is_due(size) and (seconds := self._seconds_left(age)) > 0:
                self._changed.wait(seconds)
            return self._pop(size, max_bytes)

    def _is_due(self, size: int) -> bool:
        enough = min(size, self._still_to_come())
        return self._closed or len(self._waiting) >= enough or not self.has_room()

    def _still_to_come(self) -> int:
        # Beside what was taken, the broker sends no more than this before it waits for us.
        return self.limit - self._unsettled

    def _seconds_left(self, age: float) -> float:
        oldest, _ = self._waiting[0]
        return min(oldest + age, self._put_at + self._quiet_seconds) - time.monotonic()

    def _pop(self, size: int, max_bytes: int) -> list[Delivery]:
        taken: list[Delivery] = []
        taken_bytes = 0
        while self._waiting and len(taken) < size and taken_bytes < max_bytes:
            _, delivery = self._waiting.popleft()
            taken.append(delivery)
            taken_bytes += len(delivery.message.payload)
        self._bytes -= taken_bytes
        self._unsettled += len(taken)
        return taken
