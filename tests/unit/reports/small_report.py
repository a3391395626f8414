"""The report of four buses, small enough to be counted by hand."""

from datetime import date, time, timedelta
from typing import Any

from models.indicator import Grouping, Indicator
from models.kpi import KpiOfDate, KpiRule, VehicleKpi, year_before
from models.report import Equipment
from models.share import EquipmentState
from models.target import Scope
from models.vehicle import VehicleId
from reports.documents import KpiDocument
from reports.kpi_document import Downtime, KpiReport, Records, report_document

ON = date(2024, 12, 31)
NOON = time(12)
HOSTILE = "=<b>\"&'Ж"


def _vehicle(number: int, minutes: int, fitted: bool | None, declared: bool | None) -> VehicleKpi:
    state = EquipmentState(fitted, declared, None)
    return VehicleKpi(
        VehicleId("op", str(number)),
        None,
        "7",
        HOSTILE,
        None,
        minutes,
        ON if minutes else None,
        {Equipment.CCTV: state, Equipment.CASHLESS: EquipmentState(None, None, None)},
    )


FLEET = [
    _vehicle(1, 30, True, False),
    _vehicle(2, 10, None, True),
    _vehicle(3, 9, False, True),
    _vehicle(4, 0, None, None),
]


def small_report(**changed: Any) -> KpiDocument:
    """Return the report of four buses, made with some of its parts changed."""
    kpi = KpiOfDate(ON, None, KpiRule(), FLEET)
    report = KpiReport(
        kpi,
        year_before(ON),
        kpi._replace(vehicles=FLEET[2:]),
        {Scope(): {Indicator.TRACKABLE: 0.793}},
        Downtime(timedelta(minutes=15), None, []),
        Records(date(2023, 1, 1), ON),
        Grouping.DEPOT,
    )
    return report_document(report._replace(**changed))
