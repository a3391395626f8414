"""Each vehicle's newest state: of now, or as it was at a past moment; and why not trackable."""

from typing import Final

from psycopg import sql

from models.refusal import CLOCK_REASONS

NOW: Final = sql.SQL("vehicle_state")

THEN: Final = sql.SQL("""(
-- A part of the state that is no younger than the moment was the newest then, too. Only the
-- others are looked up: the newest of their kind not after the moment, by primary key. "never
-- seen" needs no look-up, because the first contact and the first refusal are kept.
select known.vehicle_key,
       case when known.contact_at <= %(at)s then known.contact_at
            else greatest(newest.fix_at, newest.cctv_at, newest.cashless_at, contact.observed_at)
            end as contact_at,
       newest.fix_at,
       case when known.fix_at <= %(at)s then known.route_id else fix.route_id end as route_id,
       case when known.cctv_fitted_at <= %(at)s then known.cctv_fitted
            else cctv.fitted end as cctv_fitted,
       case when known.cctv_working_at <= %(at)s then known.cctv_working
            else cctv_state.working end as cctv_working,
       case when known.cashless_fitted_at <= %(at)s then known.cashless_fitted
            else cashless.fitted end as cashless_fitted,
       case when known.cashless_working_at <= %(at)s then known.cashless_working
            else cashless_state.working end as cashless_working,
       case when known.refused_at <= %(at)s then known.refused_at
            else refusal.refused_at end as refused_at,
       case when known.refused_at <= %(at)s then known.refused_reason
            else refusal.reason end as refused_reason
from vehicle_state as known
left join lateral (
    select observed_at, route_id from fix
    where vehicle_key = known.vehicle_key and observed_at <= %(at)s
      and known.first_contact_at <= %(at)s and known.fix_at > %(at)s
    order by observed_at desc limit 1
) as fix on true
left join lateral (
    select observed_at, fitted from equipment_report
    where vehicle_key = known.vehicle_key and equipment = 'cctv' and observed_at <= %(at)s
      and known.first_contact_at <= %(at)s and known.cctv_fitted_at > %(at)s
    order by observed_at desc limit 1
) as cctv on true
left join lateral (
    select working from equipment_report
    where vehicle_key = known.vehicle_key and equipment = 'cctv' and observed_at <= %(at)s
      and working is not null
      and known.first_contact_at <= %(at)s and known.cctv_working_at > %(at)s
    order by observed_at desc limit 1
) as cctv_state on true
left join lateral (
    select observed_at, fitted from equipment_report
    where vehicle_key = known.vehicle_key and equipment = 'cashless' and observed_at <= %(at)s
      and known.first_contact_at <= %(at)s and known.cashless_fitted_at > %(at)s
    order by observed_at desc limit 1
) as cashless on true
left join lateral (
    select working from equipment_report
    where vehicle_key = known.vehicle_key and equipment = 'cashless' and observed_at <= %(at)s
      and working is not null
      and known.first_contact_at <= %(at)s and known.cashless_working_at > %(at)s
    order by observed_at desc limit 1
) as cashless_state on true
left join lateral (
    select observed_at from contact
    where vehicle_key = known.vehicle_key and observed_at <= %(at)s
      and known.first_contact_at <= %(at)s and known.contact_at > %(at)s
    order by observed_at desc limit 1
) as contact on true
left join lateral (
    select refused_at, reason from refusal
    where vehicle_key = known.vehicle_key and refused_at <= %(at)s
      and known.first_refused_at <= %(at)s and known.refused_at > %(at)s
    order by refused_at desc limit 1
) as refusal on true
cross join lateral (
    select case when known.fix_at <= %(at)s then known.fix_at
                else fix.observed_at end as fix_at,
           case when known.cctv_fitted_at <= %(at)s then known.cctv_fitted_at
                else cctv.observed_at end as cctv_at,
           case when known.cashless_fitted_at <= %(at)s then known.cashless_fitted_at
                else cashless.observed_at end as cashless_at
) as newest
)""")

REASON: Final = sql.SQL("""
case when state.fix_at >= %(reason_edge)s then null
     when state.contact_at is null and state.refused_at is null then 'never_seen'
     when state.refused_at >= %(reason_edge)s
          and (state.contact_at is null or state.refused_at > state.contact_at)
     then case when state.refused_reason = any(%(clock_reasons)s) then 'bad_clock'
               else 'rejected' end
     when state.contact_at >= %(reason_edge)s then 'no_fix'
     else 'silent' end
""")
"""Null where trackable, else the one reason (``UntrackableReason`` says which precedence)."""

CLOCK: Final = {"clock_reasons": sorted(CLOCK_REASONS)}
"""The bind that REASON needs beside ``reason_edge``."""
