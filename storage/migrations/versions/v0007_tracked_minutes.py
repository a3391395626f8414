"""How many minutes a day has, counted when it is written and not with each question."""

# ruff: noqa: E501 (a comment on a column is one SQL literal)
from alembic import op

from storage.engine import run_script

revision = "0007"
down_revision = "0006"

TRACKED_MINUTES = """
alter table vehicle_day
    add column tracked_minutes smallint not null generated always as (bit_count(minutes)) stored;
comment on column vehicle_day.tracked_minutes is 'how many minutes of this row have a fix; where a day has several rows, its minutes are those of any of them';
create index vehicle_day_late on vehicle_day (day, vehicle_key) where recorded_on <> day;
"""

BEST_DAYS = """
create function best_days(since date, until date, known_on date default null)
returns table (
    vehicle_key integer,
    minutes     integer,
    best_day    date
)
language sql stable parallel safe
-- Inlined into the query that joins it. A day has more than one row only where some of its fixes
-- were recorded on another day: of such days the minutes are or-ed, which are at least as many as
-- those of each row. Minutes and day are one number, whose greatest is the best: of days that are
-- as good, the last.
as $$
    select day.vehicle_key,
           max(day.rank) / (best_days.until - best_days.since + 1),
           best_days.since + max(day.rank) % (best_days.until - best_days.since + 1)
    from (
        select written.vehicle_key,
               written.tracked_minutes * (best_days.until - best_days.since + 1)
               + (written.day - best_days.since) as rank
        from vehicle_day as written
        where written.day between best_days.since and best_days.until
          and (best_days.known_on is null or written.recorded_on <= best_days.known_on)
        union all
        select written.vehicle_key,
               bit_count(bit_or(written.minutes))::integer
               * (best_days.until - best_days.since + 1) + (written.day - best_days.since)
        from vehicle_day as written
        where written.day between best_days.since and best_days.until
          and (best_days.known_on is null or written.recorded_on <= best_days.known_on)
          and (written.day, written.vehicle_key) in (
              select late.day, late.vehicle_key
              from vehicle_day as late
              where late.day between best_days.since and best_days.until
                and late.recorded_on <> late.day
          )
        group by written.vehicle_key, written.day
        having count(*) > 1
    ) as day
    group by day.vehicle_key
$$;
comment on function best_days is 'each vehicle''s best day between two, both included: distinct minutes with a fix, and which day that was; by what was recorded until known_on, or by all';
"""

KPI_ON = """
create or replace function grafana.kpi_on(
    on_date date, trailing_days integer default 7, minimum_minutes integer default 10
)
returns table (
    operator     text,
    depot        text,
    municipality text,
    vehicles     bigint,
    trackable    bigint,
    cctv         bigint,
    cashless     bigint
)
language sql stable security definer rows 200 set search_path from current
-- The coarse end, the same for all, is there for the planner, which leaves out younger chunks by it.
-- Without "offset 0" it takes the fleet for smaller than it is, and 100,000 vehicles a fifth longer.
as $$
    select fleet.operator_id, coalesce(fleet.depot, '—'), coalesce(fleet.municipality, '—'),
           count(*), count(*) filter (where best.minutes >= minimum_minutes),
           count(*) filter (where coalesce(
               case when coalesce(state.cctv_fitted_since, state.cctv_fitted_at) < fleet.day_end then state.cctv_fitted
                    when state.cctv_fitted_at is not null and state.first_contact_at < fleet.day_end then (
                        select fitted from equipment_report as said
                        where said.vehicle_key = fleet.vehicle_key and said.equipment = 'cctv'
                          and said.observed_at < (on_date + 2)::timestamp at time zone 'UTC'
                          and said.observed_at < fleet.day_end
                        order by said.observed_at desc limit 1) end, fleet.cctv, false)),
           count(*) filter (where coalesce(
               case when coalesce(state.cashless_fitted_since, state.cashless_fitted_at) < fleet.day_end then state.cashless_fitted
                    when state.cashless_fitted_at is not null and state.first_contact_at < fleet.day_end then (
                        select fitted from equipment_report as said
                        where said.vehicle_key = fleet.vehicle_key and said.equipment = 'cashless'
                          and said.observed_at < (on_date + 2)::timestamp at time zone 'UTC'
                          and said.observed_at < fleet.day_end
                        order by said.observed_at desc limit 1) end, fleet.cashless, false))
    from (select * from fleet_on(on_date) offset 0) as fleet
    left join best_days(on_date - trailing_days + 1, on_date) as best on best.vehicle_key = fleet.vehicle_key
    left join vehicle_state as state on state.vehicle_key = fleet.vehicle_key
    group by 1, 2, 3
$$;
"""


def upgrade() -> None:
    """Count the minutes of what is stored, and let the KPI use it."""
    for script in (TRACKED_MINUTES, BEST_DAYS, KPI_ON):
        run_script(op.get_bind(), script)
