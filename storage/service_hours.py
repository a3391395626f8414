"""The operators' service hours and holidays: those that hold now, for any moment asked about."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from models.service_hours import Holiday, ServiceHours
from storage.connection import Connection
from storage.errors import StorageError, translated

_LOCK: Final = "lock table service_hours, holiday in share row exclusive mode"

_UNKNOWN: Final = """
select named from unnest(%(operators)s::text[]) as named
where not exists (select from operator where operator_id = named)
order by named
"""

_FORGET_HOURS: Final = "delete from service_hours where operator_id = any(%(operators)s)"

_ADD_HOURS: Final = """
insert into service_hours (operator_id, day_kind, from_minute, to_minute)
values (%(operator_id)s, %(day_kind)s, %(from_minute)s, %(to_minute)s)
"""

_FORGET_HOLIDAYS: Final = "delete from holiday"

_ADD_HOLIDAY: Final = """
insert into holiday (day, operator_id, name) values (%(day)s, %(operator_id)s, %(name)s)
on conflict (day, operator_id) do update set name = excluded.name
"""

_HOURS: Final = """
select operator_id, day_kind, from_minute, to_minute from service_hours
order by operator_id collate "C", day_kind, from_minute
"""

_HOLIDAYS: Final = """
select day, operator_id, name from holiday order by day, operator_id collate "C" nulls first
"""

# A span of yesterday may reach past midnight. A holiday has its own hours, or else the Sunday's.
# The kinds of the days are computed before they are joined by: PostgreSQL 18.4 joins wrongly by a
# hash of an expression with a subquery that depends on the outer row.
_IN_SERVICE: Final = """
with place as (
    select operator_id, local.moment::date - back.days as day,
           extract(hour from local.moment)::integer * 60
           + extract(minute from local.moment)::integer + 1440 * back.days as minute
    from operator
    cross join lateral (select %(moment)s::timestamptz at time zone time_zone as moment) as local
    cross join (values (0), (1)) as back (days)
), kind as materialized (
    select operator_id, minute,
           case when not exists (
                    select from holiday
                    where holiday.day = place.day
                      and (holiday.operator_id is null or holiday.operator_id = place.operator_id)
                ) then extract(isodow from place.day)::integer
                when exists (
                    select from service_hours
                    where service_hours.operator_id = place.operator_id and day_kind = 8
                ) then 8
                else 7 end as day_kind
    from place
)
select operator_id,
       bool_or(hours.day_kind = kind.day_kind
               and kind.minute >= hours.from_minute and kind.minute < hours.to_minute)
from kind
left join service_hours as hours using (operator_id)
group by operator_id
order by operator_id collate "C"
"""


class UnknownOperators(StorageError):
    """Hours or a holiday of operators that nothing is known of: misspelt ones."""


def import_hours(connection: Connection, hours: Sequence[ServiceHours]) -> int:
    """Give the operators that occur these hours and no others; return how many they are.

    Raises:
        UnknownOperators: nothing is known of some of them; nothing was imported.
        StorageError: the database failed; nothing was imported.
    """
    operators = {each.operator_id for each in hours}
    with translated(), connection.transaction():
        connection.execute(_LOCK)
        _check(connection, operators)
        connection.execute(_FORGET_HOURS, {"operators": list(operators)})
        for each in hours:
            connection.execute(_ADD_HOURS, each._asdict())
    return len(operators)


def import_holidays(connection: Connection, holidays: Sequence[Holiday]) -> None:
    """Make these the holidays, and no others.

    Raises:
        UnknownOperators: nothing is known of some operator; nothing was imported.
        StorageError: the database failed; nothing was imported.
    """
    with translated(), connection.transaction():
        connection.execute(_LOCK)
        _check(connection, {each.operator_id for each in holidays if each.operator_id})
        connection.execute(_FORGET_HOLIDAYS)
        for each in holidays:
            connection.execute(_ADD_HOLIDAY, each._asdict())


def service_hours(connection: Connection) -> list[ServiceHours]:
    """Return all hours, by operator and day.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [ServiceHours(*row) for row in connection.execute(_HOURS)]


def holidays(connection: Connection) -> list[Holiday]:
    """Return all holidays, by date.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return [Holiday(*row) for row in connection.execute(_HOLIDAYS)]


def operators_in_service(connection: Connection, moment: datetime) -> dict[str, bool | None]:
    """Tell of every operator whether its buses are expected out; None: no hours are given.

    Args:
        moment: of any time; the hours are those that are given now.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        return dict(connection.execute(_IN_SERVICE, {"moment": moment}).fetchall())


def _check(connection: Connection, operators: Collection[str]) -> None:
    unknown = connection.execute(_UNKNOWN, {"operators": list(operators)}).fetchall()
    if unknown:
        names = ", ".join(name for (name,) in unknown[:10])
        raise UnknownOperators(f"nothing was imported: nothing is known of operator {names}")
