from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.decode import decode
from models.rejection import RejectReason
from models.report import Fix, Report
from models.rules import Rules
from models.vehicle import VehicleId
from tests.unit.models.messages import HFP_TOPIC, OBSERVED_AT, event, rejection_of, report_of
from tests.unit.models.recording import recorded

HAND_MADE = Path(__file__).parent / "data" / "hand_made.dump"
KINDS = (
    *("VP", "DUE", "ARR", "DEP", "ARS", "PDE", "PAS", "WAIT", "DOO", "DOC", "VJA", "VJOUT"),
    *("TLR", "TLA", "DA", "DOUT", "BA", "BOUT", "APC"),
)
STEM = "/hfp/v2/journey/ongoing/vp/bus"


def test_an_event_becomes_a_fix() -> None:
    """Speed is in m/s already, the heading is a bearing, the route and trip are kept."""
    fix = Fix(60.173036, 24.948786, 9.0, 203.0, route_id="1065", trip_id="1065/2/2025-06-01/15:00")
    assert report_of(HFP_TOPIC, event()) == Report(VehicleId("0018", "678"), OBSERVED_AT, fix)


@pytest.mark.parametrize(
    "kind",
    KINDS,
)
def test_every_kind_of_event_is_an_observation(kind: str) -> None:
    """Whatever happened, the message says where the vehicle is."""
    topic = HFP_TOPIC.replace("/vp/", f"/{kind.lower()}/")
    assert report_of(topic, event(kind)) == report_of(HFP_TOPIC, event())


@pytest.mark.parametrize(
    ("padded", "number"),
    [("00678", "678"), ("01124", "1124"), ("00000", "0"), ("12345", "12345"), ("7", "7")],
)
def test_the_vehicle_number_loses_its_padding(padded: str, number: str) -> None:
    """The fleet list writes 678 and 0018: the vehicle without padding, the operator with it."""
    report = report_of(f"{STEM}/0018/{padded}", event(veh=int(padded)))
    assert report.vehicle == VehicleId("0018", number)


@pytest.mark.parametrize("oper", [6, 18, None, "x", []])
def test_the_running_operator_does_not_matter(oper: Any) -> None:
    """The topic's operator owns the vehicle; another one may run the trip."""
    assert report_of(HFP_TOPIC, event(oper=oper)).vehicle.operator_id == "0018"


@pytest.mark.parametrize("veh", [678, 678.0, "678", "00678", None])
def test_the_payload_may_name_the_vehicle(veh: Any) -> None:
    """A number agrees with its padded form, and where none is named none disagrees."""
    assert report_of(HFP_TOPIC, event(veh=veh)).vehicle == VehicleId("0018", "678")


@pytest.mark.parametrize("veh", [679, 0, -678, 6780, "678a", "", 678.5])
def test_another_vehicle_number_is_a_mismatch(veh: Any) -> None:
    """Topic and payload have to name the same vehicle."""
    rejection = rejection_of(HFP_TOPIC, event(veh=veh))
    assert rejection.reason is RejectReason.TOPIC_MISMATCH
    assert rejection.vehicle == VehicleId("0018", "678")


@pytest.mark.parametrize("without", [{"lat": None, "long": None}, {"lat": None}, {"long": None}])
def test_an_event_without_a_position_is_a_contact(without: dict[str, Any]) -> None:
    """A bus that goes on publishing in a tunnel has been heard."""
    report = report_of(HFP_TOPIC, event(**without))
    assert report.fix is None
    assert report.heard


@pytest.mark.parametrize(
    ("source", "located"),
    [
        ("GPS", True),
        ("ODO", True),
        ("DR", True),
        ("MAN", True),
        ("N/A", False),
        ("n/a", False),
        (None, True),
    ],
)
def test_a_location_that_is_unavailable_is_a_contact(source: Any, located: bool) -> None:
    """By odometer, dead reckoning or the metro's tracks a vehicle is located all the same."""
    assert (report_of(HFP_TOPIC, event(loc=source)).fix is not None) == located


@pytest.mark.parametrize("missing", ["route", "dir", "oday", "start"])
def test_a_trip_needs_all_its_parts(missing: str) -> None:
    """Three parts of four identify no trip."""
    fix = report_of(HFP_TOPIC, event("VP", **{missing: None})).fix
    assert fix is not None
    assert fix.trip_id is None


@pytest.mark.parametrize(
    "headsign", ["Ylä Mylly (M)", "Satama / Hamn", "a {b} [c]", "", "/////", "x" * 500]
)
def test_anything_may_stand_in_a_headsign(headsign: str) -> None:
    """What follows the vehicle number is not looked at."""
    topic = f"{STEM}/0018/00678/1065/2/{headsign}/06:05/1020201/0/60;24/19/74/38"
    assert report_of(topic, event()) == report_of(HFP_TOPIC, event())


@pytest.mark.parametrize(
    "topic",
    [
        "/hfp/v2/",
        "/hfp/v2/journey/ongoing/vp/bus/0018",
        "/hfp/v2/journey/ongoing/vp/bus/0018/",
        "/hfp/v2/journey/ongoing/vp/bus//00678",
        "/hfp/v2/journey/ongoing/vp/bus/0018/6\x0078",
        "/hfp/v1/journey/ongoing/bus/0018/00678",
        "hfp/v2/journey/ongoing/vp/bus/0018/00678",
    ],
)
def test_a_topic_without_a_vehicle_is_unknown(topic: str) -> None:
    """Identity comes from the topic, so one that names nobody is of no use."""
    assert rejection_of(topic, event()).reason is RejectReason.UNKNOWN_TOPIC


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        None,
        event()["VP"],
        event() | event("ARR"),
        {"VP": None},
        {"VP": []},
        {"VP": {}},
        event(tst=None),
        event(tst="2025-06-01T12:00:00"),
        event(lat="60.1"),
        event(veh=[678]),
    ],
)
def test_a_payload_of_another_form_is_rejected(payload: Any) -> None:
    """One object with one key, and in it at least the time."""
    assert rejection_of(HFP_TOPIC, payload).reason is RejectReason.SCHEMA


def test_the_hand_made_lines_decode_as_they_were_meant() -> None:
    """Fix, fix by odometer, no position, deadrun, vehicle 0: in the recorded form."""
    reports = [
        report
        for received_at, topic, payload in recorded(HAND_MADE)
        for report in decode(topic, payload, received_at, Rules()).reports
    ]
    assert [report.vehicle.vehicle_id for report in reports] == ["42", "42", "42", "42", "0"]
    assert [report.fix is not None for report in reports] == [True, True, False, True, True]
    assert reports[0].fix == Fix(
        61.135246,
        25.246135,
        12.5,
        0.0,
        route_id="1900K",
        trip_id="1900K/2/2026-03-02/07:05",
    )
    assert reports[3].observed_at == datetime(2026, 3, 2, 5, 10, 3, 100_000, tzinfo=UTC)
    assert reports[3].fix == Fix(61.13526, 25.24615, 3.2, 12.0)
