"""Why a report is rejected: the closed set of reasons, and one rejection with its detail."""

from enum import StrEnum
from typing import NamedTuple

from models.legible import without_unseen
from models.vehicle import VehicleId


class RejectReason(StrEnum):
    """The closed set of reasons (docs/formats.md, Rejected reports)."""

    NOT_JSON = "not_json"
    SCHEMA = "schema"
    UNKNOWN_TOPIC = "unknown_topic"
    TOPIC_MISMATCH = "topic_mismatch"
    TOO_LARGE = "too_large"
    OUT_OF_RANGE = "out_of_range"
    NULL_ISLAND = "null_island"
    OUTSIDE_AREA = "outside_area"
    IN_FUTURE = "in_future"
    TOO_OLD = "too_old"


class Rejection(NamedTuple):
    """One rejected report. A message that cannot be opened is one rejected report."""

    reason: RejectReason
    detail: str
    """For a person: what was found and what would have been right; at most 300 characters."""
    vehicle: VehicleId | None = None
    """The vehicle that the topic names, where it names one."""
    heard: bool = True
    """False where the broker remembered the message: the vehicle sent it some other day."""
    element: int | None = None
    """Which report of the message it was, from 0; None where the message cannot be opened."""


class Rejected(Exception):
    """Raised within ``models`` where a whole message, or one report of it, has to be rejected."""

    def __init__(self, reason: RejectReason, detail: str, vehicle: VehicleId | None = None) -> None:
        super().__init__(reason, detail)
        self.rejection = Rejection(reason, _legible(detail), vehicle)


def _legible(detail: str, limit: int = 300) -> str:
    """Cut a detail to its limit, and take out what nobody sees or no database column holds.

    It may quote what a hostile payload named, NUL included.
    """
    if len(detail) > limit:
        detail = detail[: limit - 1] + "…"
    return without_unseen(detail)
