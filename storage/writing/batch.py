"""A batch: what one transaction keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from models.rejection import Rejection, RejectReason
from models.report import Report


class Message(NamedTuple):
    """A message as it came from the broker."""

    topic: bytes
    payload: bytes
    received_at: datetime
    """Our clock, UTC-aware."""


class ReceivedReport(NamedTuple):
    """A report that passed, with the message it came in."""

    report: Report
    message: Message


class RejectedMessage(NamedTuple):
    """A message of which one report or more was rejected."""

    message: Message
    rejections: Sequence[Rejection]


@dataclass(slots=True)
class Batch:
    """Reports and rejected messages, in the order in which they came."""

    reports: list[ReceivedReport] = field(default_factory=list)
    rejected: list[RejectedMessage] = field(default_factory=list)
    rejections: Counter[RejectReason] = field(default_factory=Counter)
    unknown_equipment: int = 0
    """How many times a kind of equipment was named that is not known here."""

    @property
    def received(self) -> int:
        """How many reports came, whatever becomes of them."""
        return len(self.reports) + self.rejections.total()

    def add(
        self,
        message: Message,
        reports: Sequence[Report],
        rejections: Sequence[Rejection],
        unknown_equipment: int = 0,
    ) -> None:
        """Add what one message held."""
        for report in reports:
            self.reports.append(ReceivedReport(report, message))
        if rejections:
            self.rejected.append(RejectedMessage(message, rejections))
            self.rejections.update(rejection.reason for rejection in rejections)
        self.unknown_equipment += unknown_equipment

    def apart(self, operator_id: str) -> tuple[Batch, Sequence[ReceivedReport]]:
        """Return the batch without an operator's reports, and these."""
        vehicles = {report.vehicle for report, _ in self.reports}
        if all(vehicle.operator_id != operator_id for vehicle in vehicles):
            return self, []
        taken = [each for each in self.reports if each.report.vehicle.operator_id == operator_id]
        left = [each for each in self.reports if each.report.vehicle.operator_id != operator_id]
        return replace(self, reports=left), taken


def informative(reports: Sequence[ReceivedReport]) -> int:
    """Return how many hold a position or a flag; the others are contacts and no more."""
    return sum(report.fix is not None or report.equipment != 0 for report, _ in reports)


class Written(NamedTuple):
    """What became of a batch's reports; the four add up to what was received."""

    stored: int
    duplicate: int
    contact: int
    rejected: Counter[RejectReason]
    turned_away: int = 0
    """How many of the rejected are of new vehicles for which there was no room."""
    not_kept: int = 0
    """How many rejected messages are only counted, since there is no room."""

    @property
    def received(self) -> int:
        """The sum of the four outcomes."""
        return self.stored + self.duplicate + self.contact + self.rejected.total()
