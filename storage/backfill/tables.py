"""History from tables, CSV or Parquet: columns as they are named in the documents, judged at once.

Row by row a report would take ten times as long; what is judged is the same (``models.rules``).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import ArrowException, csv

from models.equipment import Kinds
from models.errors import Invalid
from models.rejection import RejectReason
from models.rules import Rules
from models.vehicle import is_identifier
from storage.writing.staging import BY_ITS_CLOCK, HEARD

_TIME: Final = pa.timestamp("us", tz="UTC")
_REQUIRED: Final = ("operator_id", "vehicle_id", "observed_at")
_NUMBERS: Final = ("latitude", "longitude", "speed_mps", "bearing_deg", "hdop", "satellites")
_TEXTS: Final = ("operator_id", "vehicle_id", "route_id", "trip_id")
_TIMES: Final = ("observed_at", "received_at")
_UNITS: Final = {"speed_mps": (100, 32_767), "bearing_deg": (10, 3_600), "hdop": (100, 32_767)}
_STATES: Final = (("", 1, 2), ("_working", 4, 8))
"""The column's name after the kind's, and the bits of its yes and its no."""

ROWS: Final = 50_000
"""Of a batch, which is one transaction."""


class FileUnusable(Invalid):
    """The file cannot be read, or lacks what a report needs; the message names it."""


class Judged(NamedTuple):
    """The rows of a batch."""

    good: Any
    """The table of those that are reports, with the columns of a report."""
    rejected: Counter[RejectReason]
    first_rejected: int | None
    """The first row that is none, from 1, in the batch."""


def row_count(path: Path) -> int | None:
    """Return how many rows a file has; None: only reading it tells.

    Raises:
        FileUnusable: it cannot be read.
    """
    if not _is_parquet(path):
        return None
    try:
        return int(pq.ParquetFile(path).metadata.num_rows)
    except (OSError, ArrowException) as error:
        raise FileUnusable(f"{path}: {error}") from error


def tables(path: Path, kinds: Kinds) -> Iterator[Any]:
    """Yield the rows of a file, in tables of some ten thousand.

    Raises:
        FileUnusable: it cannot be read, or a column is missing.
    """
    try:
        for table in _parquet(path) if _is_parquet(path) else _csv(path, kinds):
            if missing := [name for name in _REQUIRED if name not in table.column_names]:
                known = ", ".join(table.column_names)[:200]
                raise FileUnusable(f"{path}: no column {', '.join(missing)}; it has: {known}")
            if table.num_rows:
                yield table
    except (OSError, ArrowException) as error:
        raise FileUnusable(f"{path}: {error}") from error


def judged(table: Any, rules: Rules, now: datetime) -> Judged:
    """Tell the reports of a table from what is none.

    Args:
        table: of ``tables``.
        rules: their tolerances; how old a report is does not count here.
        now: when no received_at says otherwise, it was received then.
    """
    columns = {name: _column(table, name) for name in (*_TIMES, *_TEXTS, *_NUMBERS)}
    if "geometry" in table.column_names:
        place = table["geometry"].combine_chunks()
        columns |= {
            "latitude": pc.struct_field(place, "y"),
            "longitude": pc.struct_field(place, "x"),
        }
    columns["received_at"] = pc.fill_null(columns["received_at"], _moment(now))
    columns["flags"] = _flags(table, rules.kinds)
    reasons = _reasons(columns, rules, now)
    is_good = pc.is_null(reasons)
    counted = (each.values() for each in pc.value_counts(reasons).to_pylist())
    found = Counter({RejectReason(name): count for name, count in counted if name is not None})
    first = pc.index(is_good, False).as_py() if found else None
    good = pa.table({**columns, "latitude": columns["latitude"]}).filter(is_good)
    return Judged(good, found, None if first is None else first + 1)


def staged_lines(good: Any, vehicles: Any, journeys: Any) -> Any:
    """Return reports as the staging table takes them.

    Args:
        good: of ``judged``.
        vehicles: their keys, row by row.
        journeys: those of their journeys.
    """
    is_fix = pc.is_valid(good["latitude"])
    measured = {
        name: pc.if_else(is_fix, _whole(good[name], units, most), pa.scalar(-1, pa.int16()))
        for name, (units, most) in _UNITS.items()
    }
    satellites = pc.fill_null(pc.cast(good["satellites"], pa.int16(), safe=False), -1)
    return pa.table(
        {
            "observed_at": good["observed_at"],
            "received_at": good["received_at"],
            "equipment": good["flags"],
            "vehicle_key": vehicles,
            "latitude": _e7(good["latitude"]),
            "longitude": _e7(good["longitude"]),
            "journey_key": pc.if_else(is_fix, journeys, pa.scalar(0, pa.int32())),
            "report": pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int32()), good.num_rows)),
            "speed": measured["speed_mps"],
            "bearing": measured["bearing_deg"],
            "hdop": measured["hdop"],
            "satellites": pc.if_else(is_fix, satellites, pa.scalar(-1, pa.int16())),
        }
    )


def _is_parquet(path: Path) -> bool:
    return path.suffix in (".parquet", ".geoparquet")


def _parquet(path: Path) -> Iterator[Any]:
    """Yield a table without rows, for the columns' sake, and then the rows."""
    file = pq.ParquetFile(path)
    yield file.schema_arrow.empty_table()
    for batch in file.iter_batches(ROWS):
        yield pa.Table.from_batches([batch])


def _csv(path: Path, kinds: Kinds) -> Iterator[Any]:
    """Yield a table without rows, for the columns' sake, and then the rows."""
    types: dict[str, Any] = dict.fromkeys(_TEXTS, pa.string())
    types |= dict.fromkeys(_NUMBERS, pa.float64()) | dict.fromkeys(_TIMES, _TIME)
    types |= {f"{kind}{state}": pa.bool_() for kind in kinds.names for state, _, _ in _STATES}
    options = csv.ConvertOptions(column_types=types, strings_can_be_null=True)
    # A block of 8 MiB is some 100,000 rows.
    reader = csv.open_csv(path, csv.ReadOptions(block_size=1 << 23), convert_options=options)
    yield reader.schema.empty_table()
    for batch in reader:
        table = pa.Table.from_batches([batch])
        yield from (table.slice(first, ROWS) for first in range(0, table.num_rows, ROWS))


def _column(table: Any, name: str) -> Any:
    kind = _TIME if name in _TIMES else pa.string() if name in _TEXTS else pa.float64()
    if name not in table.column_names:
        return pa.nulls(table.num_rows, kind)
    column = table[name].combine_chunks().cast(kind)
    if name in _TEXTS:
        return pc.if_else(pc.equal(column, ""), pa.scalar(None, kind), column)
    return column


def _flags(table: Any, kinds: Kinds) -> Any:
    heard = pa.scalar(HEARD | BY_ITS_CLOCK, pa.int64())
    if "flags" in table.column_names:
        return table["flags"].combine_chunks()
    flags = pa.repeat(heard, table.num_rows)
    for number, kind in enumerate(kinds.names):
        for state, yes, no in _STATES:
            if f"{kind}{state}" in table.column_names:
                said = table[f"{kind}{state}"].combine_chunks().cast(pa.bool_())
                bits = pc.if_else(said, yes << 4 * number, no << 4 * number)
                flags = pc.bit_wise_or(flags, pc.fill_null(bits.cast(pa.int64()), 0))
    return flags


def _reasons(columns: dict[str, Any], rules: Rules, now: datetime) -> Any:
    latitude, longitude = columns["latitude"], columns["longitude"]
    half = pc.xor(pc.is_null(latitude), pc.is_null(longitude))
    out = pc.or_kleene(pc.greater(pc.abs(latitude), 90.0), pc.greater(pc.abs(longitude), 180.0))
    names = [_bad_names(columns[name]) for name in ("operator_id", "vehicle_id")]
    cases = [
        (
            RejectReason.SCHEMA,
            pc.or_kleene(pc.or_kleene(*names), pc.is_null(columns["observed_at"])),
        ),
        (RejectReason.IN_FUTURE, pc.greater(columns["observed_at"], _moment(now + rules.max_skew))),
        (RejectReason.OUT_OF_RANGE, pc.or_kleene(half, out)),
        (
            RejectReason.NULL_ISLAND,
            pc.and_kleene(pc.equal(latitude, 0.0), pc.equal(longitude, 0.0)),
        ),
    ]
    if (area := rules.service_area) is not None:
        inside = pc.and_kleene(
            pc.greater_equal(longitude, area.west), pc.less_equal(longitude, area.east)
        )
        if area.west > area.east:
            inside = pc.or_kleene(
                pc.greater_equal(longitude, area.west), pc.less_equal(longitude, area.east)
            )
        height = pc.and_kleene(
            pc.greater_equal(latitude, area.south), pc.less_equal(latitude, area.north)
        )
        cases.append((RejectReason.OUTSIDE_AREA, pc.invert(pc.and_kleene(inside, height))))
    tests = pc.make_struct(*(pc.fill_null(test, False) for _, test in cases))
    return pc.case_when(tests, *(pa.scalar(reason.value) for reason, _ in cases))


def _bad_names(column: Any) -> Any:
    distinct = column.dictionary_encode()
    bad = pa.array(
        [name is None or not is_identifier(name) for name in distinct.dictionary.to_pylist()]
    )
    return pc.fill_null(bad.take(distinct.indices), True)


def _whole(column: Any, units: int, most: int) -> Any:
    whole = pc.round(pc.multiply(column, float(units)))
    taken = pc.if_else(
        pc.and_kleene(pc.greater_equal(whole, 0), pc.less_equal(whole, most)), whole, -1.0
    )
    turned = pc.if_else(pc.equal(taken, 3600.0), 0.0, taken) if most == 3_600 else taken
    return pc.cast(pc.fill_null(turned, -1.0), pa.int16())


def _e7(degrees: Any) -> Any:
    return pc.cast(pc.round(pc.multiply(degrees, 1e7)), pa.int32())


def _moment(at: datetime) -> Any:
    return pa.scalar(at.astimezone(UTC), _TIME)
