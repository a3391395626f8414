"""How old each vehicle's newest fix was at a local time of a date."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from storage.connection import Connection
from storage.errors import translated

# The coarse bounds, constants, are there for the planner: all but four days are left out by them.
_AGES: Final = """
select local.moment - newest.observed_at
from fleet_on(%(on)s::date, %(known_on)s::date) as fleet
cross join lateral (
    select (%(on)s::date + %(at)s::time) at time zone fleet.time_zone as moment
) as local
cross join lateral (
    select observed_at from fix
    where fix.vehicle_key = fleet.vehicle_key
      and observed_at >= %(coarse_begin)s::timestamptz and observed_at < %(coarse_end)s::timestamptz
      and observed_at >= local.moment - %(longest)s::interval and observed_at <= local.moment
      and (%(known_on)s::date is null
           or coalesce(fix.recorded_at, fix.received_at) < fleet.known_end)
    order by observed_at desc limit 1
) as newest
where %(operator_id)s::text is null or fleet.operator_id = %(operator_id)s::text
"""

_SPARE: Final = timedelta(days=2)


def fix_ages(
    connection: Connection,
    on: date,
    at: time,
    longest: timedelta,
    known_on: date | None = None,
    operator_id: str | None = None,
) -> list[timedelta]:
    """Return the age of the newest fix of each vehicle of a date's fleet that had one.

    Args:
        on: the local day of each operator's time zone.
        at: the local time of that day; of one that comes twice, the second.
        longest: fixes that were older are left out.
        known_on: only what was known at this local day's end; None: all that is known now.
        operator_id: only of this operator's fleet; None: of the whole.

    Raises:
        StorageError: the database cannot be asked.
    """
    midnight = datetime.combine(on, time(), UTC)
    binds = {
        "on": on,
        "at": at,
        "longest": longest,
        "known_on": known_on,
        "operator_id": operator_id,
        "coarse_begin": midnight - longest - _SPARE,
        "coarse_end": midnight + _SPARE,
    }
    with translated():
        return [age for (age,) in connection.execute(_AGES, binds)]
