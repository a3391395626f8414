"""The Parquet files of the archive: columns in the words of the documents, GeoParquet 1.1.

A position of a simulated fleet is 7.6 bytes. What makes it so: rows by vehicle and time; times as
differences; degrees rounded to 2^-24, whose low bits are zeros, and from which the database's 1e-7
degrees are had back exactly, since the rounding is a third of them.
"""

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

_TIME: Final = pa.timestamp("us", tz="UTC")
_NAME: Final = pa.dictionary(pa.int32(), pa.string())
_STEPS: Final = float(2**24)
"""In a degree."""
_ROWS: Final = 1 << 20
"""Of a row group: some 10 MB."""

_COPIED: Final = {
    "vehicle_key": pa.int32(),
    "operator_id": pa.string(),
    "vehicle_id": pa.string(),
    "observed_at": pa.int64(),
    "received_at": pa.int64(),
    "flags": pa.int64(),
    "latitude": pa.int32(),
    "longitude": pa.int32(),
    "journey_key": pa.int32(),
    "route_id": pa.string(),
    "trip_id": pa.string(),
    "speed": pa.int16(),
    "bearing": pa.int16(),
    "hdop": pa.int16(),
    "satellites": pa.int16(),
    "recorded_at": pa.int64(),
}
"""The columns of a report as the database copies them (queries/archive.sql)."""

_TIMES: Final = ("observed_at", "received_at", "recorded_at")

_RETURNING: Final = {name: kind for name, kind in _COPIED.items() if not pa.types.is_string(kind)}
"""Those that go back: names may have changed since, keys do not."""

_COPIED_REJECTION: Final = {
    "vehicle_key": pa.int32(),
    "operator_id": pa.string(),
    "vehicle_id": pa.string(),
    "rejected_at": pa.int64(),
    "reason": pa.string(),
}

_GEO: Final = {
    "version": "1.1.0",
    "primary_column": "geometry",
    "columns": {"geometry": {"encoding": "point", "geometry_types": ["Point"]}},
}
"""WGS 84, as where no other is named."""

_RETURNING_REJECTION: Final = {
    "vehicle_key": pa.int32(),
    "rejected_at": pa.int64(),
    "reason": pa.string(),
}

_REPORT: Final = pa.schema(
    [
        ("operator_id", _NAME),
        ("vehicle_id", _NAME),
        ("observed_at", _TIME),
        ("received_at", _TIME),
        ("geometry", pa.struct([("x", pa.float64()), ("y", pa.float64())])),
        ("route_id", _NAME),
        ("trip_id", _NAME),
        ("speed_mps", pa.float32()),
        ("bearing_deg", pa.float32()),
        ("hdop", pa.float32()),
        ("satellites", pa.int16()),
        ("flags", pa.int64()),
        ("recorded_at", _TIME),
        ("vehicle_key", pa.int32()),
        ("journey_key", pa.int32()),
    ],
    metadata={"geo": json.dumps(_GEO)},
)
_REJECTION: Final = pa.schema(
    [
        ("operator_id", _NAME),
        ("vehicle_id", _NAME),
        ("rejected_at", _TIME),
        ("reason", _NAME),
        ("vehicle_key", pa.int32()),
    ]
)

_MEASURES: Final = {
    "speed": ("speed_mps", 100),
    "bearing": ("bearing_deg", 10),
    "hdop": ("hdop", 100),
}
"""What the database keeps as whole numbers, with the file's name and how many make its unit."""

_ENCODINGS: Final = {
    "observed_at": "DELTA_BINARY_PACKED",
    "received_at": "DELTA_BINARY_PACKED",
    "geometry.x": "BYTE_STREAM_SPLIT",
    "geometry.y": "BYTE_STREAM_SPLIT",
}


class _Blocks(io.RawIOBase):
    """What the database copies, block by block, as a file to read from."""

    def __init__(self, blocks: Iterable[Any]) -> None:
        self._blocks = iter(blocks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = bytes(block)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def write_reports(stream: Any, copied: Iterable[Any]) -> int:
    """Write what the database copies of reports into a Parquet file; return how many there were."""
    return _write(stream, _REPORT, map(_report, _parsed(copied, _COPIED)))


def write_rejections(stream: Any, copied: Iterable[Any]) -> int:
    """Write what the database copies of rejections; return how many there were."""
    return _write(stream, _REJECTION, map(_rejection, _parsed(copied, _COPIED_REJECTION)))


def rewrite_reports(stream: Any, reports: Any) -> int:
    """Write a table of reports that was read from a file; return how many there are."""
    return _write(stream, _REPORT, iter([reports.cast(_REPORT)]))


def read(content: bytes) -> Any:
    """Return the table that is in a file."""
    names = ["operator_id", "vehicle_id", "route_id", "trip_id"]
    return pq.read_table(io.BytesIO(content), read_dictionary=names)


def rows_of(content: bytes) -> int:
    """Return how many rows a file says it has."""
    return int(pq.ParquetFile(io.BytesIO(content)).metadata.num_rows)


def report_lines(table: Any) -> bytes:
    """Return reports as the database takes them by COPY."""
    degrees = table["geometry"].combine_chunks()
    columns = {
        "vehicle_key": table["vehicle_key"],
        "observed_at": pc.cast(table["observed_at"], pa.int64()),
        "received_at": pc.cast(table["received_at"], pa.int64()),
        "flags": table["flags"],
        "latitude": _whole(pc.struct_field(degrees, "y"), 1e7, pa.int32()),
        "longitude": _whole(pc.struct_field(degrees, "x"), 1e7, pa.int32()),
        "journey_key": table["journey_key"],
        **{
            name: pc.fill_null(_whole(table[of_file], units, pa.int16()), -1)
            for name, (of_file, units) in _MEASURES.items()
        },
        "satellites": pc.fill_null(table["satellites"], -1),
        "recorded_at": pc.cast(table["recorded_at"], pa.int64()),
    }
    return _lines(pa.table({name: columns[name] for name in _RETURNING}), _RETURNING)


def rejection_lines(table: Any) -> bytes:
    """Return rejections as the database takes them by COPY."""
    at = pc.cast(table["rejected_at"], pa.int64())
    columns = {"vehicle_key": table["vehicle_key"], "rejected_at": at, "reason": table["reason"]}
    return _lines(pa.table(columns), _RETURNING_REJECTION)


def _parsed(copied: Iterable[Any], columns: dict[str, Any]) -> Iterator[Any]:
    reader = io.BufferedReader(_Blocks(copied), 1 << 20)
    if not reader.peek(1):
        return
    yield from csv.open_csv(
        reader,
        read_options=csv.ReadOptions(column_names=list(columns), block_size=1 << 22),
        convert_options=csv.ConvertOptions(
            column_types=columns,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )


def _write(stream: Any, schema: Any, tables: Iterator[Any]) -> int:
    names = [field.name for field in schema if f"{field.name}.x" not in _ENCODINGS]
    dictionary = [name for name in names if name not in _ENCODINGS]
    encodings = {n: e for n, e in _ENCODINGS.items() if n.partition(".")[0] in schema.names}
    rows = 0
    with pq.ParquetWriter(
        stream,
        schema,
        compression="zstd",
        compression_level=6,
        use_dictionary=dictionary,
        column_encoding=encodings or None,
    ) as writer:
        for table in _gathered(tables):
            rows += table.num_rows
            writer.write_table(table, row_group_size=_ROWS)
    return rows


def _gathered(tables: Iterator[Any]) -> Iterator[Any]:
    # The blocks of a copy are some 40,000 rows, and a row group of so few compresses badly.
    some, rows = [], 0
    for table in tables:
        some.append(table)
        rows += table.num_rows
        if rows >= _ROWS:
            yield pa.concat_tables(some)
            some, rows = [], 0
    if some:
        yield pa.concat_tables(some)


def _report(batch: Any) -> Any:
    columns = {name: batch.column(place) for place, name in enumerate(_COPIED)}
    x, y = (_degrees(columns[name]) for name in ("longitude", "latitude"))
    made = {
        **{name: columns[name].dictionary_encode() for name in _names(columns)},
        **{name: columns[name].cast(_TIME) for name in _TIMES},
        "geometry": pa.StructArray.from_arrays([x, y], names=["x", "y"], mask=pc.is_null(x)),
        **{
            of_file: _measured(columns[name], units) for name, (of_file, units) in _MEASURES.items()
        },
        "satellites": _given(columns["satellites"]),
        **{name: columns[name] for name in ("flags", "vehicle_key", "journey_key")},
    }
    return pa.table([made[name] for name in _REPORT.names], schema=_REPORT)


def _rejection(batch: Any) -> Any:
    key, *names, at, reason = batch.columns
    operator, vehicle, reason = (each.dictionary_encode() for each in (*names, reason))
    return pa.table([operator, vehicle, at.cast(_TIME), reason, key], schema=_REJECTION)


def _names(columns: dict[str, Any]) -> list[str]:
    return [name for name, column in columns.items() if pa.types.is_string(column.type)]


def _degrees(e7: Any) -> Any:
    steps = pc.round(pc.multiply(pc.divide(pc.cast(e7, pa.float64()), 1e7), _STEPS))
    return pc.divide(steps, _STEPS)


def _given(column: Any) -> Any:
    return pc.if_else(pc.less(column, 0), pa.scalar(None, column.type), column)


def _measured(column: Any, units: int) -> Any:
    return pc.cast(pc.divide(pc.cast(_given(column), pa.float64()), float(units)), pa.float32())


def _whole(column: Any, units: float, kind: Any) -> Any:
    return pc.cast(pc.round(pc.multiply(pc.cast(column, pa.float64()), float(units))), kind)


def _lines(table: Any, columns: dict[str, Any]) -> bytes:
    plain = table.cast(pa.schema(list(columns.items())))
    out = io.BytesIO()
    csv.write_csv(plain, out, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return out.getvalue()
