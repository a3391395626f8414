"""What the registry says of each vehicle, beside what was observed of it."""

# ruff: noqa: E501 (a table's comment is one SQL literal)
from alembic import op

from storage.engine import run_script

revision = "0006"
down_revision = "0005"

# Made anew for the order of its columns: PostgreSQL unpacks a row's columns from the left, so those
# that the live shares read come first. Of 100,000 vehicles that is a tenth of their time.
TABLE = """
alter table vehicle_state rename to vehicle_state_before;
alter table vehicle_state_before rename constraint vehicle_state_pkey to vehicle_state_before_pkey;
create table vehicle_state (
    vehicle_key           integer primary key references vehicle,
    registered_from       date,
    registered_to         date,
    contact_at            timestamptz,
    fix_at                timestamptz,
    rejected_at            timestamptz,
    traits                smallint not null generated always as (((
        case when cctv_fitted then case when cctv_working then 3 else 2 end
             when cctv_fitted is null then case when cctv_working then 1 else 0 end
             else 4 end * 5
        + case when cashless_fitted then case when cashless_working then 3 else 2 end
               when cashless_fitted is null then case when cashless_working then 1 else 0 end
               else 4 end
        ) * 2 + case when route_id is null then 0 else 1 end
        ) * 8
        + case when registered_cctv then 4 else 0 end
        + case when registered_cashless then 2 else 0 end
        + case when registered_route is null then 0 else 1 end
    ) stored,
    rejected_reason        text,
    registered_operator   text,
    registered_depot      text,
    registered_municipality text,
    registered_route      text,
    route_id              text,
    trip_id               text,
    latitude              double precision,
    longitude             double precision,
    speed_mps             real,
    bearing_deg           real,
    hdop                  real,
    satellites            smallint,
    registered_cctv       boolean,
    registered_cashless   boolean,
    cctv_fitted           boolean,
    cctv_working          boolean,
    cashless_fitted       boolean,
    cashless_working      boolean,
    cctv_fitted_at        timestamptz,
    cctv_working_at       timestamptz,
    cashless_fitted_at    timestamptz,
    cashless_working_at   timestamptz,
    cctv_fitted_since     timestamptz,
    cctv_working_since    timestamptz,
    cashless_fitted_since timestamptz,
    cashless_working_since timestamptz,
    presence              text,
    presence_at           timestamptz,
    first_contact_at      timestamptz,
    first_rejected_at      timestamptz
) with (fillfactor = 60);
comment on table vehicle_state is 'the newest known of each vehicle that was ever heard or registered; a late report never overwrites a newer one';
comment on column vehicle_state.registered_from is 'in_service_from of the vehicle''s last entry in the registry as it is known now, the one that begins last; so are the other seven of that entry, copied by the registry''s triggers, so that the live shares are counted from this table alone. Null: there is no entry';
comment on column vehicle_state.traits is 'the route and the words on equipment, observed and registered, as one number: vehicles of the same number are counted alike; storage/alike.py reads it';
comment on column vehicle_state.cctv_fitted_since is 'every word on it observed from this moment on is cctv_fitted, and one was observed at it: a question of a past moment after it needs no look into the history; null: nothing is known but the newest word. The other three are alike';

insert into vehicle_state (vehicle_key, contact_at, fix_at, rejected_at, rejected_reason, route_id,
    trip_id, latitude, longitude, speed_mps, bearing_deg, hdop, satellites, cctv_fitted,
    cctv_working, cashless_fitted, cashless_working, cctv_fitted_at, cctv_working_at,
    cashless_fitted_at, cashless_working_at, cctv_fitted_since, cctv_working_since,
    cashless_fitted_since, cashless_working_since, presence, presence_at, first_contact_at,
    first_rejected_at)
select vehicle_key, contact_at, fix_at, rejected_at, rejected_reason, route_id,
       trip_id, latitude, longitude, speed_mps, bearing_deg, hdop, satellites, cctv_fitted,
       cctv_working, cashless_fitted, cashless_working, cctv_fitted_at, cctv_working_at,
       cashless_fitted_at, cashless_working_at, cctv_fitted_since, cctv_working_since,
       cashless_fitted_since, cashless_working_since, presence, presence_at, first_contact_at,
       first_rejected_at
from vehicle_state_before;
drop table vehicle_state_before;
"""

# Ingest and registry both write a vehicle's row, each its own columns, and whoever comes first
# inserts it. The table's lock lets the registry wait for the batches that are being written, and
# later ones for the registry's transaction: row by row, the two could wait for each other.
TRIGGERS = """
create function vehicle_state_registered() returns trigger language plpgsql as $$
begin
    if not exists (select from changed_entry) then
        return null;
    end if;
    lock table vehicle_state in share row exclusive mode;
    insert into vehicle_state as state (vehicle_key, registered_from, registered_to,
        registered_operator, registered_depot, registered_municipality, registered_route,
        registered_cctv, registered_cashless)
    select distinct on (changed.vehicle_key) changed.vehicle_key, last.in_service_from,
           last.in_service_to, last.operated_by, last.depot, last.municipality, last.route_id,
           last.cctv, last.cashless
    from changed_entry as changed
    left join registry_entry as last
        on last.vehicle_key = changed.vehicle_key and last.known_to = 'infinity'
    order by changed.vehicle_key, last.in_service_from desc
    on conflict (vehicle_key) do update
    set registered_from = excluded.registered_from,
        registered_to = excluded.registered_to,
        registered_operator = excluded.registered_operator,
        registered_depot = excluded.registered_depot,
        registered_municipality = excluded.registered_municipality,
        registered_route = excluded.registered_route,
        registered_cctv = excluded.registered_cctv,
        registered_cashless = excluded.registered_cashless
    where (state.registered_from, state.registered_to, state.registered_operator,
           state.registered_depot, state.registered_municipality, state.registered_route,
           state.registered_cctv, state.registered_cashless)
          is distinct from
          (excluded.registered_from, excluded.registered_to, excluded.registered_operator,
           excluded.registered_depot, excluded.registered_municipality, excluded.registered_route,
           excluded.registered_cctv, excluded.registered_cashless);
    return null;
end
$$;
comment on function vehicle_state_registered is 'copies what the registry says now of the vehicles whose entries have changed into their states';

create function vehicle_state_unregistered() returns trigger language plpgsql as $$
begin
    update vehicle_state
    set registered_from = null, registered_to = null, registered_operator = null,
        registered_depot = null, registered_municipality = null, registered_route = null,
        registered_cctv = null, registered_cashless = null
    where registered_from is not null;
    return null;
end
$$;
comment on function vehicle_state_unregistered is 'forgets what the states bear of a registry that was emptied';

create trigger vehicle_state_registered_insert after insert on registry_entry
    referencing new table as changed_entry
    for each statement execute function vehicle_state_registered();
create trigger vehicle_state_registered_update after update on registry_entry
    referencing new table as changed_entry
    for each statement execute function vehicle_state_registered();
create trigger vehicle_state_registered_delete after delete on registry_entry
    referencing old table as changed_entry
    for each statement execute function vehicle_state_registered();
create trigger vehicle_state_unregistered after truncate on registry_entry
    for each statement execute function vehicle_state_unregistered();
"""

# An update that changes nothing: the trigger copies what is there. An entry closed long ago may be
# the only one of its vehicle, hence all of them.
FILL = "update registry_entry set known_to = known_to;"

# A registered vehicle without a state would be missing from the shares. Checked at the end of the
# transaction: the trigger that adds the state comes after the entry.
GUARD = """
alter table registry_entry
    add constraint registry_entry_state foreign key (vehicle_key) references vehicle_state
    deferrable initially deferred;
comment on constraint registry_entry_state on registry_entry is 'the live shares are counted from the states, so no vehicle of the registry may lose its own';
"""


def upgrade() -> None:
    """Add the columns, fill them, keep them as the registry is, and keep the rows there."""
    for script in (TABLE, TRIGGERS, FILL, GUARD):
        run_script(op.get_bind(), script)
