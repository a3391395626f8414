"""What the database knows at a moment: the shares, and the account of the reports received."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from fleetgauge.settings import Settings
from models.indicator import DISPATCHER_WINDOW, TRACKABLE
from models.share import Counts, Shares
from storage.shares.shares import Asked, shares
from storage.snapshot import snapshot
from storage.writing import reception

LOWEST = 5
"""How many operators are shown as those with the lowest share."""


@dataclass(frozen=True)
class Observation:
    """What the demo shows."""

    shares: Shares
    reports: Mapping[str, int]
    """Received, and its four outcomes, since the demo began."""

    @property
    def reports_add_up(self) -> bool:
        """Whether the four outcomes add up to what was received."""
        received, *outcomes = self.reports.values()
        return received == sum(outcomes)


class Observer:
    """Reads the database of a running demo."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._url = settings.database_url.get_secret_value()
        with snapshot(self._url, "fleetgauge demo") as connection:
            self._before = reception.totals(connection)

    def look(self) -> Observation:
        """Return the present shares and account.

        Raises:
            StorageError: the database does not answer.
        """
        with snapshot(self._url, "fleetgauge demo") as connection:
            windows = {DISPATCHER_WINDOW, *self._settings.windows}
            found = shares(connection, Asked(datetime.now(UTC)), sorted(windows))
            totals = reception.totals(connection)
        reports = {name: total - self._before[name] for name, total in totals.items()}
        return Observation(found, reports)


def lowest_operators(shares: Shares, settings: Settings) -> list[tuple[str, Counts, float]]:
    """Return the operators with the lowest tracking share, lowest first.

    Operators under the minimum size have no ratio and are left out.
    """
    found = [
        (name or "", counts, ratio)
        for name, counts in shares.groups.items()
        if (ratio := counts.ratio(TRACKABLE, DISPATCHER_WINDOW, settings.min_group_size))
        is not None
    ]
    return sorted(found, key=lambda each: each[2])[:LOWEST]
