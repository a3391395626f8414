"""What a report of a date needs: the fleet of a day, targets, the worker's uptime, service hours."""

# ruff: noqa: E501 (a table's comment is one SQL literal)
from alembic import op

from storage.engine import run_script

revision = "0002"
down_revision = "0001"

RECORDED_AT = """
alter table fix add column recorded_at timestamptz;
comment on column fix.recorded_at is 'when it was recorded, where that was not at its reception: a replay';
alter table equipment_report add column recorded_at timestamptz;
comment on column equipment_report.recorded_at is 'when it was recorded, where that was not at its reception: a replay';
"""

FLEET_ON = """
create function fleet_on(day date, known_on date default null)
returns table (
    vehicle_key  integer,
    operator_id  text,
    vehicle_id   text,
    plate        text,
    route_id     text,
    depot        text,
    municipality text,
    cctv         boolean,
    cashless     boolean,
    time_zone    text,
    day_end      timestamptz,
    known_end    timestamptz
)
language sql stable parallel safe
-- As fleet_at, but what was known is asked for the end of a local day, which is another moment in
-- each time zone.
as $$
    select entry.vehicle_key, vehicle.operator_id, vehicle.vehicle_id, entry.plate,
           entry.route_id, entry.depot, entry.municipality, entry.cctv, entry.cashless,
           local.time_zone, local.day_end, local.known_end
    from registry_entry as entry
    join vehicle on vehicle.vehicle_key = entry.vehicle_key
    join (
        select operator.operator_id, operator.time_zone,
               (fleet_on.day + 1)::timestamp at time zone operator.time_zone as day_end,
               (fleet_on.known_on + 1)::timestamp at time zone operator.time_zone as known_end
        from operator
        offset 0
    ) as local on local.operator_id = vehicle.operator_id
    where fleet_on.day between entry.in_service_from and entry.in_service_to
      and (
          (fleet_on.known_on is null and entry.known_to = 'infinity')
          or (entry.known_from < local.known_end and entry.known_to >= local.known_end)
      )
$$;
comment on function fleet_on is 'the fleet of a local day, as the registry knows it now, or as it knew it at the end of the local day known_on; day_end and known_end are the first moments after the two';
"""

TARGET = """
create table target (
    target_id    bigint generated always as identity primary key,
    indicator    text not null,
    period_from  date not null,
    period_to    date not null,
    operator_id  text,
    municipality text,
    ratio        double precision not null,
    set_by       text not null,
    source       text not null,
    known_from   timestamptz not null,
    known_to     timestamptz not null default 'infinity',
    check (period_from <= period_to),
    check (ratio between 0 and 1),
    check (operator_id is null or municipality is null),
    check (known_from <= known_to)
);
comment on table target is 'the planned ratio of an indicator in a period (both days included), of the fleet, of an operator, or of a municipality; known_from <= moment < known_to. Of one scope no two known at the same moment overlap';
create index target_current on target (indicator, period_from) where known_to = 'infinity';
"""

WORKER_UPTIME = """
create table worker_uptime (
    worker       text not null,
    started_at   timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (worker, started_at),
    check (started_at <= last_seen_at)
) with (fillfactor = 50);
comment on table worker_uptime is 'when a worker was up and connected to the broker, one row an unbroken span; outside of all rows we were deaf';
"""

SERVICE_HOURS = """
create table service_hours (
    operator_id text not null references operator,
    day_kind    smallint not null,
    from_minute smallint not null,
    to_minute   smallint not null,
    primary key (operator_id, day_kind, from_minute),
    check (day_kind between 1 and 8),
    check (from_minute between 0 and 1439),
    check (from_minute < to_minute and to_minute <= from_minute + 1440)
);
comment on table service_hours is 'when an operator''s buses are expected out';
comment on column service_hours.day_kind is '1 Monday … 7 Sunday (ISO 8601), 8 a holiday';
comment on column service_hours.to_minute is 'local minutes since the midnight with which the day begins; past 1440 on the day after';

create table holiday (
    day         date not null,
    operator_id text references operator,
    name        text,
    unique nulls not distinct (day, operator_id)
);
comment on column holiday.operator_id is 'null: of every operator';
"""


def upgrade() -> None:
    """Create what the report reads beside the history."""
    for script in (RECORDED_AT, FLEET_ON, TARGET, WORKER_UPTIME, SERVICE_HOURS):
        run_script(op.get_bind(), script)
