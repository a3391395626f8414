"""The reports of one row of the table, and which of them have to be stored."""

import json
import time
from collections.abc import Iterator

from tests.chaos.publisher import Outgoing

VEHICLES = 200
HOURS_BACK = 20


class Reports:
    """Makes reports of one operator, each with a vehicle and second of its own."""

    def __init__(self, operator: str) -> None:
        self.operator = operator
        self.expected: set[tuple[str, int]] = set()
        """Vehicle and second (epoch) of each that has to be stored."""
        self.rejected = 0
        self._base = int(time.time()) - HOURS_BACK * 3600
        self._made = 0

    def good(self, count: int) -> list[Outgoing]:
        """Make positions that have to be stored, one a message."""
        return [self._message(*self._next()) for _ in range(count)]

    def with_wrong_clock(self, count: int) -> list[Outgoing]:
        """Make positions of buses that live tomorrow or two months ago: none may be stored."""
        self.rejected += count
        wrong = (86_400, -60 * 86_400)
        return [
            self._message(f"clock-{number % 7}", int(time.time()) + wrong[number % 2] - number)
            for number in range(count)
        ]

    def backlog(self, buses: int, hours: int, every_seconds: int) -> list[Outgoing]:
        """Make what buses stored while out of coverage, newest first, an array a bus."""
        return [
            self._array(f"far-{number}", hours * 3600, every_seconds) for number in range(buses)
        ]

    def _next(self) -> tuple[str, int]:
        number = self._made
        self._made += 1
        place = (str(number % VEHICLES), self._base + number // VEHICLES)
        self.expected.add(place)
        return place

    def payload(self, vehicle: str, second: int) -> bytes:
        """Return the payload of a message that holds this report alone."""
        return json.dumps(_position(vehicle, second)).encode()

    def _message(self, vehicle: str, second: int) -> Outgoing:
        topic = f"fleet/{self.operator}/{vehicle}/position"
        return Outgoing(topic.encode(), self.payload(vehicle, second))

    def _array(self, vehicle: str, span: int, every: int) -> Outgoing:
        seconds = list(self._seconds(span, every))
        self.expected.update((vehicle, second) for second in seconds)
        topic = f"fleet/{self.operator}/{vehicle}/position"
        payload = json.dumps([_position(vehicle, second) for second in reversed(seconds)])
        return Outgoing(topic.encode(), payload.encode())

    def _seconds(self, span: int, every: int) -> Iterator[int]:
        now = int(time.time())
        yield from range(now - span, now, every)


def _position(vehicle: str, second: int) -> dict[str, object]:
    return {
        "observed_at": second,
        "latitude": 57.0,
        "longitude": 41.0 + second % 1000 / 1000,
        "vehicle_id": vehicle,
    }
