"""Vehicles, the registry with its history, fixes, equipment, states, days, the accounts."""

# ruff: noqa: E501 (a table's comment is one SQL literal)
from alembic import op

from storage.engine import has_timescaledb, run_script

revision = "0001"
down_revision = None

TABLES = """
create table operator (
    operator_id text primary key,
    name        text,
    time_zone   text not null
);
comment on column operator.time_zone is 'IANA name; the operator''s service days begin at its midnight';

create table vehicle (
    vehicle_key   integer generated always as identity primary key,
    operator_id   text not null references operator,
    vehicle_id    text not null,
    first_seen_at timestamptz not null default now(),
    unique (operator_id, vehicle_id)
);
comment on table vehicle is 'every vehicle ever named, registered or not; the key is what the large tables carry';

create table registry_change (
    change_id  bigint generated always as identity primary key,
    changed_at timestamptz not null default now(),
    changed_by text not null,
    source     text not null
);
comment on table registry_change is 'who changed the registry, when, and from what';

create table registry_entry (
    entry_id        bigint generated always as identity primary key,
    vehicle_key     integer not null references vehicle,
    operated_by     text not null references operator,
    plate           text,
    route_id        text,
    depot           text,
    municipality    text,
    in_service_from date not null default '-infinity',
    in_service_to   date not null default 'infinity',
    cctv            boolean,
    cashless        boolean,
    known_from      timestamptz not null,
    known_to        timestamptz not null default 'infinity',
    change_id       bigint not null references registry_change,
    superseded_by   bigint references registry_change,
    check (in_service_from <= in_service_to),
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (superseded_by is null))
);
comment on table registry_entry is 'the fleet list, in service time (both days included) and in recording time (known_from <= moment < known_to)';
comment on column registry_entry.operated_by is 'the vehicle''s, filled in by the database: the shares of 100,000 vehicles would spend a third of their time on looking it up';
create index registry_entry_vehicle on registry_entry (vehicle_key);
create unique index registry_entry_current on registry_entry (vehicle_key, in_service_from)
    where known_to = 'infinity';

create function registry_entry_operated_by() returns trigger language plpgsql as $$
begin
    select vehicle.operator_id into new.operated_by
    from vehicle where vehicle.vehicle_key = new.vehicle_key;
    return new;
end
$$;
create trigger registry_entry_operated_by before insert on registry_entry
    for each row execute function registry_entry_operated_by();

create function fleet_at(moment timestamptz, known_at timestamptz default null)
returns table (
    vehicle_key  integer,
    operator_id  text,
    vehicle_id   text,
    plate        text,
    route_id     text,
    depot        text,
    municipality text,
    cctv         boolean,
    cashless     boolean
)
language sql stable parallel safe
-- Inlined into the query that joins it, so that a null known_at leaves one comparison. The left
-- join is none where nobody asks for the vehicle's id. The local day is computed once an operator,
-- and operators are looked up only for the vehicles that come or go on one of the two or three
-- dates that it is on earth at the moment.
as $$
    select entry.vehicle_key, entry.operated_by, vehicle.vehicle_id, entry.plate,
           entry.route_id, entry.depot, entry.municipality, entry.cctv, entry.cashless
    from registry_entry as entry
    left join vehicle on vehicle.vehicle_key = entry.vehicle_key
    where (
          (
              entry.in_service_from <= (
                  select min((fleet_at.moment at time zone operator.time_zone)::date)
                  from operator
              )
              and entry.in_service_to >= (
                  select max((fleet_at.moment at time zone operator.time_zone)::date)
                  from operator
              )
          )
          or exists (
              select from operator
              where operator.operator_id = entry.operated_by
                and (fleet_at.moment at time zone operator.time_zone)::date
                    between entry.in_service_from and entry.in_service_to
          )
      )
      and (
          (fleet_at.known_at is null and entry.known_to = 'infinity')
          or (fleet_at.known_at >= entry.known_from and fleet_at.known_at < entry.known_to)
      )
$$;
comment on function fleet_at is 'the fleet of a moment''s local day in each operator''s time zone: as the registry knows it now, or as it knew it at known_at';

create table fix (
    vehicle_key integer not null,
    observed_at timestamptz not null,
    received_at timestamptz not null,
    latitude    double precision not null,
    longitude   double precision not null,
    speed_mps   real,
    bearing_deg real,
    hdop        real,
    satellites  smallint,
    route_id    text,
    trip_id     text,
    primary key (vehicle_key, observed_at)
);

create table equipment_report (
    vehicle_key integer not null,
    equipment   text not null,
    observed_at timestamptz not null,
    received_at timestamptz not null,
    fitted      boolean not null,
    working     boolean,
    primary key (vehicle_key, equipment, observed_at)
);
comment on table equipment_report is 'each word of a vehicle on a piece of its equipment (cctv, cashless); working is null where it did not tell';

create table contact (
    vehicle_key integer not null,
    observed_at timestamptz not null,
    received_at timestamptz not null,
    primary key (vehicle_key, observed_at)
);
comment on table contact is 'reports with neither position nor flag: only that the vehicle was heard; those with one are contacts too, and are in fix and equipment_report';

create table rejection (
    vehicle_key integer not null,
    rejected_at  timestamptz not null,
    reason      text not null,
    primary key (vehicle_key, rejected_at)
);
comment on table rejection is 'each rejected message of a known vehicle, by the moment of its reception: why the vehicle was not trackable then';

create table vehicle_state (
    vehicle_key         integer primary key references vehicle,
    first_contact_at    timestamptz,
    contact_at          timestamptz,
    fix_at              timestamptz,
    latitude            double precision,
    longitude           double precision,
    speed_mps           real,
    bearing_deg         real,
    hdop                real,
    satellites          smallint,
    route_id            text,
    trip_id             text,
    cctv_fitted         boolean,
    cctv_fitted_at      timestamptz,
    cctv_working        boolean,
    cctv_working_at     timestamptz,
    cashless_fitted     boolean,
    cashless_fitted_at  timestamptz,
    cashless_working    boolean,
    cashless_working_at timestamptz,
    presence            text,
    presence_at         timestamptz,
    first_rejected_at    timestamptz,
    rejected_at          timestamptz,
    rejected_reason      text
) with (fillfactor = 60);
comment on table vehicle_state is 'the newest known of each vehicle; a late report never overwrites a newer one';

create table vehicle_day (
    vehicle_key  integer not null references vehicle,
    day          date not null,
    recorded_on  date not null,
    minutes      bit(1500) not null,
    fixes        integer not null,
    first_fix_at timestamptz not null,
    last_fix_at  timestamptz not null,
    primary key (vehicle_key, day, recorded_on)
) with (fillfactor = 60);
comment on column vehicle_day.day is 'service day in the operator''s time zone';
comment on column vehicle_day.recorded_on is 'the local day on which these fixes were recorded: what was known on a date is the or of the rows up to it';
comment on column vehicle_day.minutes is 'one bit for each minute since the local midnight; 1,500 because a day has 25 hours once a year';
create index vehicle_day_day on vehicle_day (day);

create table reception (
    hour      timestamptz not null,
    worker    text not null,
    received  bigint not null,
    stored    bigint not null,
    duplicate bigint not null,
    contact   bigint not null,
    rejected  bigint not null,
    primary key (hour, worker),
    check (received = stored + duplicate + contact + rejected)
) with (fillfactor = 50);
comment on table reception is 'the account of every report ever received, kept in the transaction that stored it; one row a worker, so that workers never wait for each other';

create table reception_rejected (
    hour    timestamptz not null,
    worker  text not null,
    reason  text not null,
    reports bigint not null,
    primary key (hour, worker, reason)
) with (fillfactor = 50);

create table rejected_message (
    rejected_id bigint generated always as identity primary key,
    received_at timestamptz not null,
    last_received_at timestamptz not null,
    times       bigint not null default 1,
    operator_id text,
    vehicle_id  text,
    topic       bytea not null,
    payload     bytea not null,
    retained    boolean not null,
    elements    integer[] not null,
    digest      bytea not null,
    reason      text not null,
    detail      text not null,
    reports     integer not null,
    unique (digest, reason)
);
comment on column rejected_message.elements is 'which of the message''s reports were rejected for this reason, from 0; empty where the message cannot be opened, which is one rejected report';
comment on column rejected_message.digest is 'SHA-256 over topic, payload, elements: the same rejected again is the same row, one time more';
comment on column rejected_message.reports is 'how many reports of the message were rejected for this reason, each of the times';
create index rejected_message_quota on rejected_message (operator_id, received_at);
"""

HYPERTABLES = """
select create_hypertable('fix', by_range('observed_at', interval '1 day'),
                         create_default_indexes => false);
select create_hypertable('equipment_report', by_range('observed_at', interval '7 days'),
                         create_default_indexes => false);
select create_hypertable('contact', by_range('observed_at', interval '7 days'),
                         create_default_indexes => false);
select create_hypertable('rejection', by_range('rejected_at', interval '7 days'),
                         create_default_indexes => false);
"""


def upgrade() -> None:
    """Create the tables, as hypertables where TimescaleDB is there."""
    run_script(op.get_bind(), TABLES)
    if has_timescaledb(op.get_bind()):
        run_script(op.get_bind(), HYPERTABLES)
