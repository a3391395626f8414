-- The tables after all versions. Generated: `make schema`; a test holds it to them.


CREATE FUNCTION public.begin_vehicle() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
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

COMMENT ON FUNCTION public.begin_vehicle() IS 'gives a vehicle its state, and the rejections of the time when it was not known';

CREATE FUNCTION public.keep_operator_history() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
begin
    insert into operator_history (operator_id, entered_by, name, time_zone, contact)
    values (new.operator_id,
            coalesce(nullif(current_setting('fleetgauge.entered_by', true), ''), session_user),
            new.name, new.time_zone, new.contact);
    return null;
end
$$;

CREATE TABLE public.access_change (
    change_id bigint NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    account text NOT NULL,
    change text NOT NULL,
    topics text[] NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT access_change_change_check CHECK ((change = ANY (ARRAY['added'::text, 'password'::text, 'revoked'::text])))
);

COMMENT ON TABLE public.access_change IS 'what was changed of the broker''s accounts; the broker alone knows how they are now';

COMMENT ON COLUMN public.access_change.topics IS 'of an account that was added: on which it may publish';

ALTER TABLE public.access_change ALTER COLUMN change_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.access_change_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.archived_file (
    day date NOT NULL,
    part text NOT NULL,
    path text NOT NULL,
    rows bigint NOT NULL,
    bytes bigint NOT NULL,
    sha256 bytea NOT NULL,
    schema_version text NOT NULL,
    archived_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    restored_at timestamp with time zone,
    CONSTRAINT archived_file_part_check CHECK ((part = ANY (ARRAY['positions'::text, 'before'::text, 'rejections'::text])))
);

COMMENT ON TABLE public.archived_file IS 'the manifest of the archive: the files of each UTC day, as they were read back and verified';

COMMENT ON COLUMN public.archived_file.restored_at IS 'when the day''s positions were put into the database again, to stay for a while';

CREATE TABLE public.backfilled_file (
    digest bytea NOT NULL,
    rows_done bigint NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE public.backfilled_file IS 'how far a file of history has been stored, by the SHA-256 of its content';

CREATE TABLE public.broker_session (
    client_id text NOT NULL,
    lost_at timestamp with time zone,
    taken_over_at timestamp with time zone
);

COMMENT ON TABLE public.broker_session IS 'the workers'' sessions at the broker: a row once one was there, and when it was last missing or taken over';

CREATE TABLE public.dismissal (
    vehicle_key integer NOT NULL,
    known_from timestamp with time zone NOT NULL,
    known_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    entered_by text NOT NULL,
    reason text,
    ended_by text,
    CONSTRAINT dismissal_check CHECK ((known_from <= known_to)),
    CONSTRAINT dismissal_check1 CHECK (((known_to = 'infinity'::timestamp with time zone) = (ended_by IS NULL)))
);

COMMENT ON TABLE public.dismissal IS 'vehicles that publish and were taken out of the inbox without being registered: buses of others, test devices';

CREATE TABLE public.equipment_kind (
    number smallint NOT NULL,
    name text NOT NULL,
    known_from timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT equipment_kind_number_check CHECK (((number >= 0) AND (number <= 14)))
);

COMMENT ON TABLE public.equipment_kind IS 'the kinds of equipment; a kind''s number says which bits are its own wherever flags or readings are kept';

COMMENT ON COLUMN public.equipment_kind.number IS 'flags: bits 4 * number (fitted), + 1 (not fitted), + 2 (working), + 3 (not working). Readings: elements 2 * number + 1 (fitted) and 2 * number + 2 (working)';

COMMENT ON COLUMN public.equipment_kind.known_from IS 'since when there is the kind: a report as known on a day before has nothing of it';

CREATE TABLE public.forgotten_vehicle (
    vehicle_key integer NOT NULL,
    forgotten_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE public.forgotten_vehicle IS 'whose positions of before then do not come back from the archive';

CREATE TABLE public.holiday (
    day date NOT NULL,
    operator_id text,
    name text,
    entered_by text DEFAULT SESSION_USER NOT NULL,
    known_from timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    known_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    ended_by text,
    CONSTRAINT holiday_check CHECK ((known_from <= known_to)),
    CONSTRAINT holiday_check1 CHECK (((known_to = 'infinity'::timestamp with time zone) = (ended_by IS NULL)))
);

COMMENT ON TABLE public.holiday IS 'dates on which the hours of holidays hold; of every operator where none is named';

CREATE TABLE public.horizon (
    relation text NOT NULL,
    kept_from timestamp with time zone NOT NULL,
    moved_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE public.horizon IS 'from when on the rows of a table are kept. What was older was thrown away in the transaction that said so here, or will be by the next run: no figure that rests on it is a number';

CREATE TABLE public.installation (
    is_installation boolean DEFAULT true NOT NULL,
    client_id text NOT NULL,
    share_group text NOT NULL,
    CONSTRAINT installation_is_installation_check CHECK (is_installation)
);

COMMENT ON TABLE public.installation IS 'one row: the names that the workers use at the broker, drawn at random';

CREATE TABLE public.journey (
    journey_key integer NOT NULL,
    route_id text,
    trip_id text,
    CONSTRAINT journey_check CHECK (((journey_key > 0) = (route_id IS NOT NULL)))
);

COMMENT ON TABLE public.journey IS 'every route and trip that a position named; the key is 0 where it named neither, and negative where it named no route: who asks only whether there is one need not look here';

CREATE SEQUENCE public.journey_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.late_reception (
    hour timestamp with time zone NOT NULL,
    oldest_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.late_reception IS 'of each hour in which a report came that had been observed more than 24 hours before: the moment that the oldest of them is of. How far back has to be looked for who was heard then; kept for ever';

CREATE TABLE public.list_profile (
    list text NOT NULL,
    name text NOT NULL,
    known_from timestamp with time zone NOT NULL,
    known_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    columns jsonb NOT NULL,
    entered_by text NOT NULL,
    ended_by text,
    CONSTRAINT list_profile_check CHECK ((known_from <= known_to)),
    CONSTRAINT list_profile_check1 CHECK (((known_to = 'infinity'::timestamp with time zone) = (ended_by IS NULL))),
    CONSTRAINT list_profile_columns_check CHECK ((jsonb_typeof(columns) = 'object'::text))
);

COMMENT ON TABLE public.list_profile IS 'what the titles of somebody''s lists mean, under a name: by title the column, empty where it is left out';

CREATE TABLE public.milestone (
    milestone_id bigint NOT NULL,
    name text NOT NULL,
    due date NOT NULL,
    done_on date,
    entered_by text NOT NULL,
    known_from timestamp with time zone NOT NULL,
    known_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    ended_by text,
    CONSTRAINT milestone_check CHECK ((known_from <= known_to)),
    CONSTRAINT milestone_check1 CHECK (((known_to = 'infinity'::timestamp with time zone) = (ended_by IS NULL)))
);

COMMENT ON TABLE public.milestone IS 'what is to be reached by when, and since when it is; known_from <= moment < known_to';

ALTER TABLE public.milestone ALTER COLUMN milestone_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.milestone_milestone_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.official_figure (
    figure_id bigint NOT NULL,
    indicator text NOT NULL,
    day date NOT NULL,
    operator_id text,
    municipality text,
    vehicle_type text,
    service_kind text,
    vehicles integer,
    fleet integer,
    ratio double precision NOT NULL,
    source text NOT NULL,
    entered_by text NOT NULL,
    known_from timestamp with time zone NOT NULL,
    known_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    ended_by text,
    CONSTRAINT official_figure_check CHECK (((vehicles >= 0) AND (vehicles <= fleet))),
    CONSTRAINT official_figure_check1 CHECK (((vehicles IS NULL) = (fleet IS NULL))),
    CONSTRAINT official_figure_check2 CHECK (((operator_id IS NULL) OR (municipality IS NULL))),
    CONSTRAINT official_figure_check3 CHECK ((known_from <= known_to)),
    CONSTRAINT official_figure_check4 CHECK (((known_to = 'infinity'::timestamp with time zone) = (ended_by IS NULL))),
    CONSTRAINT official_figure_ratio_check CHECK (((ratio >= (0)::double precision) AND (ratio <= (1)::double precision)))
);

COMMENT ON TABLE public.official_figure IS 'what was published of a date before anything was recorded here, entered by hand with its source; shown as such, and in no figure of ours; known_from <= moment < known_to';

ALTER TABLE public.official_figure ALTER COLUMN figure_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.official_figure_figure_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.operator (
    operator_id text NOT NULL,
    name text,
    time_zone text NOT NULL,
    contact text,
    added_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON COLUMN public.operator.time_zone IS 'IANA name; the operator''s service days begin at its midnight';

CREATE TABLE public.operator_history (
    operator_id text NOT NULL,
    known_from timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    entered_by text DEFAULT SESSION_USER NOT NULL,
    name text,
    time_zone text NOT NULL,
    contact text
);

COMMENT ON TABLE public.operator_history IS 'what was known of an operator from a moment on, by the server''s clock';

CREATE TABLE public.operator_rename (
    operator_id text NOT NULL,
    formerly text NOT NULL,
    known_to timestamp with time zone NOT NULL,
    renamed_by text NOT NULL
);

COMMENT ON TABLE public.operator_rename IS 'the ids that an operator had before: what arrives under one of them is its own, and what was known before known_to was known under it';

CREATE TABLE public.probe (
    is_probe boolean DEFAULT true NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    CONSTRAINT probe_is_probe_check CHECK (is_probe)
);

COMMENT ON TABLE public.probe IS 'the newest self-probe that came through; one row, and no vehicle';

CREATE TABLE public.published_day (
    vehicle_key integer NOT NULL,
    day date NOT NULL,
    minutes_count smallint GENERATED ALWAYS AS (bit_count(minutes)) STORED NOT NULL,
    minutes bit(1624) NOT NULL
)
WITH (fillfactor='70');

COMMENT ON TABLE public.published_day IS 'on which minutes of a service day a vehicle was in the public feeds; kept for ever. It is written while the day lasts, so that what was known when it ended does not change';

COMMENT ON COLUMN public.published_day.minutes IS 'a bit for each minute since the local midnight, as in vehicle_day';

CREATE TABLE public.published_since (
    is_recorded boolean DEFAULT true NOT NULL,
    since timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT published_since_is_recorded_check CHECK (is_recorded)
);

COMMENT ON TABLE public.published_since IS 'one row: since when it is recorded which vehicles are in the public feeds; of days before it nothing is known';

CREATE TABLE public.reception (
    hour timestamp with time zone NOT NULL,
    worker text NOT NULL,
    received bigint NOT NULL,
    stored bigint NOT NULL,
    duplicate bigint NOT NULL,
    contact bigint NOT NULL,
    rejected bigint NOT NULL,
    CONSTRAINT reception_check CHECK ((received = (((stored + duplicate) + contact) + rejected)))
)
WITH (fillfactor='50');

COMMENT ON TABLE public.reception IS 'the account of every report ever received, kept in the transaction that stored it; one row a worker, so that workers never wait for each other';

CREATE TABLE public.reception_rejected (
    hour timestamp with time zone NOT NULL,
    worker text NOT NULL,
    reason text NOT NULL,
    reports bigint NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.recorded_later (
    vehicle_key integer NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.recorded_later IS 'positions that were not recorded at their report''s reception: rejected then and reprocessed, or added to what the vehicle had sent of that instant before';

CREATE TABLE public.registry_change (
    change_id bigint NOT NULL,
    entered_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    claimed_at timestamp with time zone,
    changed_by text NOT NULL,
    source text NOT NULL
);

COMMENT ON TABLE public.registry_change IS 'who changed the registry, when by the server''s clock, and from what';

COMMENT ON COLUMN public.registry_change.claimed_at IS 'when it was known, as whoever entered it later says; it moves no figure';

ALTER TABLE public.registry_change ALTER COLUMN change_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.registry_change_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.registry_entry (
    entry_id bigint NOT NULL,
    known_from timestamp with time zone NOT NULL,
    known_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    change_id bigint NOT NULL,
    superseded_by bigint,
    equipment bigint DEFAULT 0 NOT NULL,
    vehicle_key integer NOT NULL,
    in_service_from date DEFAULT '-infinity'::date NOT NULL,
    in_service_to date DEFAULT 'infinity'::date NOT NULL,
    operator_id text NOT NULL,
    plate text,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT registry_entry_attributes_check CHECK ((jsonb_typeof(attributes) = 'object'::text)),
    CONSTRAINT registry_entry_check CHECK ((in_service_from <= in_service_to)),
    CONSTRAINT registry_entry_check1 CHECK ((known_from <= known_to)),
    CONSTRAINT registry_entry_check2 CHECK (((known_to = 'infinity'::timestamp with time zone) = (superseded_by IS NULL)))
);

COMMENT ON TABLE public.registry_entry IS 'the fleet list, in service time (both days included) and in the time of our knowledge, by the server''s clock (known_from <= moment < known_to)';

COMMENT ON COLUMN public.registry_entry.equipment IS 'declared equipment, as flags (see equipment_kind)';

COMMENT ON COLUMN public.registry_entry.attributes IS 'all else that the list says of the vehicle, by column: route_id, depot, municipality, and any other';

ALTER TABLE public.registry_entry ALTER COLUMN entry_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.registry_entry_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.rejected_message (
    rejected_id bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    last_received_at timestamp with time zone NOT NULL,
    times bigint DEFAULT 1 NOT NULL,
    operator_id text,
    vehicle_id text,
    topic bytea NOT NULL,
    payload bytea NOT NULL,
    payload_length integer NOT NULL,
    payload_digest bytea NOT NULL,
    retained boolean NOT NULL,
    elements integer[] NOT NULL,
    digest bytea NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    reports integer NOT NULL,
    quota_of text NOT NULL
);

COMMENT ON COLUMN public.rejected_message.payload IS 'what was received, or its beginning';

COMMENT ON COLUMN public.rejected_message.payload_length IS 'bytes that were received; payload may hold fewer';

COMMENT ON COLUMN public.rejected_message.payload_digest IS 'SHA-256 of the payload as it was received';

COMMENT ON COLUMN public.rejected_message.elements IS 'which of the message''s reports were rejected for this reason, from 0; empty where the message cannot be opened, which is one rejected report';

COMMENT ON COLUMN public.rejected_message.digest IS 'SHA-256 over topic, payload, elements: the same rejected again is the same row, one time more';

COMMENT ON COLUMN public.rejected_message.reports IS 'how many reports of the message were rejected for this reason, each of the times';

COMMENT ON COLUMN public.rejected_message.quota_of IS 'whose room it takes: an operator''s that had vehicles in the fleet list; empty where all others share one';

ALTER TABLE public.rejected_message ALTER COLUMN rejected_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.rejected_message_rejected_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.rejection (
    vehicle_key integer NOT NULL,
    minute timestamp with time zone NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    first_reason text NOT NULL,
    last_reason text NOT NULL
);

COMMENT ON TABLE public.rejection IS 'when messages of a known vehicle were rejected, by their reception: the first and the last of each minute, and of each quarter of an hour only the last minute once positions of that time are no longer kept. Why the vehicle was not trackable then';

CREATE TABLE public.report (
    observed_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    equipment bigint NOT NULL,
    vehicle_key integer NOT NULL,
    latitude integer,
    longitude integer,
    journey_key integer NOT NULL,
    speed smallint NOT NULL,
    bearing smallint NOT NULL,
    hdop smallint NOT NULL,
    satellites smallint NOT NULL
);

COMMENT ON TABLE public.report IS 'what a vehicle sent of one instant: a position, flags, both, or neither; a measurement that was not given is -1 and not null, which would make each row 8 bytes longer';

COMMENT ON COLUMN public.report.equipment IS 'flags (see equipment_kind); bit 60: the vehicle was heard by it, 61: at observed_at by its own clock, and not at our reception, 62: a position that was here already was heard again';

COMMENT ON COLUMN public.report.latitude IS 'WGS 84, in 1e-7 degrees, which is 1 cm; null where the report is not a fix';

COMMENT ON COLUMN public.report.speed IS 'centimetres a second';

COMMENT ON COLUMN public.report.bearing IS 'tenths of a degree clockwise from true north';

COMMENT ON COLUMN public.report.hdop IS 'hundredths';

CREATE TABLE public.route (
    feed_id bigint NOT NULL,
    route_type smallint NOT NULL,
    color integer,
    text_color integer,
    route_id text NOT NULL,
    short_name text,
    long_name text
);

COMMENT ON TABLE public.route IS 'the routes of a feed; route_id is what positions and the registry name, letter by letter';

COMMENT ON COLUMN public.route.color IS 'RGB, 0 to 16777215; null: none is given';

CREATE TABLE public.route_feed (
    feed_id bigint NOT NULL,
    known_from timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    known_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    operator_id text,
    imported_by text NOT NULL,
    source text NOT NULL,
    digest bytea NOT NULL,
    ended_by text,
    CONSTRAINT route_feed_check CHECK ((known_from <= known_to)),
    CONSTRAINT route_feed_check1 CHECK (((known_to = 'infinity'::timestamp with time zone) = (ended_by IS NULL)))
);

COMMENT ON TABLE public.route_feed IS 'the timetables (GTFS) that were imported; known_from <= moment < known_to. An import ends the feed of the same scope before it; its routes and shapes are kept, since figures rest on them. The routes of a vehicle are those of its operator''s feed known at the moment in question, or where it has none of the one without an operator: a function of a like name says which';

COMMENT ON COLUMN public.route_feed.operator_id IS 'whose routes alone they are; null: of every operator that has no feed of its own';

COMMENT ON COLUMN public.route_feed.digest IS 'SHA-256 of the file';

ALTER TABLE public.route_feed ALTER COLUMN feed_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.route_feed_feed_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.route_shape (
    feed_id bigint NOT NULL,
    route_id text NOT NULL,
    shape_id text NOT NULL
);

COMMENT ON TABLE public.route_shape IS 'the ways of each route, in either direction and of every variant: a position lies on its route if it is near to any of them. Of a route without a row here the way is not known, and of a position on it neither can be said';

CREATE TABLE public.route_stop (
    feed_id bigint NOT NULL,
    route_id text NOT NULL,
    stop_id text NOT NULL
);

COMMENT ON TABLE public.route_stop IS 'which routes stop where, of the current feeds alone';

CREATE TABLE public.rule_setting (
    name text NOT NULL,
    known_from timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    entered_by text DEFAULT SESSION_USER NOT NULL,
    value text NOT NULL
);

COMMENT ON TABLE public.rule_setting IS 'the settings by which figures are computed, each from a moment on, by the server''s clock';

CREATE TABLE public.service_hours (
    operator_id text NOT NULL,
    day_kind smallint NOT NULL,
    from_minute smallint NOT NULL,
    to_minute smallint NOT NULL,
    entered_by text DEFAULT SESSION_USER NOT NULL,
    known_from timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    known_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    ended_by text,
    CONSTRAINT service_hours_check CHECK ((((from_minute >= 0) AND (from_minute <= 1439)) AND (to_minute > from_minute) AND (to_minute <= (from_minute + 1440)))),
    CONSTRAINT service_hours_check1 CHECK ((known_from <= known_to)),
    CONSTRAINT service_hours_check2 CHECK (((known_to = 'infinity'::timestamp with time zone) = (ended_by IS NULL))),
    CONSTRAINT service_hours_day_kind_check CHECK (((day_kind >= 1) AND (day_kind <= 8)))
);

COMMENT ON TABLE public.service_hours IS 'when an operator''s buses are expected out';

COMMENT ON COLUMN public.service_hours.day_kind IS '1 Monday to 7 Sunday (ISO 8601), 8 a holiday';

COMMENT ON COLUMN public.service_hours.to_minute IS 'local minutes since the day''s midnight, the first one after; past 1440 on the day after';

CREATE TABLE public.shape (
    feed_id bigint NOT NULL,
    shape_id text NOT NULL,
    latitudes integer[] NOT NULL,
    longitudes integer[] NOT NULL,
    CONSTRAINT shape_check CHECK (((cardinality(latitudes) = cardinality(longitudes)) AND (cardinality(latitudes) > 0)))
);

COMMENT ON TABLE public.shape IS 'the ways that a feed''s vehicles drive: the points in the order in which they are passed, WGS 84 in 1e-7 degrees as in report; between two points the way is straight';

CREATE TABLE public.stop (
    feed_id bigint NOT NULL,
    latitude integer NOT NULL,
    longitude integer NOT NULL,
    stop_id text NOT NULL,
    name text,
    code text
);

COMMENT ON TABLE public.stop IS 'where vehicles stop (GTFS location_type 0), of the current feeds alone: no figure rests on it';

CREATE TABLE public.target (
    target_id bigint NOT NULL,
    indicator text NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    operator_id text,
    municipality text,
    vehicle_type text,
    service_kind text,
    ratio double precision NOT NULL,
    set_by text NOT NULL,
    source text NOT NULL,
    claimed_at timestamp with time zone,
    known_from timestamp with time zone NOT NULL,
    known_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    ended_by text,
    CONSTRAINT target_check CHECK ((period_from <= period_to)),
    CONSTRAINT target_check1 CHECK (((operator_id IS NULL) OR (municipality IS NULL))),
    CONSTRAINT target_check2 CHECK ((known_from <= known_to)),
    CONSTRAINT target_check3 CHECK (((known_to = 'infinity'::timestamp with time zone) = (ended_by IS NULL))),
    CONSTRAINT target_ratio_check CHECK (((ratio >= (0)::double precision) AND (ratio <= (1)::double precision)))
);

COMMENT ON TABLE public.target IS 'the planned ratio of an indicator in a period (both days included), of the fleet, of an operator, or of a municipality, or of its vehicles of a type or kind of service alone; known_from <= moment < known_to. Of one scope no two known at the same moment overlap';

COMMENT ON COLUMN public.target.claimed_at IS 'when it was planned, as whoever entered it later says; it moves no figure';

CREATE TABLE public.target_note (
    note_id bigint NOT NULL,
    indicator text NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    operator_id text,
    municipality text,
    vehicle_type text,
    service_kind text,
    note text NOT NULL,
    entered_by text NOT NULL,
    known_from timestamp with time zone NOT NULL,
    known_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    ended_by text,
    CONSTRAINT target_note_check CHECK ((period_from <= period_to)),
    CONSTRAINT target_note_check1 CHECK (((operator_id IS NULL) OR (municipality IS NULL))),
    CONSTRAINT target_note_check2 CHECK ((known_from <= known_to)),
    CONSTRAINT target_note_check3 CHECK (((known_to = 'infinity'::timestamp with time zone) = (ended_by IS NULL)))
);

COMMENT ON TABLE public.target_note IS 'why an indicator deviates from its plan in a period, in words; known_from <= moment < known_to';

ALTER TABLE public.target_note ALTER COLUMN note_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.target_note_note_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.target ALTER COLUMN target_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.target_target_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.trip (
    feed_id bigint NOT NULL,
    direction_id smallint,
    trip_id text NOT NULL,
    route_id text NOT NULL,
    shape_id text
);

COMMENT ON TABLE public.trip IS 'the trips of the current feeds alone; trip_id is what positions name';

CREATE TABLE public.upkeep (
    task text NOT NULL,
    done_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE public.upkeep IS 'when what an administrator has to do was last done: maintenance, backup, archive';

CREATE TABLE public.vehicle (
    vehicle_key integer NOT NULL,
    operator_id text NOT NULL,
    vehicle_id text NOT NULL,
    added_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE public.vehicle IS 'every vehicle ever named, registered or not; the key is what the large tables carry';

CREATE TABLE public.vehicle_day (
    vehicle_key integer NOT NULL,
    day date NOT NULL,
    recorded_on date NOT NULL,
    south integer,
    north integer,
    west integer,
    east integer,
    minutes_count smallint GENERATED ALWAYS AS (bit_count("substring"(minutes, 1, 1624))) STORED NOT NULL,
    live_count smallint GENERATED ALWAYS AS (bit_count("substring"(minutes, 1625, 1624))) STORED NOT NULL,
    route_count smallint GENERATED ALWAYS AS (bit_count("substring"(minutes, 3249, 1624))) STORED NOT NULL,
    minutes bit(16384) DEFAULT (0)::bit(16384) NOT NULL,
    equipment bigint[]
)
WITH (fillfactor='85', toast_tuple_target='128');
ALTER TABLE ONLY public.vehicle_day ALTER COLUMN minutes SET STORAGE MAIN;
ALTER TABLE ONLY public.vehicle_day ALTER COLUMN equipment SET STORAGE MAIN;

COMMENT ON TABLE public.vehicle_day IS 'what a vehicle sent on a service day; kept for ever';

COMMENT ON COLUMN public.vehicle_day.day IS 'service day in the operator''s time zone';

COMMENT ON COLUMN public.vehicle_day.recorded_on IS 'the local day on which this was recorded: what was known on a date is the merger of the rows up to it';

COMMENT ON COLUMN public.vehicle_day.south IS 'the box that the day''s fixes lie in, 1e-7 degrees';

COMMENT ON COLUMN public.vehicle_day.minutes IS 'three maps of 1,624 bits, a bit for each minute since the local midnight (a day has 25 hours once a year, and where a zone was changed as many as 27): with a fix; with one received within 15 minutes of being observed; with one that names a route and lies on it, where its shape is known. Then zeros';

COMMENT ON COLUMN public.vehicle_day.equipment IS 'the day''s last readings (see vehicle_state)';

CREATE TABLE public.vehicle_state (
    contact_at timestamp with time zone,
    fix_at timestamp with time zone,
    fix_heard_at timestamp with time zone,
    rejected_at timestamp with time zone,
    flags bigint DEFAULT 0 NOT NULL,
    vehicle_key integer NOT NULL,
    journey_key integer,
    latitude integer,
    longitude integer,
    speed smallint,
    bearing smallint,
    hdop smallint,
    satellites smallint,
    first_contact_at timestamp with time zone,
    first_observed_at timestamp with time zone,
    first_rejected_at timestamp with time zone,
    rejected_reason text,
    equipment bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    equipment_since timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL
)
WITH (fillfactor='60');

COMMENT ON TABLE public.vehicle_state IS 'the newest known of each vehicle, which has its row from the beginning; a late report never overwrites a newer one';

COMMENT ON COLUMN public.vehicle_state.contact_at IS 'when it was heard last: by our reception, or by its own clock where a gateway tells that';

COMMENT ON COLUMN public.vehicle_state.fix_heard_at IS 'when a position was heard last, however old';

COMMENT ON COLUMN public.vehicle_state.flags IS 'what the readings say, as flags';

COMMENT ON COLUMN public.vehicle_state.first_observed_at IS 'the first moment of which it sent a position or a flag';

COMMENT ON COLUMN public.vehicle_state.equipment IS 'readings: element 2 * number + 1 is the newest of a kind being fitted, + 2 of it working; microseconds since 1970, times 4, plus 1 (yes) or 2 (no), so that the greater of two is the newer, and of one instant the worse';

COMMENT ON COLUMN public.vehicle_state.equipment_since IS 'the moment of the first reading in each place of equipment: before it nothing has to be looked for';

ALTER TABLE public.vehicle ALTER COLUMN vehicle_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.vehicle_vehicle_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.worker_uptime (
    worker text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    CONSTRAINT worker_uptime_check CHECK ((started_at <= last_seen_at))
)
WITH (fillfactor='50');

COMMENT ON TABLE public.worker_uptime IS 'when a worker was up and connected to the broker, one row an unbroken span; outside of all rows ingest was down';

ALTER TABLE ONLY public.access_change
    ADD CONSTRAINT access_change_pkey PRIMARY KEY (change_id);

ALTER TABLE ONLY public.archived_file
    ADD CONSTRAINT archived_file_pkey PRIMARY KEY (day, part);

ALTER TABLE ONLY public.backfilled_file
    ADD CONSTRAINT backfilled_file_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY public.broker_session
    ADD CONSTRAINT broker_session_pkey PRIMARY KEY (client_id);

ALTER TABLE ONLY public.dismissal
    ADD CONSTRAINT dismissal_pkey PRIMARY KEY (vehicle_key, known_from);

ALTER TABLE ONLY public.equipment_kind
    ADD CONSTRAINT equipment_kind_name_key UNIQUE (name);

ALTER TABLE ONLY public.equipment_kind
    ADD CONSTRAINT equipment_kind_pkey PRIMARY KEY (number);

ALTER TABLE ONLY public.forgotten_vehicle
    ADD CONSTRAINT forgotten_vehicle_pkey PRIMARY KEY (vehicle_key);

ALTER TABLE ONLY public.holiday
    ADD CONSTRAINT holiday_day_operator_id_known_from_key UNIQUE NULLS NOT DISTINCT (day, operator_id, known_from);

ALTER TABLE ONLY public.horizon
    ADD CONSTRAINT horizon_pkey PRIMARY KEY (relation);

ALTER TABLE ONLY public.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (is_installation);

ALTER TABLE ONLY public.journey
    ADD CONSTRAINT journey_pkey PRIMARY KEY (journey_key);

ALTER TABLE ONLY public.journey
    ADD CONSTRAINT journey_route_id_trip_id_key UNIQUE NULLS NOT DISTINCT (route_id, trip_id);

ALTER TABLE ONLY public.late_reception
    ADD CONSTRAINT late_reception_pkey PRIMARY KEY (hour);

ALTER TABLE ONLY public.list_profile
    ADD CONSTRAINT list_profile_pkey PRIMARY KEY (list, name, known_from);

ALTER TABLE ONLY public.milestone
    ADD CONSTRAINT milestone_pkey PRIMARY KEY (milestone_id);

ALTER TABLE ONLY public.official_figure
    ADD CONSTRAINT official_figure_pkey PRIMARY KEY (figure_id);

ALTER TABLE ONLY public.operator_history
    ADD CONSTRAINT operator_history_pkey PRIMARY KEY (operator_id, known_from);

ALTER TABLE ONLY public.operator
    ADD CONSTRAINT operator_pkey PRIMARY KEY (operator_id);

ALTER TABLE ONLY public.operator_rename
    ADD CONSTRAINT operator_rename_pkey PRIMARY KEY (operator_id, known_to);

ALTER TABLE ONLY public.probe
    ADD CONSTRAINT probe_pkey PRIMARY KEY (is_probe);

ALTER TABLE ONLY public.published_day
    ADD CONSTRAINT published_day_pkey PRIMARY KEY (vehicle_key, day);

ALTER TABLE ONLY public.published_since
    ADD CONSTRAINT published_since_pkey PRIMARY KEY (is_recorded);

ALTER TABLE ONLY public.reception
    ADD CONSTRAINT reception_pkey PRIMARY KEY (hour, worker);

ALTER TABLE ONLY public.reception_rejected
    ADD CONSTRAINT reception_rejected_pkey PRIMARY KEY (hour, worker, reason);

ALTER TABLE ONLY public.recorded_later
    ADD CONSTRAINT recorded_later_pkey PRIMARY KEY (vehicle_key, observed_at);

ALTER TABLE ONLY public.registry_change
    ADD CONSTRAINT registry_change_pkey PRIMARY KEY (change_id);

ALTER TABLE ONLY public.registry_entry
    ADD CONSTRAINT registry_entry_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY public.rejected_message
    ADD CONSTRAINT rejected_message_digest_reason_key UNIQUE (digest, reason);

ALTER TABLE ONLY public.rejected_message
    ADD CONSTRAINT rejected_message_pkey PRIMARY KEY (rejected_id);

ALTER TABLE ONLY public.rejection
    ADD CONSTRAINT rejection_pkey PRIMARY KEY (vehicle_key, minute);

ALTER TABLE ONLY public.report
    ADD CONSTRAINT report_pkey PRIMARY KEY (vehicle_key, observed_at);

ALTER TABLE ONLY public.route_feed
    ADD CONSTRAINT route_feed_pkey PRIMARY KEY (feed_id);

ALTER TABLE ONLY public.route
    ADD CONSTRAINT route_pkey PRIMARY KEY (feed_id, route_id);

ALTER TABLE ONLY public.route_shape
    ADD CONSTRAINT route_shape_pkey PRIMARY KEY (feed_id, route_id, shape_id);

ALTER TABLE ONLY public.route_stop
    ADD CONSTRAINT route_stop_pkey PRIMARY KEY (feed_id, route_id, stop_id);

ALTER TABLE ONLY public.rule_setting
    ADD CONSTRAINT rule_setting_pkey PRIMARY KEY (name, known_from);

ALTER TABLE ONLY public.service_hours
    ADD CONSTRAINT service_hours_pkey PRIMARY KEY (operator_id, day_kind, from_minute, known_from);

ALTER TABLE ONLY public.shape
    ADD CONSTRAINT shape_pkey PRIMARY KEY (feed_id, shape_id);

ALTER TABLE ONLY public.stop
    ADD CONSTRAINT stop_pkey PRIMARY KEY (feed_id, stop_id);

ALTER TABLE ONLY public.target_note
    ADD CONSTRAINT target_note_pkey PRIMARY KEY (note_id);

ALTER TABLE ONLY public.target
    ADD CONSTRAINT target_pkey PRIMARY KEY (target_id);

ALTER TABLE ONLY public.trip
    ADD CONSTRAINT trip_pkey PRIMARY KEY (feed_id, trip_id);

ALTER TABLE ONLY public.upkeep
    ADD CONSTRAINT upkeep_pkey PRIMARY KEY (task);

ALTER TABLE ONLY public.vehicle_day
    ADD CONSTRAINT vehicle_day_pkey PRIMARY KEY (vehicle_key, day, recorded_on);

ALTER TABLE ONLY public.vehicle
    ADD CONSTRAINT vehicle_operator_id_vehicle_id_key UNIQUE (operator_id, vehicle_id);

ALTER TABLE ONLY public.vehicle
    ADD CONSTRAINT vehicle_pkey PRIMARY KEY (vehicle_key);

ALTER TABLE ONLY public.vehicle_state
    ADD CONSTRAINT vehicle_state_pkey PRIMARY KEY (vehicle_key);

ALTER TABLE ONLY public.vehicle
    ADD CONSTRAINT vehicle_vehicle_key_operator_id_key UNIQUE (vehicle_key, operator_id);

ALTER TABLE ONLY public.worker_uptime
    ADD CONSTRAINT worker_uptime_pkey PRIMARY KEY (worker, started_at);

CREATE INDEX operator_added ON public.operator USING btree (added_at);

CREATE INDEX operator_rename_formerly ON public.operator_rename USING btree (formerly, known_to);

CREATE INDEX published_day_day ON public.published_day USING btree (day);

CREATE UNIQUE INDEX registry_entry_current ON public.registry_entry USING btree (vehicle_key, in_service_from) WHERE (known_to = 'infinity'::timestamp with time zone);

CREATE INDEX registry_entry_operator ON public.registry_entry USING btree (operator_id);

CREATE INDEX registry_entry_vehicle ON public.registry_entry USING btree (vehicle_key);

CREATE INDEX rejected_message_quota ON public.rejected_message USING btree (quota_of, received_at);

CREATE INDEX rejected_message_vehicle ON public.rejected_message USING btree (operator_id, vehicle_id);

CREATE INDEX report_late ON public.report USING btree (received_at) WHERE ((received_at - observed_at) > '00:01:00'::interval);

CREATE UNIQUE INDEX route_feed_current ON public.route_feed USING btree (operator_id) NULLS NOT DISTINCT WHERE (known_to = 'infinity'::timestamp with time zone);

CREATE INDEX target_current ON public.target USING btree (indicator, period_from) WHERE (known_to = 'infinity'::timestamp with time zone);

CREATE INDEX vehicle_added ON public.vehicle USING btree (added_at);

CREATE INDEX vehicle_day_day ON public.vehicle_day USING btree (day);

CREATE INDEX vehicle_day_late ON public.vehicle_day USING btree (day, vehicle_key) WHERE (recorded_on <> day);

CREATE TRIGGER operator_inserted AFTER INSERT ON public.operator FOR EACH ROW EXECUTE FUNCTION public.keep_operator_history();

CREATE TRIGGER operator_updated AFTER UPDATE ON public.operator FOR EACH ROW WHEN ((((old.name IS DISTINCT FROM new.name) OR (old.time_zone IS DISTINCT FROM new.time_zone)) OR (old.contact IS DISTINCT FROM new.contact))) EXECUTE FUNCTION public.keep_operator_history();

CREATE TRIGGER vehicle_inserted AFTER INSERT ON public.vehicle FOR EACH ROW EXECUTE FUNCTION public.begin_vehicle();

ALTER TABLE ONLY public.dismissal
    ADD CONSTRAINT dismissal_vehicle_key_fkey FOREIGN KEY (vehicle_key) REFERENCES public.vehicle(vehicle_key);

ALTER TABLE ONLY public.forgotten_vehicle
    ADD CONSTRAINT forgotten_vehicle_vehicle_key_fkey FOREIGN KEY (vehicle_key) REFERENCES public.vehicle(vehicle_key);

ALTER TABLE ONLY public.holiday
    ADD CONSTRAINT holiday_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operator(operator_id) ON UPDATE CASCADE;

ALTER TABLE ONLY public.official_figure
    ADD CONSTRAINT official_figure_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operator(operator_id) ON UPDATE CASCADE;

ALTER TABLE ONLY public.operator_history
    ADD CONSTRAINT operator_history_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operator(operator_id) ON UPDATE CASCADE;

ALTER TABLE ONLY public.operator_rename
    ADD CONSTRAINT operator_rename_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operator(operator_id) ON UPDATE CASCADE;

ALTER TABLE ONLY public.published_day
    ADD CONSTRAINT published_day_vehicle_key_fkey FOREIGN KEY (vehicle_key) REFERENCES public.vehicle(vehicle_key);

ALTER TABLE ONLY public.registry_entry
    ADD CONSTRAINT registry_entry_change_id_fkey FOREIGN KEY (change_id) REFERENCES public.registry_change(change_id);

ALTER TABLE ONLY public.registry_entry
    ADD CONSTRAINT registry_entry_superseded_by_fkey FOREIGN KEY (superseded_by) REFERENCES public.registry_change(change_id);

ALTER TABLE ONLY public.registry_entry
    ADD CONSTRAINT registry_entry_vehicle_key_operator_id_fkey FOREIGN KEY (vehicle_key, operator_id) REFERENCES public.vehicle(vehicle_key, operator_id) ON UPDATE CASCADE;

ALTER TABLE ONLY public.route
    ADD CONSTRAINT route_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.route_feed(feed_id);

ALTER TABLE ONLY public.route_feed
    ADD CONSTRAINT route_feed_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operator(operator_id) ON UPDATE CASCADE;

ALTER TABLE ONLY public.route_shape
    ADD CONSTRAINT route_shape_feed_id_route_id_fkey FOREIGN KEY (feed_id, route_id) REFERENCES public.route(feed_id, route_id);

ALTER TABLE ONLY public.route_shape
    ADD CONSTRAINT route_shape_feed_id_shape_id_fkey FOREIGN KEY (feed_id, shape_id) REFERENCES public.shape(feed_id, shape_id);

ALTER TABLE ONLY public.route_stop
    ADD CONSTRAINT route_stop_feed_id_route_id_fkey FOREIGN KEY (feed_id, route_id) REFERENCES public.route(feed_id, route_id);

ALTER TABLE ONLY public.route_stop
    ADD CONSTRAINT route_stop_feed_id_stop_id_fkey FOREIGN KEY (feed_id, stop_id) REFERENCES public.stop(feed_id, stop_id);

ALTER TABLE ONLY public.service_hours
    ADD CONSTRAINT service_hours_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operator(operator_id) ON UPDATE CASCADE;

ALTER TABLE ONLY public.shape
    ADD CONSTRAINT shape_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.route_feed(feed_id);

ALTER TABLE ONLY public.stop
    ADD CONSTRAINT stop_feed_id_fkey FOREIGN KEY (feed_id) REFERENCES public.route_feed(feed_id);

ALTER TABLE ONLY public.target_note
    ADD CONSTRAINT target_note_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operator(operator_id) ON UPDATE CASCADE;

ALTER TABLE ONLY public.trip
    ADD CONSTRAINT trip_feed_id_route_id_fkey FOREIGN KEY (feed_id, route_id) REFERENCES public.route(feed_id, route_id);

ALTER TABLE ONLY public.vehicle_day
    ADD CONSTRAINT vehicle_day_vehicle_key_fkey FOREIGN KEY (vehicle_key) REFERENCES public.vehicle(vehicle_key);

ALTER TABLE ONLY public.vehicle
    ADD CONSTRAINT vehicle_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES public.operator(operator_id) ON UPDATE CASCADE;

ALTER TABLE ONLY public.vehicle_state
    ADD CONSTRAINT vehicle_state_journey_key_fkey FOREIGN KEY (journey_key) REFERENCES public.journey(journey_key);

ALTER TABLE ONLY public.vehicle_state
    ADD CONSTRAINT vehicle_state_vehicle_key_fkey FOREIGN KEY (vehicle_key) REFERENCES public.vehicle(vehicle_key);
