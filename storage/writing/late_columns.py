"""How far back has to be looked for who was heard in an hour, of reports in columns of pyarrow."""

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from storage.writing.lateness import LATE


def oldest_by_hour(reports: Any) -> dict[datetime, datetime]:
    """Return what ``lateness.oldest_by_hour`` does, by the columns observed_at and received_at."""
    age = pc.subtract(reports["received_at"], reports["observed_at"])
    late = reports.filter(pc.greater(age, pa.scalar(LATE, pa.duration("us"))))
    hours = pc.floor_temporal(late["received_at"], unit="hour")
    moments = pa.table({"hour": hours, "observed_at": late["observed_at"]})
    oldest = moments.group_by("hour").aggregate([("observed_at", "min")])
    columns = (oldest[name].to_pylist() for name in ("hour", "observed_at_min"))
    return dict(zip(*columns, strict=True))
