"""Refused messages, kept whole until they are replayed or purged."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from models.refusal import Refusal
from storage.batch import RejectedMessage
from storage.connection import Connection

_KEEP = """
-- The same bytes again are the same row, one time more. Beyond the quota of an operator and
-- hour nothing new is kept: one mad device must not fill the disk.
insert into rejected_message as known (received_at, last_received_at, operator_id, vehicle_id,
                                       topic, payload, digest, reason, detail, reports)
select %(received_at)s, %(received_at)s, %(operator_id)s, %(vehicle_id)s,
       %(topic)s, %(payload)s, %(digest)s, %(reason)s, %(detail)s, %(reports)s
where exists (select from rejected_message where digest = %(digest)s and reason = %(reason)s)
   or (select count(*) from rejected_message
       where operator_id is not distinct from %(operator_id)s
         and received_at >= date_trunc('hour', %(received_at)s)
         and received_at < date_trunc('hour', %(received_at)s) + interval '1 hour') < %(quota)s
on conflict (digest, reason) do update
set times = known.times + 1,
    last_received_at = greatest(known.last_received_at, excluded.last_received_at)
"""


def keep(connection: Connection, messages: Iterable[RejectedMessage], quota: int) -> None:
    """Keep refused messages, a row a message and reason.

    Args:
        quota: rows that an operator may add in an hour.
    """
    rows = sorted(
        (row for message in messages for row in _rows(message)),
        key=lambda row: (row["digest"], row["reason"]),
    )
    with connection.cursor() as cursor:
        cursor.executemany(_KEEP, [row | {"quota": quota} for row in rows])


def _rows(rejected: RejectedMessage) -> Iterator[dict[str, object]]:
    message, refusals = rejected
    digest = hashlib.sha256(message.topic + b"\0" + message.payload).digest()
    for reason, count in Counter(refusal.reason for refusal in refusals).items():
        first = _first(refusals, reason)
        yield {
            "received_at": message.received_at,
            "operator_id": first.vehicle.operator_id if first.vehicle else None,
            "vehicle_id": first.vehicle.vehicle_id if first.vehicle else None,
            "topic": message.topic,
            "payload": message.payload,
            "digest": digest,
            "reason": reason.value,
            "detail": first.detail,
            "reports": count,
        }


def _first(refusals: Sequence[Refusal], reason: str) -> Refusal:
    return next(refusal for refusal in refusals if refusal.reason == reason)
