import pytest

from models.decode import decode
from models.report import Report
from models.rules import Rules
from tests.unit.models.recording import real_recordings, recorded


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    """Every report of the real recordings, none of which may be rejected."""
    dumps = real_recordings()
    found: list[Report] = []
    for received_at, topic, payload in (message for dump in dumps for message in recorded(dump)):
        decoded = decode(topic, payload, received_at, Rules())
        assert decoded.rejections == []
        found += decoded.reports
    return found


def test_every_recorded_line_is_a_fix(reports: list[Report]) -> None:
    """Nothing that Helsinki's buses really sent is rejected or loses its position."""
    assert len(reports) == 387
    assert all(report.fix for report in reports)


def test_repeated_moments_are_seen_as_such(reports: list[Report]) -> None:
    """383 vehicle-moments, four of them sent twice by different events."""
    assert len({(report.vehicle, report.observed_at) for report in reports}) == 383


def test_the_recorded_vehicles_are_those_of_the_fleet_list(reports: list[Report]) -> None:
    """Operators keep their zeros, vehicles lose them, as the real fleet list has it."""
    assert {str(report.vehicle) for report in reports} == {
        "0012/1124",
        "0012/1913",
        "0018/678",
        "0018/679",
    }


def test_recorded_measurements_are_plausible(reports: list[Report]) -> None:
    """Real speeds and headings pass the bounds; deadruns have no trip."""
    fixes = [report.fix for report in reports if report.fix]
    assert all(fix.speed_mps is not None and fix.bearing_deg is not None for fix in fixes)
    assert {fix.trip_id is None for fix in fixes} == {True, False}
