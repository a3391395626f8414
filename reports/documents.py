"""The layout of the JSON documents: what `share`, `untrackable` and `report` give to scripts.

Times are RFC 3339, dates ISO 8601, ratios 0..1. Every other form is made from these documents
alone. Kinds of equipment and attributes of vehicles are data: a document lists those it has.
"""

from typing import Any, NotRequired

# pydantic makes the JSON schema of these alone, before Python 3.12.
from typing_extensions import TypedDict

Vehicle = dict[str, Any]
"""A vehicle of a KPI report: ``operator_id``, ``vehicle_id``, each of the document's attributes
(a text or None), what decides its part in the figures (``models.kpi.VehicleKpi``), and an
EquipmentFound under the name of each kind of equipment."""

UntrackableVehicle = dict[str, Any]
"""``operator_id``, ``vehicle_id``, ``reason``, then ``since``, ``contact_at``, ``fix_at``,
``rejected_at`` and ``rejected_reason`` where known, and the vehicle's attributes."""

Interval = TypedDict("Interval", {"from": str, "to": str})


class Rule(TypedDict):
    """When a vehicle counts as trackable on a date."""

    minimum_minutes: int
    trailing_days: int
    minimum_live: int
    first_day: str
    minimum_published: NotRequired[int]
    """Minutes of the date in the public feeds, where these are recorded."""


class Setting(TypedDict):
    """A setting that the figures of a KPI report are computed by."""

    value: str
    since: str | None
    """When it was recorded; None: nothing is on record, and it is the default, or was given."""
    given: bool
    """Whether it was given for this report alone, in place of the one in force on the date."""


class Comparison(TypedDict):
    """The date compared with."""

    on: str
    missing: str | None
    """Why there is nothing to compare with, in English; None: there is."""
    recorded: Interval | None
    """The days there are records of, where these lack the date."""
    rule: Rule | None
    """The one in force on that date; None: there is nothing to compare with."""


class Basis(TypedDict):
    """What the figures of a KPI report stand on."""

    on: str
    as_known_on: str | None
    operator_id: str | None
    """Whose fleet; None: everybody's."""
    only: NotRequired[dict[str, list[str]]]
    """By attribute, the values that the fleet is limited to; an empty one: it has none."""
    by: str | list[str] | None
    """What the fleet is grouped by; a list where that is several things."""
    rule: Rule
    settings: dict[str, Setting]
    records_from: str | None
    """The first day with records, where the rule looks at days before it."""
    published_from: NotRequired[str]
    """Since which local day it is recorded what is in the public feeds."""
    comparison: Comparison
    equipment: list[str]
    attributes: list[str]


class ComparedFigure(TypedDict):
    """A figure on the date compared with."""

    vehicles: int
    of: int
    ratio: float | None


class DayFigure(TypedDict):
    """One day of a figure's period."""

    on: str
    vehicles: int
    of: int


PeriodFigure = TypedDict(
    "PeriodFigure",
    {
        "rule": str,
        "every": str,
        "from": str,
        "to": str,
        "days": int,
        "of": int,
        "lowest_on": str | None,
        "at_end": ComparedFigure,
        "by_day": NotRequired[list[DayFigure]],
    },
)
"""What a figure is of whose indicator has a rule for periods: ``rule`` is ``mean`` or ``minimum``,
``every`` is ``month``, ``quarter`` or ``year``, ``days`` those from ``from`` to ``to`` that have a
fleet and records. ``of`` is the denominator: of a mean, each vehicle counts once for each day.
``lowest_on`` is the day of the minimum, ``at_end`` the figure of the date alone."""


class Figure(TypedDict):
    """An indicator of a fleet or group: the numerator, and what it is held against."""

    vehicles: int
    ratio: float | None
    plan: float | None
    difference_points: float | None
    compared: ComparedFigure | None
    change_points: float | None
    of_plan: float | None
    """Actual over plan: 1.05 is 105 % of the plan."""
    growth: float | None
    """By how much of itself it has grown since the date compared with: 0.25 is 25 % more."""
    only_late: NotRequired[int]
    """Of trackable only: of the numerator, those that would not be by the minutes received live."""
    motionless: NotRequired[int]
    """Of trackable only: of the numerator, those that never moved 200 m."""
    observed: NotRequired[int]
    """Of equipment only: of the numerator, as the vehicles report; the others are declared."""
    declared: NotRequired[int]
    working: NotRequired[int]
    period: NotRequired[PeriodFigure]
    """Of an indicator that is counted over a period: its days, and its denominator."""


class Correction(TypedDict):
    """A change about the report's date that was entered after it."""

    entered_at: str
    entered_by: str
    source: str
    claimed_at: str | None
    """When it was known, as whoever entered it says; it moves no figure."""
    vehicles: NotRequired[int]
    """Of the registry: how many of the date's it brought, removed or described otherwise."""
    indicator: NotRequired[str]
    """Of a target, as the following."""
    scope: NotRequired[dict[str, str | None]]
    """Whose it is (``models.target.Scope``); nothing given: the whole fleet's."""
    before: NotRequired[float | None]
    after: NotRequired[float | None]


class LateRecords(TypedDict):
    """Vehicles that count for an indicator, or do not, only by what was recorded after the date."""

    indicator: str
    vehicles: int
    last_on: str


class Stamp(TypedDict):
    """Who entered something, and when by the server's clock."""

    entered_by: str
    entered_at: str


StatedNote = TypedDict(
    "StatedNote",
    {
        "indicator": str,
        "scope": dict[str, str | None],
        "from": str,
        "to": str,
        "text": str,
        "entered_by": str,
        "entered_at": str,
    },
)
"""Why an indicator deviates from its plan in a period, as somebody states it."""


class Official(Stamp):
    """A figure that was published of a date, entered by hand; in no figure of ours."""

    indicator: str
    scope: dict[str, str | None]
    on: str
    ratio: float
    vehicles: int | None
    of: int | None
    source: str


class StatedMilestone(Stamp):
    """What is to be reached by when."""

    name: str
    due: str
    done_on: str | None
    state: str
    """``done``, ``overdue`` or ``open``, as of the report's date."""


class SeriesFigure(TypedDict):
    """An indicator on one date of a series."""

    vehicles: int
    ratio: float | None
    plan: float | None
    of: NotRequired[int]
    """Of an indicator that is counted over a period: its denominator."""


class SeriesPoint(TypedDict):
    """The figures of one date of a series."""

    on: str
    recorded: bool
    """Whether there are records of the date; without them there are no figures."""
    vehicles: int
    indicators: dict[str, SeriesFigure]
    official: dict[str, float]
    """By indicator, what was published of that date; in no figure of ours."""


class SeriesGroup(TypedDict):
    """The figures of a group of the fleet, date by date."""

    by: NotRequired[str]
    name: str | None
    points: list[SeriesPoint]


class Series(TypedDict):
    """The figures of several dates, each by its own rule."""

    every: str
    """``month``, ``quarter`` or ``year``."""
    months: int
    """Within how many months up to the report's date."""
    points: list[SeriesPoint]
    groups: list[SeriesGroup]


class Group(TypedDict):
    """The figures of a group of the fleet."""

    by: str
    name: str | None
    vehicles: int
    indicators: dict[str, Figure]


class DowntimeOfDay(TypedDict):
    """A local day on which ingest was down for longer than the limit."""

    day: str
    seconds: int


class IngestDowntime(TypedDict):
    """When no ingest worker was connected to the broker."""

    limit_seconds: int
    recorded_from: str | None
    """The first local day of the record; None: there is none."""
    days: list[DowntimeOfDay]


class WindowShare(TypedDict):
    """The share at a moment, by one window."""

    window: str
    seconds: int
    vehicles: int
    ratio: float | None


class MinimumShare(TypedDict):
    """The share of a date, by one minimum of a tracked day."""

    minutes: int
    vehicles: int
    ratio: float | None


class SensitivityToRule(TypedDict):
    """How the share depends on the rule."""

    at: str
    """The local time at which the windows end."""
    windows: list[WindowShare]
    minimum_minutes: list[MinimumShare]


class EquipmentDifference(TypedDict):
    """A vehicle whose reports and registry entry differ on a kind of equipment."""

    operator_id: str
    vehicle_id: str
    equipment: str
    observed: bool
    declared: bool


class EquipmentFound(TypedDict):
    """One kind of equipment of one vehicle."""

    equipped: bool
    source: str | None
    """``observed`` or ``declared``; None: neither."""
    observed: bool | None
    declared: bool | None
    working: bool | None


class KpiContent(Basis):
    """A KPI report without its digest."""

    report: str
    version: int
    operators: NotRequired[dict[str, str]]
    """What the operators of the fleet are called, by id; those without a name are not there."""
    definitions: dict[str, str]
    vehicles: int
    indicators: dict[str, Figure]
    min_group_size: int
    groups: list[Group]
    notes: list[str]
    ingest_downtime: IngestDowntime
    corrections: list[Correction]
    recorded_later: NotRequired[list[LateRecords]]
    """Not of earlier versions."""
    deviations: list[StatedNote]
    official: list[Official]
    milestones: list[StatedMilestone]
    series: Series | None
    sensitivity: SensitivityToRule | None
    disagreements: list[EquipmentDifference]
    fleet: list[Vehicle]


class KpiDocument(KpiContent):
    """A KPI report: `report --json`."""

    sha256: str
    signature: NotRequired[dict[str, str]]
    """``algorithm`` and, in base64, ``value``: who vouches for it, by a key that readers know."""


class DiffSide(TypedDict):
    """One of the two reports that are compared."""

    on: str
    as_known_on: str | None
    rule: Rule
    sha256: str
    """Of the report that it was taken from."""


class DiffReason(TypedDict):
    """What the vehicles of one reason make up of a difference."""

    reason: str
    vehicles: int
    numerator: int
    """By how many more vehicles count; negative: fewer."""
    denominator: int
    """By how many more are in the fleet."""
    points: float | None
    """Percentage points; those of all reasons add up to the difference. None: no ratio."""


class DiffVehicle(TypedDict):
    """A vehicle that entered or left the numerator or the denominator."""

    operator_id: str
    vehicle_id: str
    plate: str | None
    other: str | None
    """OPERATOR/VEHICLE as it was called before, of the same plate; None: the same name."""
    reason: str
    numerator: int
    denominator: int
    points: float | None
    minutes_before: int | None
    minutes: int | None
    last_day: str | None
    """The last day up to the second date of which something of it is recorded."""


class Difference(TypedDict):
    """Why an indicator's share is another."""

    before: ComparedFigure
    after: ComparedFigure
    difference_points: float | None
    reasons: list[DiffReason]
    vehicles: list[DiffVehicle]


class DiffContent(TypedDict):
    """A comparison of two reports without its digest."""

    report: str
    version: int
    operator_id: str | None
    operators: dict[str, str]
    """What the operators named here are called, by id; those without a name are not there."""
    before: DiffSide
    after: DiffSide
    renamed: int
    """Vehicles with another operator or number on the same plate: counted as the same."""
    indicators: dict[str, Difference]


class DiffDocument(DiffContent):
    """Why two reports differ: `report diff --json`."""

    sha256: str


class ClaimList(TypedDict):
    """The list that a claim was read from."""

    name: str
    sha256: str
    """Of the file."""
    vehicles: int
    """That it claims to be trackable."""
    not_claimed: int
    """That it lists, and says itself that they are not."""
    skipped: list[str]
    """Where lines stand that are no buses: totals, or the header once more."""
    repeated: int
    """Lines of a vehicle that it had listed before."""


class ClaimedVehicle(TypedDict):
    """A vehicle of the claim, or of ours that the claim has not."""

    operator_id: str
    vehicle_id: str
    plate: str | None
    listed_as: str | None
    """What the claim calls it, where that is another name; None: the same, or not listed."""
    place: str | None
    """Where the claim has it."""
    outcome: str
    """``agreed``, ``ours_not``, ``theirs_not`` or ``not_registered``."""
    reason: str | None
    """Why it is not trackable, or not in the fleet."""
    minutes: int
    """Distinct minutes with a fix on its best day."""
    last_day: str | None
    """The last day up to the date of which something of it is recorded."""
    hint: str | None
    """Of one that is not in the fleet: since or until when it is registered, or whom it is like."""


class ReconcileContent(TypedDict):
    """A claim held against a report, without its digest."""

    report: str
    version: int
    on: str
    as_known_on: str | None
    rule: Rule
    kpi_sha256: str
    """Of the report that it was held against."""
    operators: list[str]
    """Whose fleets it is about."""
    claim: ClaimList
    claimed: ComparedFigure
    """The share that the claim comes to, of our fleet."""
    ours: ComparedFigure
    outcomes: dict[str, int]
    neither: int
    """Of the fleet, those that neither the claim nor we take for trackable."""
    vehicles: list[ClaimedVehicle]


class ReconcileDocument(ReconcileContent):
    """A claim held against a report: `report reconcile --json`."""

    sha256: str


class RollupPart(TypedDict):
    """One authority's figures."""

    name: str
    as_known_on: str | None
    sha256: str
    """Of its report."""
    operator: str | None
    """Whose fleet alone it is, by name where it has one; None: it is of all operators."""
    vehicles: int
    indicators: dict[str, ComparedFigure]


class RollupContent(TypedDict):
    """Several authorities' reports of one date, added up, without the digest."""

    report: str
    version: int
    on: str
    rule: Rule
    parts: list[RollupPart]
    vehicles: int
    indicators: dict[str, ComparedFigure]
    lacking: dict[str, list[str]]
    """By indicator, the reports that do not count it: it is of the others' vehicles alone."""


class RollupDocument(RollupContent):
    """Several authorities' reports of one date, added up: `report rollup --json`."""

    sha256: str


class Share(TypedDict):
    """An indicator's numerator and ratio."""

    vehicles: int
    ratio: float | None


class ShareGroup(TypedDict):
    """The indicators of a group of the fleet."""

    by: str
    name: str | None
    vehicles: int
    indicators: dict[str, Share]


class InService(TypedDict):
    """The indicators of the vehicles whose operators are in service at the moment."""

    operators: int
    operators_with_hours: int
    vehicles: int
    indicators: dict[str, Share]


class Sources(TypedDict):
    """Of the vehicles with a kind of equipment: how that is known."""

    observed: int
    declared: int


class ShareDocument(TypedDict):
    """The indicators at a moment: `share --json`."""

    at: str
    window_seconds: int | float
    vehicles: int
    indicators: dict[str, Share]
    equipment: list[str]
    sources: dict[str, Sources]
    unregistered: int
    min_group_size: int
    groups: list[ShareGroup]
    expected_out: InService | None
    ingest_downtime: Interval | None


class UntrackableDocument(TypedDict):
    """The vehicles that are not trackable at a moment: `untrackable --json`."""

    at: str
    window_seconds: int | float
    vehicles: int
    trackable: int
    reasons: dict[str, int]
    untrackable: list[UntrackableVehicle]


class VehicleDocument(TypedDict):
    """What is known of one vehicle: `vehicle --json`."""

    at: str | None
    since: str | None
    window_seconds: int | float
    operator_id: str
    vehicle_id: str
    operator: str
    time_zone: str
    plate: str | None
    in_fleet: bool
    trackable: bool | None
    """None: it is not in the fleet."""
    reason: str | None
    not_trackable_since: str | None
    contact_at: str | None
    fix_at: str | None
    rejected_at: str | None
    rejected_reason: str | None
    latitude: float | None
    longitude: float | None
    speed_mps: float | None
    route_id: str | None
    attributes: dict[str, str]
    equipment: dict[str, dict[str, Any]]
    """By kind: declared, fitted, fitted_at, working, working_at."""
    reports: list[dict[str, Any]]
    """Of the hours asked about, oldest first."""
    gaps: list[dict[str, Any]]
    """Times without a position, longer than the window."""
    equipment_changes: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    registry: list[dict[str, Any]]
    """What the list said of it, newest first."""
