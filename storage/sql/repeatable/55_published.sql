-- What was in the public feeds: the one way in which it is recorded.

create or replace function record_published(operators text[], vehicles text[], at timestamptz)
returns void language sql security definer
-- Who may call it writes the present minute, and no other: neither one of a day that is over, whose
-- figure was published, nor one to come. Five minutes are what a look and its way here may take.
begin atomic
    insert into published_since default values on conflict do nothing;
    with local as materialized (
        select place.operator_id, place.day,
               minutes_begin(place.operator_id, place.day, record_published.at) as begins
        from days_at(record_published.at) as place
        join days_at(clock_timestamp()) as today using (operator_id, day)
        where record_published.at between clock_timestamp() - interval '5 minutes'
                                      and clock_timestamp() + interval '1 minute'
    )
    insert into published_day as known (vehicle_key, day, minutes)
    select vehicle.vehicle_key, local.day,
           set_bit(0::bit(1624),
                   mod(minutes_between(local.begins, record_published.at), 1624), 1)
    from unnest(record_published.operators, record_published.vehicles)
        as seen (operator_id, vehicle_id)
    join vehicle on vehicle.operator_id = seen.operator_id
                and vehicle.vehicle_id = seen.vehicle_id
    join local on local.operator_id = vehicle.operator_id
    order by vehicle.vehicle_key
    on conflict (vehicle_key, day) do update
    set minutes = known.minutes | excluded.minutes
    where known.minutes | excluded.minutes <> known.minutes;
end;
comment on function record_published is 'puts on record that vehicles are in the public feeds at a moment, which is now: the same minute again, from another process too, changes nothing';
