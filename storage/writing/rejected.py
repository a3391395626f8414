"""RejectedReport messages, kept whole until they are replayed or purged."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from models.rejection import Rejection
from storage.writing.batch import RejectedMessage
from storage.connection import Connection

_KEEP = """
-- The same rejected again is the same row, some times more. Beyond the quota of an operator and
-- hour nothing new is kept: one mad device must not fill the disk. Two workers at once do not see
-- each other's rows, and may together keep more by a batch.
with offered as materialized (
    select offered.*, date_trunc('hour', received_at) as hour,
           exists (select from rejected_message as known
                   where known.digest = offered.digest and known.reason = offered.reason) as known
    from unnest(%(received_at)s::timestamptz[], %(last_received_at)s::timestamptz[],
                %(times)s::bigint[], %(operator_id)s::text[], %(vehicle_id)s::text[],
                %(topic)s::bytea[], %(payload)s::bytea[], %(retained)s::boolean[],
                %(elements)s::text[], %(digest)s::bytea[], %(reason)s::text[], %(detail)s::text[],
                %(reports)s::integer[])
        as offered (received_at, last_received_at, times, operator_id, vehicle_id, topic, payload,
                    retained, elements, digest, reason, detail, reports)
), quota as (
    select operator_id, hour, case when operator_id is null
        then (select count(*) from rejected_message where operator_id is null
              and received_at >= hour and received_at < hour + interval '1 hour')
        else (select count(*) from rejected_message as known
              where known.operator_id = offered.operator_id
              and received_at >= hour and received_at < hour + interval '1 hour')
        end as kept
    from (select distinct operator_id, hour from offered where not known) as offered
), ranked as (
    select *, row_number() over (partition by operator_id, hour, known order by received_at)
        as place
    from offered
)
insert into rejected_message as known (received_at, last_received_at, times, operator_id,
    vehicle_id, topic, payload, retained, elements, digest, reason, detail, reports)
select received_at, last_received_at, times, ranked.operator_id, vehicle_id, topic, payload,
       retained, elements::integer[], digest, reason, detail, reports
from ranked
left join quota on quota.operator_id is not distinct from ranked.operator_id
    and quota.hour = ranked.hour
where ranked.known or place + kept <= %(quota)s
order by digest, reason
on conflict (digest, reason) do update
set times = known.times + excluded.times,
    received_at = least(known.received_at, excluded.received_at),
    last_received_at = greatest(known.last_received_at, excluded.last_received_at),
    detail = excluded.detail
"""


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
    retained: bool
    elements: tuple[int, ...]
    """The message's reports that were rejected; none where it cannot be opened."""
    digest: bytes
    reason: str
    detail: str
    reports: int
    """How many reports were rejected, each time."""


def keep(connection: Connection, messages: Iterable[RejectedMessage], quota: int) -> None:
    """Keep rejected messages, a row a message and reason.

    Args:
        quota: rows that an operator may add in an hour.
    """
    rows = list(_folded(row for message in messages for row in rows_of(message)))
    if rows:
        columns = dict(zip(RejectedRow._fields, map(list, zip(*rows, strict=True)), strict=True))
        # An array of arrays has one length for all in PostgreSQL, hence the texts.
        columns["elements"] = ["{" + ",".join(map(str, row.elements)) + "}" for row in rows]
        connection.execute(_KEEP, columns | {"quota": quota})


def rows_of(rejected: RejectedMessage) -> Iterator[RejectedRow]:
    """Yield what is to be kept of a rejected message, one row a reason."""
    message, rejections = rejected
    by_reason = sorted(rejections, key=lambda rejection: rejection.reason)
    for reason, group in groupby(by_reason, key=lambda rejection: rejection.reason):
        alike = list(group)
        elements = _elements(alike)
        yield RejectedRow(
            message.received_at,
            message.received_at,
            1,
            alike[0].vehicle.operator_id if alike[0].vehicle else None,
            alike[0].vehicle.vehicle_id if alike[0].vehicle else None,
            message.topic,
            message.payload,
            not alike[0].heard,
            elements,
            _digest(message.topic, message.payload, elements),
            reason.value,
            alike[0].detail,
            len(alike),
        )


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
