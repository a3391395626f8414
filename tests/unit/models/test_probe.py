"""The self-probe's report against what is made of it."""

from datetime import UTC, datetime

import pytest

from models import probe
from models.decode import decode
from models.registry import BadEntry, entry_of
from models.report import Report
from models.rules import Rules, ServiceArea

NOW = datetime(2026, 11, 21, 12, 0, 30, 123456, tzinfo=UTC)


def test_a_probe_is_a_contact_in_every_service_area() -> None:
    """It decodes into one report, of its moment and of no place."""
    rules = Rules(service_area=ServiceArea(39.5, 56.3, 43.3, 57.8))
    found = decode(probe.TOPIC.encode(), probe.payload(NOW), NOW, rules)
    assert found.rejections == []
    assert found.reports == [Report(probe.VEHICLE, NOW)]


def test_no_registry_has_the_probe() -> None:
    """A fleet list with the reserved operator is rejected, and says why."""
    with pytest.raises(BadEntry, match="operator_id: 'fleetgauge' is reserved"):
        entry_of({"operator_id": probe.OPERATOR, "vehicle_id": "101"})
