"""RejectedReport messages judged anew: what is now accepted is stored, and leaves the list.

Each is judged by today's rules as if it had just been received at the moment of its first
reception; a bus's clock is not to blame for the time that the mend took. Only those reports of a
message are looked at that were rejected: the others are stored already, and counted.
"""

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple

import stamina
from psycopg import sql

from models.decode import decode
from models.rejection import Rejection, RejectReason
from models.report import Report
from models.rules import Rules
from storage import history, newest_state, probe, reception, staging
from storage.writing.batch import Batch, Message, ReceivedReport, RejectedMessage, Written
from storage.connection import Connection
from storage.errors import DatabaseUnavailable, DataRejected, translated
from storage.writing.rejected import RejectedRow, rows_of
from storage.writing.rejected_list import CHOSEN, COLUMNS, Selection, as_row
from storage.vehicle_keys import VehicleKeys

WORKER = "replay"
"""In whose name the account is moved."""

_MESSAGES = 100
"""A transaction's, unless the database rejects one: then one by one."""

_LAST = "select coalesce(max(rejected_id), 0) from rejected_message"

_TAKE = sql.SQL("""
-- What another replay has taken is left to it.
select {COLUMNS}
from rejected_message
where rejected_id > %(after)s and rejected_id <= %(upto)s and {CHOSEN}
order by rejected_id
limit %(limit)s
for update skip locked
""").format(COLUMNS=COLUMNS, CHOSEN=CHOSEN)

_REMOVE = "delete from rejected_message where rejected_id = any(%(ids)s)"

_PUT_BACK = """
insert into rejected_message as known (rejected_id, received_at, last_received_at, times,
    operator_id, vehicle_id, topic, payload, retained, elements, digest, reason, detail, reports)
overriding system value
values (coalesce(%(rejected_id)s::bigint,
                 nextval(pg_get_serial_sequence('rejected_message', 'rejected_id'))),
        %(received_at)s, %(last_received_at)s, %(times)s, %(operator_id)s, %(vehicle_id)s,
        %(topic)s, %(payload)s, %(retained)s, %(elements)s, %(digest)s, %(reason)s, %(detail)s,
        %(reports)s)
on conflict (digest, reason) do update
set times = known.times + excluded.times,
    received_at = least(known.received_at, excluded.received_at),
    last_received_at = greatest(known.last_received_at, excluded.last_received_at),
    detail = excluded.detail
"""

_EXPLAIN = "update rejected_message set detail = %(detail)s where rejected_id = %(rejected_id)s"


class Replayed(NamedTuple):
    """What became of some rejected messages."""

    last_id: int
    messages: int
    left: int
    """Messages that have left the list."""
    stored: int
    duplicate: int
    contact: int
    rejected: int
    """Reports that are still rejected."""


class _Judged(NamedTuple):
    """A rejected message, judged anew."""

    rejected_id: int
    row: RejectedRow
    accepted: list[ReceivedReport]
    rejected: list[RejectedRow]
    """What the list has to hold of it from now on."""


class Replay:
    """Judge rejected messages anew, over one connection in autocommit; for one thread."""

    def __init__(self, connection: Connection, rules: Rules, time_zone: str) -> None:
        """Take the rules, and the IANA time zone that an operator not yet known is given."""
        connection.execute(staging.CREATE)
        self._connection = connection
        self._rules = rules
        self._time_zone = time_zone

    def run(self, selection: Selection) -> Iterator[Replayed]:
        """Judge the chosen messages anew, and yield after each transaction what it did.

        Raises:
            StorageError: what was yielded is done, the rest is as it was.
        """
        with translated():
            row = self._connection.execute(_LAST).fetchone()
        upto, after, size = (row[0] if row else 0), 0, _MESSAGES
        while True:
            try:
                replayed = self._replay(selection, after, upto, size)
            except DataRejected as rejected:
                if size > 1:
                    size = 1
                    continue
                replayed = self._explain(selection, after, upto, rejected)
            if replayed is None:
                return
            yield replayed
            after = replayed.last_id

    @stamina.retry(on=DatabaseUnavailable, attempts=5)
    def _replay(self, selection: Selection, after: int, upto: int, size: int) -> Replayed | None:
        with translated(), self._connection.transaction():
            taken = self._take(selection, after, upto, size)
            if not taken:
                return None
            judged = [_judge(rejected_id, row, self._rules) for rejected_id, row in taken]
            written = self._store(judged)
            self._put_back(judged)
        return Replayed(
            taken[-1][0],
            len(judged),
            sum(not each.rejected for each in judged),
            written.stored,
            written.duplicate,
            written.contact,
            sum(row.times * row.reports for each in judged for row in each.rejected),
        )

    def _take(
        self, selection: Selection, after: int, upto: int, size: int
    ) -> list[tuple[int, RejectedRow]]:
        bounds = {"after": after, "upto": upto, "limit": size}
        found = self._connection.execute(_TAKE, {**selection.parameters(), **bounds})
        return [(rejected_id, as_row(columns)) for rejected_id, *columns in found]

    def _store(self, judged: Sequence[_Judged]) -> Written:
        batch, _ = probe.apart(
            Batch(reports=[received for each in judged for received in each.accepted])
        )
        keys = VehicleKeys(self._time_zone)
        keys.assign(self._connection, {report.vehicle for report, _ in batch.reports})
        staging.stage(self._connection, batch, keys)
        stored = history.keep(self._connection, recorded_at=datetime.now(UTC))
        history.keep_contacts(self._connection)
        newest_state.advance(self._connection, with_flags=True)
        newest_state.advance_presence(self._connection, batch.reports, keys)
        return self._booked(judged, stored)

    def _booked(self, judged: Sequence[_Judged], stored: int) -> Written:
        received = informative = contact = 0
        rejected: Counter[RejectReason] = Counter()
        for row, accepted, rejected in (each[1:] for each in judged):
            news = sum(report.is_informative for report, _ in accepted)
            informative += row.times * news
            contact += row.times * (len(accepted) - news)
            received += row.times * (len(accepted) - row.reports)
            rejected[RejectReason(row.reason)] -= row.times * row.reports
            for left in rejected:
                received += row.times * left.reports
                rejected[RejectReason(left.reason)] += row.times * left.reports
        moved = Counter({reason: reports for reason, reports in rejected.items() if reports})
        written = Written(stored, informative - stored, contact, moved)
        if any(written):
            reception.book(self._connection, WORKER, received, written)
        return written

    def _put_back(self, judged: Sequence[_Judged]) -> None:
        changed = [each for each in judged if each.rejected != [each.row]]
        self._connection.execute(_REMOVE, {"ids": [each.rejected_id for each in changed]})
        for each in changed:
            for place, row in enumerate(each.rejected):
                # The first keeps the number that the list has shown.
                number = {"rejected_id": None if place else each.rejected_id}
                self._connection.execute(
                    _PUT_BACK, row._asdict() | number | {"elements": list(row.elements)}
                )

    def _explain(
        self, selection: Selection, after: int, upto: int, rejected: DataRejected
    ) -> Replayed | None:
        """Leave the next message in the list, with the database's words for its rejection."""
        with translated(), self._connection.transaction():
            taken = self._take(selection, after, upto, 1)
            if not taken:
                return None
            rejected_id, row = taken[0]
            detail = f"the database rejects it: {rejected}"[:300]
            self._connection.execute(_EXPLAIN, {"rejected_id": rejected_id, "detail": detail})
        return Replayed(rejected_id, 1, 0, 0, 0, 0, row.times * row.reports)


def _judge(rejected_id: int, row: RejectedRow, rules: Rules) -> _Judged:
    message = Message(row.topic, row.payload, row.received_at)
    reports, rejections = decode(*message, rules, retained=row.retained)
    if row.elements and rejections and rejections[0].element is None:
        # It cannot be opened any more, which is one reason for each report that was in it.
        rejections = [rejections[0]._replace(element=element) for element in row.elements]
        reports = []
    elif row.elements:
        reports, rejections = _only(set(row.elements), reports, rejections)
    accepted = [ReceivedReport(report, message) for report in reports]
    return _Judged(rejected_id, row, accepted, _rows(row, message, rejections))


def _only(
    elements: Container[int], reports: Sequence[Report], rejections: Sequence[Rejection]
) -> tuple[list[Report], list[Rejection]]:
    rejected = {rejection.element for rejection in rejections}
    places = (place for place in count() if place not in rejected)
    return (
        [report for report, place in zip(reports, places, strict=False) if place in elements],
        [rejection for rejection in rejections if rejection.element in elements],
    )


def _rows(row: RejectedRow, message: Message, rejections: Sequence[Rejection]) -> list[RejectedRow]:
    return [
        each._replace(last_received_at=row.last_received_at, times=row.times)
        for each in rows_of(RejectedMessage(message, rejections))
    ]
