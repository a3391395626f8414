"""The report of four buses, small enough to be counted by hand."""

from datetime import date, time, timedelta
from typing import Any

from models.correction import Corrections
from models.equipment import DEFAULT_KINDS
from models.kpi import KpiOfDate, KpiReason, KpiRule, VehicleKpi, year_before
from models.share import EquipmentState
from models.stated import Stated
from models.target import Scope
from models.vehicle import VehicleId
from reports.documents import KpiDocument
from reports.kpi_document import (
    Compared,
    Downtime,
    KpiReport,
    Records,
    RuleSetting,
    report_document,
)

ON = date(2024, 12, 31)
NOON = time(12)
HOSTILE = "=<b>\"&'Ж"
UNKNOWN = EquipmentState(False, None, None, None)


def _vehicle(
    number: int,
    minutes: int,
    cctv: EquipmentState,
    *,
    live_minutes: int = 0,
    moved_m: int | None = None,
) -> VehicleKpi:
    trackable = minutes >= KpiRule().minimum_minutes
    return VehicleKpi(
        VehicleId("op", str(number)),
        plate=None,
        attributes={"route_id": "7", "depot": HOSTILE},
        trackable=trackable,
        trackable_on_route=False,
        only_late=trackable and live_minutes < KpiRule().minimum_minutes,
        motionless=trackable and moved_m is not None and moved_m < 200,
        minutes=minutes,
        best_day=ON if minutes else None,
        live_minutes=live_minutes,
        route_minutes=0,
        moved_m=moved_m,
        equipment={"cctv": cctv, "cashless": UNKNOWN},
        reason=None if trackable else KpiReason.FEW_MINUTES if minutes else KpiReason.NEVER_SEEN,
        last_day=ON if minutes and not trackable else None,
    )


FLEET = [
    _vehicle(1, 30, EquipmentState(True, True, False, None), live_minutes=29, moved_m=5000),
    _vehicle(2, 10, EquipmentState(True, None, True, None), live_minutes=9, moved_m=150),
    _vehicle(3, 9, EquipmentState(False, False, True, None), live_minutes=9, moved_m=0),
    _vehicle(4, 0, UNKNOWN),
]
KPI = KpiOfDate(ON, None, KpiRule(), DEFAULT_KINDS, FLEET)


def small_report(**changed: Any) -> KpiDocument:
    """Return the report of four buses, made with some of its parts changed."""
    report = KpiReport(
        kpi=KPI,
        compared=Compared(year_before(ON), KPI._replace(vehicles=FLEET[2:])),
        targets={Scope(): {"trackable": 0.793}},
        downtime=Downtime(timedelta(minutes=15), None, []),
        records=Records(date(2023, 1, 1), ON),
        settings={"tracked_minutes": RuleSetting("10", None, given=False)},
        corrections=Corrections([], [], []),
        stated=Stated([], [], []),
        by=("depot",),
    )
    return report_document(report._replace(**changed))
