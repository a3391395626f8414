"""What was entered after a date and yet is about it: it moves the date's figures from then on."""

from datetime import date, datetime
from typing import NamedTuple

from models.target import Scope


class Entered(NamedTuple):
    """When and by whom something was entered."""

    at: datetime
    """By the server's clock."""
    by: str
    source: str
    """From what, such as a file's name."""
    claimed_at: datetime | None
    """When it was known, as whoever entered it says; None: no claim."""


class RegistryCorrection(NamedTuple):
    """A change of the registry by which vehicles of the date came, went or became others."""

    entered: Entered
    vehicles: int


class TargetCorrection(NamedTuple):
    """A change of a target of the date."""

    entered: Entered
    indicator: str
    scope: Scope
    before: float | None
    """None: there was no target."""
    after: float | None
    """None: it was removed."""


class RecordedLater(NamedTuple):
    """Vehicles that count for an indicator, or do not, only by what was recorded after the date."""

    indicator: str
    vehicles: int
    last_on: date
    """The last local day on which something of them was recorded."""


class Corrections(NamedTuple):
    """All that were entered after a date, in their order."""

    registry: list[RegistryCorrection]
    targets: list[TargetCorrection]
    recorded: list[RecordedLater]
