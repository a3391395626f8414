-- The baseline: who runs buses, which there should be, what they sent, what was known when.
--
-- Columns are in the order in which they pack without gaps: of a billion rows each byte counts.
-- Nothing here calls a function of ../repeatable/.

-- Operators and vehicles

create table operator (
    operator_id text primary key,
    name        text,
    time_zone   text not null,
    contact     text,
    added_at    timestamptz not null default clock_timestamp()
);
create index operator_added on operator (added_at);
comment on column operator.time_zone is 'IANA name; the operator''s service days begin at its midnight';

create table operator_history (
    operator_id text not null references operator on update cascade,
    known_from  timestamptz not null default clock_timestamp(),
    entered_by  text not null default session_user,
    name        text,
    time_zone   text not null,
    contact     text,
    primary key (operator_id, known_from)
);
comment on table operator_history is 'what was known of an operator from a moment on, by the server''s clock';

create table operator_rename (
    operator_id text not null references operator on update cascade,
    formerly    text not null,
    known_to    timestamptz not null,
    renamed_by  text not null,
    primary key (operator_id, known_to)
);
comment on table operator_rename is 'the ids that an operator had before: what arrives under one of them is its own, and what was known before known_to was known under it';
create index operator_rename_formerly on operator_rename (formerly, known_to);

create function keep_operator_history() returns trigger language plpgsql as $$
begin
    insert into operator_history (operator_id, entered_by, name, time_zone, contact)
    values (new.operator_id,
            coalesce(nullif(current_setting('fleetgauge.entered_by', true), ''), session_user),
            new.name, new.time_zone, new.contact);
    return null;
end
$$;
create trigger operator_inserted after insert on operator
    for each row execute function keep_operator_history();
create trigger operator_updated after update on operator
    for each row when ((old.name, old.time_zone, old.contact)
                       is distinct from (new.name, new.time_zone, new.contact))
    execute function keep_operator_history();

create table vehicle (
    vehicle_key integer generated always as identity primary key,
    operator_id text not null references operator on update cascade,
    vehicle_id  text not null,
    added_at    timestamptz not null default clock_timestamp(),
    unique (operator_id, vehicle_id),
    unique (vehicle_key, operator_id)
);
create index vehicle_added on vehicle (added_at);
comment on table vehicle is 'every vehicle ever named, registered or not; the key is what the large tables carry';

create table equipment_kind (
    number     smallint primary key check (number between 0 and 14),
    name       text not null unique,
    known_from timestamptz not null default clock_timestamp()
);
comment on table equipment_kind is 'the kinds of equipment; a kind''s number says which bits are its own wherever flags or readings are kept';
comment on column equipment_kind.number is 'flags: bits 4 * number (fitted), + 1 (not fitted), + 2 (working), + 3 (not working). Readings: elements 2 * number + 1 (fitted) and 2 * number + 2 (working)';
comment on column equipment_kind.known_from is 'since when there is the kind: a report as known on a day before has nothing of it';
insert into equipment_kind values (0, 'cctv', '-infinity'), (1, 'cashless', '-infinity');

create sequence journey_number;
create table journey (
    journey_key integer primary key,
    route_id    text,
    trip_id     text,
    unique nulls not distinct (route_id, trip_id),
    check ((journey_key > 0) = (route_id is not null))
);
comment on table journey is 'every route and trip that a position named; the key is 0 where it named neither, and negative where it named no route: who asks only whether there is one need not look here';
insert into journey (journey_key) values (0);

-- The registry, in service time and in the time of our knowledge

create table registry_change (
    change_id  bigint generated always as identity primary key,
    entered_at timestamptz not null default clock_timestamp(),
    claimed_at timestamptz,
    changed_by text not null,
    source     text not null
);
comment on table registry_change is 'who changed the registry, when by the server''s clock, and from what';
comment on column registry_change.claimed_at is 'when it was known, as whoever entered it later says; it moves no figure';

create table registry_entry (
    entry_id        bigint generated always as identity primary key,
    known_from      timestamptz not null,
    known_to        timestamptz not null default 'infinity',
    change_id       bigint not null references registry_change,
    superseded_by   bigint references registry_change,
    equipment       bigint not null default 0,
    vehicle_key     integer not null,
    in_service_from date not null default '-infinity',
    in_service_to   date not null default 'infinity',
    operator_id     text not null,
    plate           text,
    attributes      jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
    foreign key (vehicle_key, operator_id) references vehicle (vehicle_key, operator_id)
        on update cascade,
    check (in_service_from <= in_service_to),
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (superseded_by is null))
);
comment on table registry_entry is 'the fleet list, in service time (both days included) and in the time of our knowledge, by the server''s clock (known_from <= moment < known_to)';
comment on column registry_entry.equipment is 'declared equipment, as flags (see equipment_kind)';
comment on column registry_entry.attributes is 'all else that the list says of the vehicle, by column: route_id, depot, municipality, and any other';
create index registry_entry_vehicle on registry_entry (vehicle_key);
create index registry_entry_operator on registry_entry (operator_id);
create unique index registry_entry_current on registry_entry (vehicle_key, in_service_from)
    where known_to = 'infinity';

create table dismissal (
    vehicle_key integer not null references vehicle,
    known_from  timestamptz not null,
    known_to    timestamptz not null default 'infinity',
    entered_by  text not null,
    reason      text,
    ended_by    text,
    primary key (vehicle_key, known_from),
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (ended_by is null))
);
comment on table dismissal is 'vehicles that publish and were taken out of the inbox without being registered: buses of others, test devices';

create table list_profile (
    list       text not null,
    name       text not null,
    known_from timestamptz not null,
    known_to   timestamptz not null default 'infinity',
    columns    jsonb not null check (jsonb_typeof(columns) = 'object'),
    entered_by text not null,
    ended_by   text,
    primary key (list, name, known_from),
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (ended_by is null))
);
comment on table list_profile is 'what the titles of somebody''s lists mean, under a name: by title the column, empty where it is left out';

-- What the vehicles sent

create table report (
    observed_at timestamptz not null,
    received_at timestamptz not null,
    equipment   bigint not null,
    vehicle_key integer not null,
    latitude    integer,
    longitude   integer,
    journey_key integer not null,
    speed       smallint not null,
    bearing     smallint not null,
    hdop        smallint not null,
    satellites  smallint not null,
    primary key (vehicle_key, observed_at)
);
comment on table report is 'what a vehicle sent of one instant: a position, flags, both, or neither; a measurement that was not given is -1 and not null, which would make each row 8 bytes longer';
comment on column report.equipment is 'flags (see equipment_kind); bit 60: the vehicle was heard by it, 61: at observed_at by its own clock, and not at our reception, 62: a position that was here already was heard again';
comment on column report.latitude is 'WGS 84, in 1e-7 degrees, which is 1 cm; null where the report is not a fix';
comment on column report.speed is 'centimetres a second';
comment on column report.bearing is 'tenths of a degree clockwise from true north';
comment on column report.hdop is 'hundredths';
-- Of what came late, positions or not: who was heard then is found by its reception.
create index report_late on report (received_at)
    where received_at - observed_at > interval '1 minute';

create table late_reception (
    hour      timestamptz primary key,
    oldest_at timestamptz not null
);
comment on table late_reception is 'of each hour in which a report came that had been observed more than 24 hours before: the moment that the oldest of them is of. How far back has to be looked for who was heard then; kept for ever';

create table recorded_later (
    vehicle_key integer not null,
    observed_at timestamptz not null,
    recorded_at timestamptz not null,
    primary key (vehicle_key, observed_at)
);
comment on table recorded_later is 'positions that were not recorded at their report''s reception: rejected then and reprocessed, or added to what the vehicle had sent of that instant before';

create table rejection (
    vehicle_key  integer not null,
    minute       timestamptz not null,
    first_at     timestamptz not null,
    last_at      timestamptz not null,
    first_reason text not null,
    last_reason  text not null,
    primary key (vehicle_key, minute)
);
comment on table rejection is 'when messages of a known vehicle were rejected, by their reception: the first and the last of each minute, and of each quarter of an hour only the last minute once positions of that time are no longer kept. Why the vehicle was not trackable then';

create table vehicle_state (
    contact_at        timestamptz,
    fix_at            timestamptz,
    fix_heard_at      timestamptz,
    rejected_at       timestamptz,
    flags             bigint not null default 0,
    vehicle_key       integer primary key references vehicle,
    journey_key       integer references journey,
    latitude          integer,
    longitude         integer,
    speed             smallint,
    bearing           smallint,
    hdop              smallint,
    satellites        smallint,
    first_contact_at  timestamptz,
    first_observed_at timestamptz,
    first_rejected_at timestamptz,
    rejected_reason   text,
    equipment         bigint[] not null default '{}',
    equipment_since   timestamptz[] not null default '{}'
) with (fillfactor = 60);
comment on table vehicle_state is 'the newest known of each vehicle, which has its row from the beginning; a late report never overwrites a newer one';
comment on column vehicle_state.contact_at is 'when it was heard last: by our reception, or by its own clock where a gateway tells that';
comment on column vehicle_state.first_observed_at is 'the first moment of which it sent a position or a flag';
comment on column vehicle_state.fix_heard_at is 'when a position was heard last, however old';
comment on column vehicle_state.flags is 'what the readings say, as flags';
comment on column vehicle_state.equipment is 'readings: element 2 * number + 1 is the newest of a kind being fitted, + 2 of it working; microseconds since 1970, times 4, plus 1 (yes) or 2 (no), so that the greater of two is the newer, and of one instant the worse';

comment on column vehicle_state.equipment_since is 'the moment of the first reading in each place of equipment: before it nothing has to be looked for';

create table vehicle_day (
    vehicle_key   integer not null references vehicle,
    day           date not null,
    recorded_on   date not null,
    south         integer,
    north         integer,
    west          integer,
    east          integer,
    minutes_count smallint not null
        generated always as (bit_count(substring(minutes, 1, 1624))) stored,
    live_count    smallint not null
        generated always as (bit_count(substring(minutes, 1625, 1624))) stored,
    route_count   smallint not null
        generated always as (bit_count(substring(minutes, 3249, 1624))) stored,
    minutes       bit(16384) not null default 0::bit(16384),
    equipment     bigint[],
    primary key (vehicle_key, day, recorded_on)
) with (fillfactor = 85, toast_tuple_target = 128);
-- Compressed where they are, and never moved out. PostgreSQL compresses nothing of a row below 2 KB,
-- hence the zeros: with them a day takes 70 to 200 bytes, three maps of their own 572.
alter table vehicle_day
    alter column minutes set storage main,
    alter column equipment set storage main;
comment on table vehicle_day is 'what a vehicle sent on a service day; kept for ever';
comment on column vehicle_day.day is 'service day in the operator''s time zone';
comment on column vehicle_day.recorded_on is 'the local day on which this was recorded: what was known on a date is the merger of the rows up to it';
comment on column vehicle_day.minutes is 'three maps of 1,624 bits, a bit for each minute since the local midnight (a day has 25 hours once a year, and where a zone was changed as many as 27): with a fix; with one received within 15 minutes of being observed; with one that names a route and lies on it, where its shape is known. Then zeros';
comment on column vehicle_day.south is 'the box that the day''s fixes lie in, 1e-7 degrees';
comment on column vehicle_day.equipment is 'the day''s last readings (see vehicle_state)';
create index vehicle_day_day on vehicle_day (day);
create index vehicle_day_late on vehicle_day (day, vehicle_key) where recorded_on <> day;

create table published_day (
    vehicle_key   integer not null references vehicle,
    day           date not null,
    minutes_count smallint not null generated always as (bit_count(minutes)) stored,
    minutes       bit(1624) not null,
    primary key (vehicle_key, day)
) with (fillfactor = 70);
comment on table published_day is 'on which minutes of a service day a vehicle was in the public feeds; kept for ever. It is written while the day lasts, so that what was known when it ended does not change';
comment on column published_day.minutes is 'a bit for each minute since the local midnight, as in vehicle_day';
create index published_day_day on published_day (day);

create table published_since (
    is_recorded boolean primary key default true check (is_recorded),
    since       timestamptz not null default clock_timestamp()
);
comment on table published_since is 'one row: since when it is recorded which vehicles are in the public feeds; of days before it nothing is known';

-- The account, and what was rejected

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
    rejected_id      bigint generated always as identity primary key,
    received_at      timestamptz not null,
    last_received_at timestamptz not null,
    times            bigint not null default 1,
    operator_id      text,
    vehicle_id       text,
    topic            bytea not null,
    payload          bytea not null,
    payload_length   integer not null,
    payload_digest   bytea not null,
    retained         boolean not null,
    elements         integer[] not null,
    digest           bytea not null,
    reason           text not null,
    detail           text not null,
    reports          integer not null,
    quota_of         text not null,
    unique (digest, reason)
);
comment on column rejected_message.payload is 'what was received, or its beginning';
comment on column rejected_message.payload_length is 'bytes that were received; payload may hold fewer';
comment on column rejected_message.payload_digest is 'SHA-256 of the payload as it was received';
comment on column rejected_message.quota_of is 'whose room it takes: an operator''s that had vehicles in the fleet list; empty where all others share one';
comment on column rejected_message.elements is 'which of the message''s reports were rejected for this reason, from 0; empty where the message cannot be opened, which is one rejected report';
comment on column rejected_message.digest is 'SHA-256 over topic, payload, elements: the same rejected again is the same row, one time more';
comment on column rejected_message.reports is 'how many reports of the message were rejected for this reason, each of the times';
create index rejected_message_quota on rejected_message (quota_of, received_at);
create index rejected_message_vehicle on rejected_message (operator_id, vehicle_id);

create function begin_vehicle() returns trigger language plpgsql as $$
begin
    insert into vehicle_state (vehicle_key, rejected_at, first_rejected_at, rejected_reason)
    select new.vehicle_key, max(last_received_at), min(received_at),
           (array_agg(reason order by last_received_at desc))[1]
    from rejected_message
    where operator_id = new.operator_id and vehicle_id = new.vehicle_id and not retained;
    insert into rejection (vehicle_key, minute, first_at, last_at, first_reason, last_reason)
    select new.vehicle_key, date_trunc('minute', each.at, 'UTC'), min(each.at), max(each.at),
           (array_agg(reason order by each.at, rejected_id))[1],
           (array_agg(reason order by each.at desc, rejected_id))[1]
    from rejected_message
    cross join lateral (values (received_at), (last_received_at)) as each (at)
    where operator_id = new.operator_id and vehicle_id = new.vehicle_id and not retained
    group by date_trunc('minute', each.at, 'UTC');
    return null;
end
$$;
comment on function begin_vehicle is 'gives a vehicle its state, and the rejections of the time when it was not known';
create trigger vehicle_inserted after insert on vehicle
    for each row execute function begin_vehicle();

-- What else a figure rests on, each with when it was known, by the server's clock

create table target (
    target_id    bigint generated always as identity primary key,
    indicator    text not null,
    period_from  date not null,
    period_to    date not null,
    operator_id  text,
    municipality text,
    vehicle_type text,
    service_kind text,
    ratio        double precision not null,
    set_by       text not null,
    source       text not null,
    claimed_at   timestamptz,
    known_from   timestamptz not null,
    known_to     timestamptz not null default 'infinity',
    ended_by     text,
    check (period_from <= period_to),
    check (ratio between 0 and 1),
    check (operator_id is null or municipality is null),
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (ended_by is null))
);
comment on column target.claimed_at is 'when it was planned, as whoever entered it later says; it moves no figure';
comment on table target is 'the planned ratio of an indicator in a period (both days included), of the fleet, of an operator, or of a municipality, or of its vehicles of a type or kind of service alone; known_from <= moment < known_to. Of one scope no two known at the same moment overlap';
create index target_current on target (indicator, period_from) where known_to = 'infinity';

create table target_note (
    note_id      bigint generated always as identity primary key,
    indicator    text not null,
    period_from  date not null,
    period_to    date not null,
    operator_id  text references operator on update cascade,
    municipality text,
    vehicle_type text,
    service_kind text,
    note         text not null,
    entered_by   text not null,
    known_from   timestamptz not null,
    known_to     timestamptz not null default 'infinity',
    ended_by     text,
    check (period_from <= period_to),
    check (operator_id is null or municipality is null),
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (ended_by is null))
);
comment on table target_note is 'why an indicator deviates from its plan in a period, in words; known_from <= moment < known_to';

create table official_figure (
    figure_id    bigint generated always as identity primary key,
    indicator    text not null,
    day          date not null,
    operator_id  text references operator on update cascade,
    municipality text,
    vehicle_type text,
    service_kind text,
    vehicles     integer,
    fleet        integer,
    ratio        double precision not null,
    source       text not null,
    entered_by   text not null,
    known_from   timestamptz not null,
    known_to     timestamptz not null default 'infinity',
    ended_by     text,
    check (ratio between 0 and 1),
    check (vehicles between 0 and fleet),
    check ((vehicles is null) = (fleet is null)),
    check (operator_id is null or municipality is null),
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (ended_by is null))
);
comment on table official_figure is 'what was published of a date before anything was recorded here, entered by hand with its source; shown as such, and in no figure of ours; known_from <= moment < known_to';

create table milestone (
    milestone_id bigint generated always as identity primary key,
    name         text not null,
    due          date not null,
    done_on      date,
    entered_by   text not null,
    known_from   timestamptz not null,
    known_to     timestamptz not null default 'infinity',
    ended_by     text,
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (ended_by is null))
);
comment on table milestone is 'what is to be reached by when, and since when it is; known_from <= moment < known_to';

create table service_hours (
    operator_id text not null references operator on update cascade,
    day_kind    smallint not null,
    from_minute smallint not null,
    to_minute   smallint not null,
    entered_by  text not null default session_user,
    known_from  timestamptz not null default clock_timestamp(),
    known_to    timestamptz not null default 'infinity',
    ended_by    text,
    primary key (operator_id, day_kind, from_minute, known_from),
    check (day_kind between 1 and 8),
    check (from_minute between 0 and 1439 and to_minute > from_minute
           and to_minute <= from_minute + 1440),
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (ended_by is null))
);
comment on table service_hours is 'when an operator''s buses are expected out';
comment on column service_hours.day_kind is '1 Monday to 7 Sunday (ISO 8601), 8 a holiday';
comment on column service_hours.to_minute is 'local minutes since the day''s midnight, the first one after; past 1440 on the day after';

create table holiday (
    day         date not null,
    operator_id text references operator on update cascade,
    name        text,
    entered_by  text not null default session_user,
    known_from  timestamptz not null default clock_timestamp(),
    known_to    timestamptz not null default 'infinity',
    ended_by    text,
    unique nulls not distinct (day, operator_id, known_from),
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (ended_by is null))
);
comment on table holiday is 'dates on which the hours of holidays hold; of every operator where none is named';

create table route_feed (
    feed_id     bigint generated always as identity primary key,
    known_from  timestamptz not null default clock_timestamp(),
    known_to    timestamptz not null default 'infinity',
    operator_id text references operator on update cascade,
    imported_by text not null,
    source      text not null,
    digest      bytea not null,
    ended_by    text,
    check (known_from <= known_to),
    check ((known_to = 'infinity') = (ended_by is null))
);
comment on table route_feed is 'the timetables (GTFS) that were imported; known_from <= moment < known_to. An import ends the feed of the same scope before it; its routes and shapes are kept, since figures rest on them. The routes of a vehicle are those of its operator''s feed known at the moment in question, or where it has none of the one without an operator: a function of a like name says which';
comment on column route_feed.operator_id is 'whose routes alone they are; null: of every operator that has no feed of its own';
comment on column route_feed.digest is 'SHA-256 of the file';
create unique index route_feed_current on route_feed (operator_id) nulls not distinct
    where known_to = 'infinity';

create table route (
    feed_id    bigint not null references route_feed,
    route_type smallint not null,
    color      integer,
    text_color integer,
    route_id   text not null,
    short_name text,
    long_name  text,
    primary key (feed_id, route_id)
);
comment on table route is 'the routes of a feed; route_id is what positions and the registry name, letter by letter';
comment on column route.color is 'RGB, 0 to 16777215; null: none is given';

create table shape (
    feed_id    bigint not null references route_feed,
    shape_id   text not null,
    latitudes  integer[] not null,
    longitudes integer[] not null,
    primary key (feed_id, shape_id),
    check (cardinality(latitudes) = cardinality(longitudes) and cardinality(latitudes) > 0)
);
comment on table shape is 'the ways that a feed''s vehicles drive: the points in the order in which they are passed, WGS 84 in 1e-7 degrees as in report; between two points the way is straight';

create table route_shape (
    feed_id  bigint not null,
    route_id text not null,
    shape_id text not null,
    primary key (feed_id, route_id, shape_id),
    foreign key (feed_id, route_id) references route,
    foreign key (feed_id, shape_id) references shape
);
comment on table route_shape is 'the ways of each route, in either direction and of every variant: a position lies on its route if it is near to any of them. Of a route without a row here the way is not known, and of a position on it neither can be said';

create table stop (
    feed_id   bigint not null references route_feed,
    latitude  integer not null,
    longitude integer not null,
    stop_id   text not null,
    name      text,
    code      text,
    primary key (feed_id, stop_id)
);
comment on table stop is 'where vehicles stop (GTFS location_type 0), of the current feeds alone: no figure rests on it';

create table route_stop (
    feed_id  bigint not null,
    route_id text not null,
    stop_id  text not null,
    primary key (feed_id, route_id, stop_id),
    foreign key (feed_id, route_id) references route,
    foreign key (feed_id, stop_id) references stop
);
comment on table route_stop is 'which routes stop where, of the current feeds alone';

create table trip (
    feed_id      bigint not null,
    direction_id smallint,
    trip_id      text not null,
    route_id     text not null,
    shape_id     text,
    primary key (feed_id, trip_id),
    foreign key (feed_id, route_id) references route
);
comment on table trip is 'the trips of the current feeds alone; trip_id is what positions name';

create table rule_setting (
    name       text not null,
    known_from timestamptz not null default clock_timestamp(),
    entered_by text not null default session_user,
    value      text not null,
    primary key (name, known_from)
);
comment on table rule_setting is 'the settings by which figures are computed, each from a moment on, by the server''s clock';

create table worker_uptime (
    worker       text not null,
    started_at   timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (worker, started_at),
    check (started_at <= last_seen_at)
) with (fillfactor = 50);
comment on table worker_uptime is 'when a worker was up and connected to the broker, one row an unbroken span; outside of all rows ingest was down';

create table installation (
    is_installation boolean primary key default true check (is_installation),
    client_id       text not null,
    share_group     text not null
);
comment on table installation is 'one row: the names that the workers use at the broker, drawn at random';

create table broker_session (
    client_id     text primary key,
    lost_at       timestamptz,
    taken_over_at timestamptz
);
comment on table broker_session is 'the workers'' sessions at the broker: a row once one was there, and when it was last missing or taken over';

create table access_change (
    change_id  bigint generated always as identity primary key,
    changed_at timestamptz not null default clock_timestamp(),
    account    text not null,
    change     text not null check (change in ('added', 'password', 'revoked')),
    topics     text[] not null,
    changed_by text not null
);
comment on table access_change is 'what was changed of the broker''s accounts; the broker alone knows how they are now';
comment on column access_change.topics is 'of an account that was added: on which it may publish';

create table probe (
    is_probe    boolean primary key default true check (is_probe),
    observed_at timestamptz not null
);
comment on table probe is 'the newest self-probe that came through; one row, and no vehicle';

-- What was thrown away

create table horizon (
    relation  text primary key,
    kept_from timestamptz not null,
    moved_at  timestamptz not null default clock_timestamp()
);
comment on table horizon is 'from when on the rows of a table are kept. What was older was thrown away in the transaction that said so here, or will be by the next run: no figure that rests on it is a number';

create table archived_file (
    day            date not null,
    part           text not null,
    path           text not null,
    rows           bigint not null,
    bytes          bigint not null,
    sha256         bytea not null,
    schema_version text not null,
    archived_at    timestamptz not null default clock_timestamp(),
    restored_at    timestamptz,
    primary key (day, part),
    check (part in ('positions', 'before', 'rejections'))
);
comment on table archived_file is 'the manifest of the archive: the files of each UTC day, as they were read back and verified';
comment on column archived_file.restored_at is 'when the day''s positions were put into the database again, to stay for a while';

create table forgotten_vehicle (
    vehicle_key  integer primary key references vehicle,
    forgotten_at timestamptz not null default clock_timestamp()
);
comment on table forgotten_vehicle is 'whose positions of before then do not come back from the archive';

create table backfilled_file (
    digest     bytea primary key,
    rows_done  bigint not null,
    changed_at timestamptz not null default clock_timestamp()
);
comment on table backfilled_file is 'how far a file of history has been stored, by the SHA-256 of its content';

create table upkeep (
    task    text primary key,
    done_at timestamptz not null default clock_timestamp()
);
comment on table upkeep is 'when what an administrator has to do was last done: maintenance, backup, archive';

-- Triggers find these tables whatever the search_path of who writes: that of a restore is empty.
do $$
declare
    path text := format('pg_catalog, %I, pg_temp', current_schema());
begin
    execute 'alter function keep_operator_history() set search_path = ' || path;
    execute 'alter function begin_vehicle() set search_path = ' || path;
end;
$$;

-- Chunks where TimescaleDB is; a plain table elsewhere.
do $$
declare
    home text := (select nspname from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
                  where extname = 'timescaledb');
    make text;
begin
    if home is not null then
        make := format('select %1$I.create_hypertable($1, %1$I.by_range($2, $3),
                                                      create_default_indexes => false)', home);
        execute make using 'report'::regclass, 'observed_at'::name, interval '1 day';
        execute make using 'rejection'::regclass, 'minute'::name, interval '7 days';
    end if;
end
$$;
