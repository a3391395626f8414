from datetime import timedelta
from typing import Any

import pytest

from models.gateways import Gateways
from models.rejection import RejectReason
from models.report import Fix, Report
from models.rules import Rules
from models.vehicle import VehicleId
from tests.unit.models.messages import (
    OBSERVED_AT,
    OWNTRACKS_TOPIC,
    RECEIVED_AT,
    location,
    rejection_of,
    report_of,
)

BUS = VehicleId("ivpat-1", "1024")


def test_a_location_becomes_a_fix() -> None:
    """km/h become m/s, the course a bearing; an accuracy in metres is not an hdop."""
    expected = Report(BUS, OBSERVED_AT, Fix(56.9971, 40.9713, 10.0, 90.0))
    assert report_of(OWNTRACKS_TOPIC, location()) == expected


@pytest.mark.parametrize("unknown", [{"vel": -1, "cog": -1}, {"vel": None, "cog": None}])
def test_what_the_phone_does_not_know_is_none(unknown: dict[str, Any]) -> None:
    """iOS writes -1 for an unknown speed or course: no bus drives so."""
    fix = report_of(OWNTRACKS_TOPIC, location(**unknown)).fix
    assert fix == Fix(56.9971, 40.9713)


@pytest.mark.parametrize("without", [{"acc": -1}, {"acc": "-1"}, {"lat": None, "lon": None}])
def test_a_location_flagged_invalid_is_a_contact(without: dict[str, Any]) -> None:
    """A negative accuracy is how iOS says that the coordinates mean nothing."""
    report = report_of(OWNTRACKS_TOPIC, location(**without))
    assert report == Report(BUS, OBSERVED_AT)


def test_coordinates_may_be_texts() -> None:
    """Gateways write OwnTracks' format from whatever they read."""
    assert report_of(OWNTRACKS_TOPIC, location(lat="56.9971", lon="40.9713")) == report_of(
        OWNTRACKS_TOPIC, location()
    )


@pytest.mark.parametrize(
    ("created_at", "later"),
    [(1748779201, 1), ("1748779201", 1), (1748779200, 0), (None, None), ("soon", None), ([], None)],
)
def test_a_message_says_when_it_was_made(created_at: Any, later: int | None) -> None:
    """A location that waited, or comes again, was observed at tst and sent at created_at."""
    report = report_of(OWNTRACKS_TOPIC, location(created_at=created_at))
    assert report.observed_at == OBSERVED_AT
    assert report.sent_at == (None if later is None else OBSERVED_AT + timedelta(seconds=later))
    crossed = {"_type": "transition", "tst": 1748779200, "created_at": created_at}
    assert report_of(OWNTRACKS_TOPIC + "/event", crossed).sent_at == report.sent_at


@pytest.mark.parametrize("retained", [False, True])
def test_a_last_will_is_the_brokers_word_of_now(retained: bool) -> None:
    """Its tst is when the device once connected, maybe months ago, so it is not used."""
    report = report_of(OWNTRACKS_TOPIC, {"_type": "lwt", "tst": 1}, retained=retained)
    assert report == Report(BUS, RECEIVED_AT, heard=False)


def test_a_transition_is_a_contact_at_its_time() -> None:
    """The location that caused it is published beside it."""
    crossed = {"_type": "transition", "event": "enter", "wtst": 1, "tst": 1748779200}
    report = report_of(OWNTRACKS_TOPIC + "/event", crossed)
    assert report == Report(BUS, OBSERVED_AT)


@pytest.mark.parametrize("retained", [False, True])
@pytest.mark.parametrize(
    "kind",
    ["beacon", "card", "configuration", "dump", "status", "steps", "waypoint", "waypoints"],
)
def test_other_types_say_that_the_device_is_there(kind: str, retained: bool) -> None:
    """A waypoint's tst is the day it was drawn; a retained card is the broker's memory."""
    report = report_of(OWNTRACKS_TOPIC, {"_type": kind, "tst": 1}, retained=retained)
    assert report == Report(BUS, RECEIVED_AT, heard=not retained)


@pytest.mark.parametrize("accuracy", [-1, 200.5, "1000", 5_000])
def test_a_position_that_may_be_far_off_is_no_fix(accuracy: object) -> None:
    """200 m by default: one from cell towers is a contact, and so is what iOS marks as invalid."""
    report = report_of(OWNTRACKS_TOPIC, location(acc=accuracy))
    assert report.fix is None
    assert report_of(OWNTRACKS_TOPIC, location(acc=200)).fix is not None
    wide = Rules(gateways=Gateways(owntracks_accuracy_m=10_000))
    usable = report_of(OWNTRACKS_TOPIC, location(acc=accuracy), rules=wide).fix is not None
    assert usable is (accuracy != -1)


def test_an_encrypted_payload_says_what_to_do() -> None:
    """The detail is for the person who has to correct it."""
    rejection = rejection_of(OWNTRACKS_TOPIC, {"_type": "encrypted", "data": "x"})
    assert rejection.reason is RejectReason.SCHEMA
    assert "encrypted" in rejection.detail
    assert rejection.vehicle == BUS


@pytest.mark.parametrize(
    "payload",
    [
        [location()],
        {},
        {"_type": None},
        {"_type": ["location"]},
        {"_type": "cmd", "action": "dump"},
        {"_type": "msg"},
        location(tst=None),
        location(lat="57,1"),
        location(lat=True),
        location(lat=[57]),
        {"_type": "location", "tst": 1748779200},
        {"_type": "transition"},
    ],
)
def test_a_payload_of_another_form_is_rejected(payload: Any) -> None:
    """An unknown type, or a known one without what it needs."""
    assert rejection_of(OWNTRACKS_TOPIC, payload).reason is RejectReason.SCHEMA


@pytest.mark.parametrize(
    "topic",
    [
        "owntracks/a",
        "owntracks/a/",
        "owntracks//b",
        "owntracks/a/b/",
        "owntracks/a/b/event/x",
        "owntracks/a/b\x00",
    ],
)
def test_a_topic_that_no_device_publishes_on_is_unknown(topic: str) -> None:
    """What does not name one vehicle is nobody's."""
    assert rejection_of(topic, location()).reason is RejectReason.UNKNOWN_TOPIC
