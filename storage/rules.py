"""The settings by which figures are computed keep their history: a change moves no past figure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("rules")

TIME_ZONE: Final = "time_zone"
"""The setting whose days the others are asked for by."""


class RuleInForce(NamedTuple):
    """The value of a setting on a date."""

    value: str
    known_from: datetime | None
    """Since when it holds by the server's clock, after the date where nothing older is recorded;
    None: nothing is recorded, and it is the default."""


def record(connection: Connection, settings: Mapping[str, str], entered_by: str) -> list[str]:
    """Put on record the settings that are not the newest recorded, and return their names.

    Args:
        connection: in autocommit, or its transaction should end at once.
        settings: by name, as text that stays the same as long as the setting does.
        entered_by: who has set them, or the program that found them set.

    Raises:
        StorageError: nothing was recorded.
    """
    binds = {
        "names": list(settings),
        "values": list(settings.values()),
        "entered_by": entered_by,
    }
    with translated(), connection.transaction():
        connection.execute(_SQL["take_turn"])
        return [name for (name,) in connection.execute(_SQL["record"], binds)]


def rules_on(
    connection: Connection, on: date, defaults: Mapping[str, str], known_on: date | None = None
) -> dict[str, RuleInForce]:
    """Return the settings in force at the end of a local day.

    Of one that nothing was recorded of by then it is the oldest recorded, or else the default.

    Args:
        defaults: of every setting asked for, ``time_zone`` among them: not what is set now, or a
            change would move the past of what nobody recorded.
        known_on: only of what was recorded by this local day's end; None: of all.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = {"on": on, "known_on": known_on, "default_zone": defaults[TIME_ZONE]}
    with translated():
        rows = connection.execute(_SQL["rules_on"], binds).fetchall()
    recorded = {name: RuleInForce(value, known_from) for name, value, known_from in rows}
    return {
        name: recorded.get(name, RuleInForce(default, None)) for name, default in defaults.items()
    }
