"""How many vehicles were trackable in each minute of a day, from the days' maps of minutes."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("shares")

MINUTES: Final = 1440
"""So long is every day here. What a day of 25 hours has beyond, and one that a change of zone made
longer still (``vehicle_day.minutes`` has room for 27), is left out: days are laid side by side."""


class DayShare(NamedTuple):
    """The share of each minute of a local day, as it is known now: late positions count, too."""

    day: date
    fleet: int
    trackable: Sequence[int]
    """By the minute with whose end the window ends."""


def day_share(connection: Connection, day: date, window: timedelta) -> DayShare:
    """Return a day's share, minute by minute.

    Args:
        day: the local day of each operator's time zone.
        window: in whole minutes.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        maps = [row[0] for row in connection.execute(_SQL["minutes_of_day"], {"day": day})]
    return DayShare(day, len(maps), trackable(filter(None, maps), window // timedelta(minutes=1)))


def trackable(maps: Iterable[str], window: int) -> list[int]:
    """Count in how many maps one of the last minutes is set, for each minute of a day.

    Args:
        maps: of one vehicle each, the first minute first, as ``0`` and ``1``; of ``MINUTES``.
        window: how many minutes, the present one included.
    """
    # Digit by digit for all minutes at once: 1,140 vehicles take 10 ms, and a count for each of the
    # minutes half a second.
    digits: list[int] = []
    for text in maps:
        seen = int(text, 2)
        carry = seen
        for minutes in range(1, window):
            carry |= seen >> minutes
        for place, digit in enumerate(digits):
            digits[place], carry = digit ^ carry, digit & carry
        if carry:
            digits.append(carry)
    return [
        sum((digit >> (MINUTES - 1 - minute) & 1) << place for place, digit in enumerate(digits))
        for minute in range(MINUTES)
    ]
