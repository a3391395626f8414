"""Of a table's rows those that the newest state of a vehicle can rest on."""

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from storage.writing.staging import BY_ITS_CLOCK, HEARD

_BY: Final = ["vehicle_key", "equipment", "is_fix"]


def rows_for_states(rows: Any) -> Any:
    """Return the rows by which a state comes out as by all of them.

    Of all by which a vehicle says the same: the first and the last. That is enough where the later
    one was also heard later; where it was not, all rows are returned.

    Args:
        rows: of ``tables.staged_lines``, by vehicle and time.
    """
    table = pa.table(
        {
            "vehicle_key": rows["vehicle_key"],
            "equipment": rows["equipment"],
            "is_fix": pc.is_valid(rows["latitude"]),
            "heard_at": _heard_at(rows),
            "row": pc.subtract(pc.cumulative_sum(pa.repeat(1, rows.num_rows)), 1),
        }
    )
    ends = table.group_by(_BY).aggregate(
        [("row", "min"), ("row", "max"), ("heard_at", "min"), ("heard_at", "max")]
    )
    for end in ("min", "max"):
        heard = table["heard_at"].take(ends[f"row_{end}"])
        if not pc.all(pc.equal(heard, ends[f"heard_at_{end}"])).as_py():
            return rows
    both = pa.chunked_array([*ends["row_min"].chunks, *ends["row_max"].chunks])
    return rows.take(pc.unique(both))


def _heard_at(rows: Any) -> Any:
    """Return when the vehicle was heard by each row, as the function of that name tells it."""
    bits, received = rows["equipment"], pc.cast(rows["received_at"], pa.int64())
    by_itself = pc.min_element_wise(pc.cast(rows["observed_at"], pa.int64()), received)
    by_its_clock = pc.not_equal(pc.bit_wise_and(bits, BY_ITS_CLOCK), 0)
    at = pc.if_else(by_its_clock, by_itself, received)
    return pc.if_else(pc.equal(pc.bit_wise_and(bits, HEARD), 0), pa.scalar(0, pa.int64()), at)
