"""What people state beside the figures: why one deviates, what was official, what is due when."""

from datetime import date, datetime
from typing import NamedTuple

from models.target import Scope


class Note(NamedTuple):
    """Why an indicator deviates from its plan in a period."""

    indicator: str
    period_from: date
    period_to: date
    """The period's last day, that day included."""
    text: str
    scope: Scope = Scope()


class OfficialFigure(NamedTuple):
    """What was published of a date; in no figure of ours."""

    indicator: str
    day: date
    ratio: float
    """0..1."""
    vehicles: int | None
    fleet: int | None
    source: str
    """Where it was published."""
    scope: Scope = Scope()


class Milestone(NamedTuple):
    """What is to be reached by when."""

    name: str
    due: date
    done_on: date | None
    """Since when it is; None: it is not."""

    def state(self, on: date) -> str:
        """Return ``done``, ``overdue`` or ``open``, as of a date."""
        if self.done_on is not None and self.done_on <= on:
            return "done"
        return "overdue" if self.due < on else "open"


class Entry(NamedTuple):
    """Who stated something, and when by the server's clock."""

    by: str
    at: datetime
    known_to: datetime | None = None
    """Until when it was known so; None: it still is."""
    ended_by: str | None = None


class Stated(NamedTuple):
    """All that is stated about a date."""

    notes: list[tuple[Note, Entry]]
    official: list[tuple[OfficialFigure, Entry]]
    milestones: list[tuple[Milestone, Entry]]
