"""Random histories of a small fleet: what is sent and registered about one midnight."""

from datetime import date, timedelta

from hypothesis import strategies as st

from models.equipment import DEFAULT_KINDS, Flag
from models.registry import RegistryEntry
from models.rejection import RejectReason
from models.report import Fix, Report
from models.vehicle import VehicleId
from tests.integration.storage.fleet_history import T0, History, Received, RejectedReport

SECOND = timedelta(seconds=1)
TODAY = date(2024, 6, 13)
"""The local day of T0 in the east; in the west it is the day before."""
GATEWAYS = VehicleId("west", "traccar")
"""Whose gateway says when it was heard."""
VEHICLES = [VehicleId("east", "1"), VehicleId("east", "2"), VehicleId("west", "1")]
"""Few, so that much happens to each of them."""

vehicles = st.sampled_from(VEHICLES)
offsets = st.one_of(
    st.integers(-31, 6).map(lambda tens: 10 * tens),
    st.sampled_from([-90, -91, -300, -301, -3600, -3601, -86400, -86401, -9 * 86400]),
)
moments = offsets.map(lambda seconds: T0 + seconds * SECOND)
delays = st.sampled_from([2, 2, 2, 2, 2, 10 * 60, 3 * 3600, 2 * 86400, 12 * 86400]).map(
    lambda s: s * SECOND
)
"""From being observed to being received; reports that come at once are all as quick."""
routes = st.sampled_from([None, "7", "12"])
spoken = st.dictionaries(
    st.sampled_from(DEFAULT_KINDS.names),
    st.builds(Flag, st.booleans(), st.none() | st.booleans()),
)
truths = st.none() | st.booleans()
presents = st.integers(-3, 4).map(lambda days: T0 + timedelta(days=days))
"""What now may be: before, between and after the periods in which the vehicles are in service."""


@st.composite
def periods(draw: st.DrawFn, vehicle: VehicleId) -> list[RegistryEntry]:
    """One after the other, with days between them or none; perhaps since ever and for ever."""
    names = st.sampled_from([None, "A", "B"])
    begins, entries = TODAY + timedelta(days=draw(st.integers(-4, 2))), []
    for _ in range(draw(st.integers(1, 3))):
        ends = begins + timedelta(days=draw(st.integers(0, 2)))
        attributes = {
            "route_id": draw(routes),
            "depot": draw(names),
            "municipality": draw(names),
            "vehicle_type": draw(names),
        }
        declared = {kind: draw(truths) for kind in DEFAULT_KINDS.names}
        entries.append(
            RegistryEntry(
                vehicle,
                None,
                begins,
                ends,
                {name: value for name, value in attributes.items() if value is not None},
                {kind: fitted for kind, fitted in declared.items() if fitted is not None},
            )
        )
        begins = ends + timedelta(days=draw(st.integers(1, 3)))
    if draw(st.booleans()):
        entries[0] = entries[0]._replace(in_service_from=None)
    if draw(st.booleans()):
        entries[-1] = entries[-1]._replace(in_service_to=None)
    return entries


def _fix(drawn: tuple[float, str | None]) -> Fix:
    latitude, route_id = drawn
    return Fix(latitude, 41.0, route_id=route_id)


@st.composite
def received(draw: st.DrawFn) -> Received:
    """A report of any kind: live or late, timed by a gateway, or retained by the broker."""
    fix = draw(st.none() | st.tuples(st.sampled_from([57.0, 57.1]), routes).map(_fix))
    observed_at, delay = draw(moments), draw(delays)
    bits = DEFAULT_KINDS.bits(draw(spoken))
    if draw(st.integers(0, 5)):
        return Received(Report(draw(vehicles), observed_at, fix, bits), observed_at + delay)
    # A gateway's word is of its own vehicle: it does not tell its time in one report only.
    sent_at = observed_at + draw(st.sampled_from([0, 5, 40, 7200])) * SECOND
    report = Report(GATEWAYS, observed_at, fix, bits, sent_at=sent_at)
    return Received(report, sent_at + delay)


@st.composite
def rejections(draw: st.DrawFn) -> RejectedReport:
    reason = draw(st.sampled_from([RejectReason.IN_FUTURE, RejectReason.SCHEMA]))
    return RejectedReport(draw(vehicles), draw(moments.filter(lambda moment: moment <= T0)), reason)


@st.composite
def histories(draw: st.DrawFn) -> History:
    # Some of it again, late, in any order, and some of it of an instant that is there already.
    said = draw(st.lists(received(), max_size=25))
    rejected = draw(
        st.lists(rejections(), max_size=8, unique_by=lambda r: (r.vehicle, r.received_at))
    )
    again = draw(st.lists(st.sampled_from(said), max_size=5)) if said else []
    registered = draw(st.lists(vehicles | st.just(GATEWAYS), unique=True))
    return History(
        entries=[entry for vehicle in registered for entry in draw(periods(vehicle))],
        events=draw(st.permutations([*said, *again, *rejected])),
        batch_size=draw(st.integers(1, 12)),
    )
