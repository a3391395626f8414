"""Vehicles that nobody has heard of and for which there is no room in this hour."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from itertools import groupby
from typing import Final

from models.rejection import Rejection, RejectReason
from models.vehicle import VehicleId
from storage.writing.batch import Batch, ReceivedReport, RejectedMessage

_DETAIL: Final = (
    "the vehicle is not in the fleet list, and too many that are not have appeared in this hour "
    "(FLEETGAUGE_NEW_VEHICLES_PER_HOUR, FLEETGAUGE_NEW_OPERATORS_PER_HOUR)"
)


def turned_away(batch: Batch, newcomers: Set[VehicleId]) -> Batch:
    """Return the batch with the reports of these vehicles rejected: they may be reprocessed."""
    kept = [each for each in batch.reports if each.report.vehicle not in newcomers]
    rejected = list(_rejected(each for each in batch.reports if each.report.vehicle in newcomers))
    rejections = batch.rejections.copy()
    rejections[RejectReason.UNKNOWN_TOPIC] += len(batch.reports) - len(kept)
    return replace(
        batch, reports=kept, rejected=[*batch.rejected, *rejected], rejections=rejections
    )


def _rejected(reports: Iterable[ReceivedReport]) -> Iterator[RejectedMessage]:
    # What came in one message stands together in a batch.
    for _, group in groupby(reports, key=lambda each: id(each.message)):
        of_message = list(group)
        yield RejectedMessage(
            of_message[0].message,
            [
                Rejection(
                    RejectReason.UNKNOWN_TOPIC,
                    _DETAIL,
                    report.vehicle,
                    heard=report.heard,
                    element=report.element,
                )
                for report, _ in of_message
            ],
        )
