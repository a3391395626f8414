"""Rejected messages, kept until they are reprocessed or purged."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, NamedTuple

from models.personal import without_personal
from models.rejection import Rejection
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.sql import queries
from storage.writing.batch import RejectedMessage
from storage.writing.quotas import Quotas

_SQL: Final = queries("rejected")

PAYLOAD_BYTES: Final = 16 * 1024
"""Kept of a payload; what is longer shows its beginning, and cannot be reprocessed."""


class RejectedRow(NamedTuple):
    """What is kept of a message for one reason."""

    received_at: datetime
    """The first time; ``last_received_at`` the last one."""
    last_received_at: datetime
    times: int
    operator_id: str | None
    vehicle_id: str | None
    topic: bytes
    payload: bytes
    """Its beginning, where it is longer than ``PAYLOAD_BYTES``."""
    payload_length: int
    """Bytes, as received."""
    payload_digest: bytes
    """SHA-256, as received."""
    retained: bool
    elements: tuple[int, ...]
    """The message's reports that were rejected; none where it cannot be opened."""
    digest: bytes
    reason: str
    detail: str
    reports: int
    """How many reports were rejected, each time."""

    @property
    def is_cut(self) -> bool:
        """Tell whether only the payload's beginning is kept."""
        return len(self.payload) < self.payload_length


def keep(connection: Connection, messages: Iterable[RejectedMessage], quotas: Quotas) -> int:
    """Keep rejected messages, a row a message and reason; return how many there is no room for."""
    if not quotas.personal:
        messages = map(_impersonal, messages)
    rows = list(_folded(row for message in messages for row in rows_of(message)))
    if not rows:
        return 0
    columns = dict(zip(RejectedRow._fields, map(list, zip(*rows, strict=True)), strict=True))
    # An array of arrays has one length for all in PostgreSQL, hence the texts.
    columns["elements"] = ["{" + ",".join(map(str, row.elements)) + "}" for row in rows]
    room = {"messages": quotas.rejected_messages, "bytes": quotas.rejected_bytes}
    return len(rows) - connection.execute(_SQL["keep_rejected"], columns | room).rowcount


def clocks_ahead(connection: Connection) -> frozenset[VehicleId]:
    """Return the vehicles whose newest report was rejected for being ahead of its reception."""
    return frozenset(VehicleId(*row) for row in connection.execute(_SQL["clocks_ahead"]))


def rows_of(rejected: RejectedMessage) -> Iterator[RejectedRow]:
    """Yield what is to be kept of a rejected message, one row a reason."""
    message, rejections = rejected
    by_reason = sorted(rejections, key=lambda rejection: rejection.reason)
    for reason, group in groupby(by_reason, key=lambda rejection: rejection.reason):
        same = list(group)
        elements = _elements(same)
        yield RejectedRow(
            message.received_at,
            message.received_at,
            1,
            same[0].vehicle.operator_id if same[0].vehicle else None,
            same[0].vehicle.vehicle_id if same[0].vehicle else None,
            message.topic,
            message.payload[:PAYLOAD_BYTES],
            len(message.payload),
            hashlib.sha256(message.payload).digest(),
            not same[0].heard,
            elements,
            _digest(message.topic, message.payload, elements),
            reason.value,
            same[0].detail,
            len(same),
        )


def _impersonal(rejected: RejectedMessage) -> RejectedMessage:
    message = rejected.message
    payload = without_personal(message.payload)
    return rejected._replace(message=message._replace(payload=payload))


def _elements(rejections: Sequence[Rejection]) -> tuple[int, ...]:
    return tuple(sorted(each.element for each in rejections if each.element is not None))


def _digest(topic: bytes, payload: bytes, elements: Sequence[int]) -> bytes:
    digest = hashlib.sha256(b"%d,%d," % (len(topic), len(payload)))
    for part in (topic, payload, repr(elements).encode()):
        digest.update(part)
    return digest.digest()


def _folded(rows: Iterable[RejectedRow]) -> Iterator[RejectedRow]:
    ordered = sorted(rows, key=lambda row: (row.digest, row.reason, row.received_at))
    for _, group in groupby(ordered, key=lambda row: (row.digest, row.reason)):
        first, *others = group
        last = others[-1] if others else first
        yield first._replace(last_received_at=last.received_at, times=1 + len(others))
