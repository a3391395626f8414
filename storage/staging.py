"""The staging table: a batch on its way into the tables, by binary COPY."""

from datetime import datetime

from models.report import Flag, Report
from storage.batch import Batch
from storage.connection import Connection
from storage.vehicle_keys import VehicleKeys

CREATE = """
create temporary table if not exists staged (
    vehicle_key      integer not null,
    observed_at      timestamptz not null,
    received_at      timestamptz not null,
    latitude         double precision,
    longitude        double precision,
    speed_mps        real,
    bearing_deg      real,
    hdop             real,
    satellites       smallint,
    route_id         text,
    trip_id          text,
    cctv_fitted      boolean,
    cctv_working     boolean,
    cashless_fitted  boolean,
    cashless_working boolean,
    rejected_reason   text
) on commit delete rows
"""

_COPY = "copy staged from stdin (format binary)"

_TYPES = (
    "int4",
    "timestamptz",
    "timestamptz",
    "float8",
    "float8",
    "float4",
    "float4",
    "float4",
    "int2",
    "text",
    "text",
    "bool",
    "bool",
    "bool",
    "bool",
    "text",
)

_NO_FIX = (None,) * 8
_NO_FLAGS = (None, None, None, None, None)


def stage(connection: Connection, batch: Batch, keys: VehicleKeys) -> None:
    """Copy a batch into the staging table of the running transaction.

    One row a report that was heard, and one row a rejected vehicle that is known, its
    ``observed_at`` being the moment of the rejection: all that one vehicle's state has to learn
    is then upserted in one order, so that two workers cannot lock each other out.
    """
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        write = copy.write_row
        for report, message in batch.reports:
            if report.heard:
                write(_row(keys[report.vehicle], report, message.received_at))
        for message, rejections in batch.rejected:
            last = rejections[-1]
            key = None if last.vehicle is None else keys.get(last.vehicle)
            if key is not None and last.heard:
                at = message.received_at
                write((key, at, at, *_NO_FIX, *_NO_FLAGS[1:], last.reason.value))


def _row(key: int, report: Report, received_at: datetime) -> tuple[object, ...]:
    fix = report.fix or _NO_FIX
    if report.cctv is None and report.cashless is None:
        return (key, report.observed_at, received_at, *fix, *_NO_FLAGS)
    flags = (*_flag(report.cctv), *_flag(report.cashless))
    return (key, report.observed_at, received_at, *fix, *flags, None)


def _flag(flag: Flag | None) -> tuple[bool | None, bool | None]:
    return (None, None) if flag is None else (flag.fitted, flag.working)
