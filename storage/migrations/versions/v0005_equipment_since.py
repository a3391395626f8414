"""Since when each vehicle's equipment has been what it is said to be."""

# ruff: noqa: E501 (a comment on a column is one SQL literal)
from alembic import op

from storage.engine import run_script

revision = "0005"
down_revision = "0004"

SINCE = """
alter table vehicle_state
    add column cctv_fitted_since timestamptz,
    add column cctv_working_since timestamptz,
    add column cashless_fitted_since timestamptz,
    add column cashless_working_since timestamptz;
comment on column vehicle_state.cctv_fitted_since is 'every word on it observed from this moment on is cctv_fitted, and one was observed at it: a question of a past moment after it needs no look into the history; null: nothing is known but the newest word. The other three are alike';
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
as $$
    with fleet as materialized (
        select * from fleet_on(on_date)
    ), tracked as (
        select distinct vehicle_key
        from (
            select vehicle_key from vehicle_day
            where day between on_date - trailing_days + 1 and on_date
            group by vehicle_key, day
            having bit_count(bit_or(minutes)) >= minimum_minutes
        ) as tracked_day
    )
    select fleet.operator_id, coalesce(fleet.depot, '—'), coalesce(fleet.municipality, '—'),
           count(*), count(tracked.vehicle_key),
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
    from fleet
    left join tracked on tracked.vehicle_key = fleet.vehicle_key
    left join vehicle_state as state on state.vehicle_key = fleet.vehicle_key
    group by 1, 2, 3
$$;
"""


def upgrade() -> None:
    """Add the columns, and let the dashboards' KPI use them."""
    run_script(op.get_bind(), SINCE)
    run_script(op.get_bind(), KPI_ON)
