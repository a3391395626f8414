"""What all forms of a document say in the same words: names, definitions, notes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from models.attribute import OPERATOR
from models.period import Over, PeriodRule, PeriodRules, parse_period_rules
from reports.documents import (
    Basis,
    ComparedFigure,
    Comparison,
    Correction,
    Figure,
    IngestDowntime,
    Interval,
    KpiContent,
    KpiDocument,
    Official,
    Rule,
    StatedMilestone,
    StatedNote,
)
from reports.groups import called
from reports.language import ABSENT, Language

TITLES: Final[Mapping[str, str]] = {
    # indicators and kinds of equipment
    "trackable": "trackable",
    "trackable_on_route": "trackable on route",
    "openly_published": "openly published",
    "cctv": "CCTV",
    "cashless": "cashless payment",
    "air_conditioning": "air conditioning",
    "passenger_counter": "passenger counter",
    # attributes of a vehicle, and what a fleet is grouped by
    "fleet": "fleet",
    "operator": "operator",
    "vehicle": "vehicle",
    "plate": "plate",
    "route": "route",
    "route_id": "route",
    "depot": "depot",
    "municipality": "municipality",
    "vehicle_type": "vehicle type",
    "service_kind": "kind of service",
}
"""What people call an indicator, a kind of equipment, an attribute; others go by their name."""

GROUPED: Final[Mapping[str, str]] = {
    "operator": "by operator",
    "route": "by route",
    "depot": "by depot",
    "municipality": "by municipality",
    "vehicle_type": "by vehicle type",
    "service_kind": "by kind of service",
}

EQUIPPED: Final[Mapping[str, str]] = {
    "cctv": "vehicles with CCTV in the cabin",
    "cashless": "vehicles with cashless payment",
    "air_conditioning": "vehicles with air conditioning",
    "passenger_counter": "vehicles with a passenger counter",
}

PERIODS: Final[Mapping[str, str]] = {
    "month": "the month (%(span)s)",
    "quarter": "the quarter (%(span)s)",
    "year": "the year (%(span)s)",
}

REASONS: Final[Mapping[str, str]] = {
    "never_seen": "never heard",
    "silent": "silent",
    "no_fix": "no position",
    "few_minutes": "too few minutes",
    "late": "late positions",
    "bad_clock": "wrong clock",
    "rejected": "rejected",
}
"""Why a vehicle is not trackable, for people."""

CHANGES: Final[Mapping[str, str]] = {
    "registered": "entered service",
    "ended": "left service",
    "moved": "moved to or from another operator",
    "corrected": "registry corrected",
    "recorded_later": "recorded or corrected later",
    "rule": "another rule",
    "first_seen": "heard for the first time",
    "back": "tracker is back",
    "fixes_now": "sends positions now",
    "enough_minutes": "enough minutes now",
    "live_again": "received live now",
    "clock_right": "its clock is right now",
    "accepted": "its reports are accepted now",
    "never_seen": "nothing recorded of it",
    "silent": "has gone silent",
    "no_fix": "sends no position any more",
    "few_minutes": "too few minutes now",
    "late": "positions come late",
    "bad_clock": "its clock is wrong",
    "rejected": "its reports are rejected",
    "route_known": "its positions name a route now",
    "no_route": "its positions name no route",
    "published": "is in the public feeds now",
    "not_published": "is not in the public feeds now",
    "reported": "as the vehicle reports",
    "declared": "as the registry declares",
}
"""Why a vehicle counts in one report and not in the other (``reports.diff_document``)."""

OUTCOMES: Final[Mapping[str, str]] = {
    "agreed": "agreed: trackable in the claim and by our data",
    "ours_not": "in the claim, not trackable by our data",
    "theirs_not": "trackable by our data, not in the claim",
    "not_registered": "in the claim, not in the fleet",
}
"""What becomes of the vehicles of a claim (``reports.reconcile_document``)."""

OUTSIDE: Final[Mapping[str, str]] = {
    "ended": "left service",
    "not_yet": "not yet in service",
    "unregistered": "reports, but is not registered",
    "unknown": "unknown",
    "other_operator": "registered with another operator",
}
"""Why a vehicle is not in the fleet."""


def title(language: Language, name: str) -> str:
    """Return what people call an indicator, a kind of equipment or an attribute."""
    return language.text(TITLES[name]) if name in TITLES else name.replace("_", " ")


def grouped(language: Language, by: str) -> str:
    """Return by what a fleet is split."""
    if by in GROUPED:
        return language.text(GROUPED[by])
    return language.text("by %(attribute)s", attribute=title(language, by))


def sentence(phrase: str) -> str:
    """Return a phrase that begins with a capital."""
    return phrase[:1].upper() + phrase[1:]


def definitions(language: Language, basis: Basis) -> dict[str, str]:
    """Return what is counted, for the fleet and each indicator."""
    found = {
        "fleet": language.text(
            "vehicles in service on %(date)s according to the registry",
            date=language.date(basis["on"]),
        ),
        "trackable": _trackable(language, basis),
        "trackable_on_route": _on_route(language, basis),
        **{kind: _equipped(language, kind) for kind in basis["equipment"]},
    }
    if "minimum_published" in basis["rule"]:
        found["openly_published"] = language.plural(
            "vehicles that were in the public feeds on at least %(number)s minute of %(date)s, as "
            "`fleetgauge web` recorded it",
            "vehicles that were in the public feeds on at least %(number)s minutes of %(date)s, as "
            "`fleetgauge web` recorded it",
            basis["rule"]["minimum_published"],
            date=language.date(basis["on"]),
        )
    for name, rule in period_rules(basis).items():
        if name in found:
            found[name] += f"; {period(language, rule, basis['on'])}"
    return found


def _on_route(language: Language, basis: Basis) -> str:
    if "route_metres" not in basis["settings"]:
        return language.text("the same, by the minutes whose fix names a route")
    return language.text(
        "the same, by the minutes whose fix names a route and lies within %(metres)s m of its "
        "shape, where the timetable of that time has one",
        metres=basis["settings"]["route_metres"]["value"],
    )


def period_rules(basis: Basis) -> PeriodRules:
    """Return the indicators that are of a period."""
    setting = basis["settings"].get("period_rules")
    return parse_period_rules(setting["value"]) if setting else {}


def period(language: Language, rule: PeriodRule, on: str) -> str:
    """Return of which days a figure is."""
    day = date.fromisoformat(on)
    days = language.text(
        PERIODS[rule.every], span=_span(language, rule.first_day(day).isoformat(), on)
    )
    if rule.over is Over.MEAN:
        return language.text(
            "the mean over the days of %(period)s: vehicle-days that count, of all vehicle-days",
            period=days,
        )
    return language.text("the lowest of the days of %(period)s", period=days)


def _trackable(language: Language, basis: Basis) -> str:
    rule = basis["rule"]
    counted = language.plural(
        "vehicles with a tracked day in the last %(number)s day (%(span)s)",
        "vehicles with a tracked day in the last %(number)s days (%(span)s)",
        rule["trailing_days"],
        span=_span(language, rule["first_day"], basis["on"]),
    )
    return f"{counted}: {tracked(language, rule)}"


def tracked(language: Language, rule: Rule) -> str:
    """Return what a tracked day is."""
    tracked = language.plural(
        "fixes in at least %(number)s distinct minute of a day, in the operator's time zone",
        "fixes in at least %(number)s distinct minutes of a day, in the operator's time zone",
        rule["minimum_minutes"],
    )
    if not rule["minimum_live"]:
        return tracked
    live = language.plural(
        "at least %(number)s of them received within 15 minutes",
        "at least %(number)s of them received within 15 minutes",
        rule["minimum_live"],
    )
    return f"{tracked}, {live}"


def _span(language: Language, first: str, last: str) -> str:
    if first == last:
        return language.date(last)
    return language.text(
        "%(first)s to %(last)s", first=language.date(first), last=language.date(last)
    )


def _equipped(language: Language, kind: str) -> str:
    if kind in EQUIPPED:
        vehicles = language.text(EQUIPPED[kind])
    else:
        vehicles = language.text("vehicles with %(equipment)s", equipment=title(language, kind))
    how = language.text(
        "at the end of the local day, as last reported by the vehicle; if it never reported any, "
        "as declared in the registry"
    )
    return f"{vehicles} {how}"


def notes(language: Language, basis: Basis) -> list[str]:
    """Return what the figures lack, and what of them is not by the rule in force."""
    found = []
    if "only" in basis:
        vehicles = limited_to(language, basis["only"])
        found.append(
            language.text("the figures are only of vehicles with %(vehicles)s", vehicles=vehicles)
        )
    if basis["records_from"]:
        found.append(
            language.plural(
                "records begin on %(date)s, so only part of the %(number)s day is covered",
                "records begin on %(date)s, so only part of the %(number)s days is covered",
                basis["rule"]["trailing_days"],
                date=language.date(basis["records_from"]),
            )
        )
    if "published_from" in basis and "minimum_published" not in basis["rule"]:
        found.append(
            language.text(
                "openly published: not kept before %(date)s",
                date=language.date(basis["published_from"]),
            )
        )
    given = [
        f"{name} = {each['value']}" for name, each in basis["settings"].items() if each["given"]
    ]
    if given:
        found.append(
            language.text(
                "not by the rule in force on %(date)s, but as given for this report: %(settings)s",
                date=language.date(basis["on"]),
                settings=", ".join(given),
            )
        )
    return found + _comparison(language, basis)


def _comparison(language: Language, basis: Basis) -> list[str]:
    then = basis["comparison"]
    date = language.date(then["on"])
    if then["missing"]:
        reason = missing(language, then)
        return [language.text("no comparison with %(date)s: %(reason)s", date=date, reason=reason)]
    if then["rule"] and _demands(then["rule"]) != _demands(basis["rule"]):
        days = language.plural(
            "in the last %(number)s day",
            "in the last %(number)s days",
            then["rule"]["trailing_days"],
        )
        rule = f"{days}, {tracked(language, then['rule'])}"
        return [
            language.text("%(date)s is counted by its own rule: %(rule)s", date=date, rule=rule)
        ]
    return []


def _demands(rule: Rule) -> tuple[int, int, int]:
    return rule["minimum_minutes"], rule["trailing_days"], rule["minimum_live"]


def evidence(language: Language, figure: Figure) -> str:
    """Return the figure of the date alone, and how many of the trackable stand on little.

    Empty of another indicator that is of the date.
    """
    found = []
    if "period" in figure:
        at_end = figure["period"]["at_end"]
        found.append(
            language.text(
                "at the end of the date %(percent)s, %(part)s",
                percent=language.percent(at_end["ratio"]),
                part=part(language, at_end["vehicles"], at_end["of"]),
            )
        )
    if "only_late" in figure and "motionless" in figure:
        found.append(
            language.text(
                "%(only_late)s by late reports only, %(motionless)s never moved 200 m",
                only_late=language.number(figure["only_late"]),
                motionless=language.number(figure["motionless"]),
            )
        )
    return "; ".join(found)


def corrections(language: Language, document: KpiContent) -> list[str]:
    """Return what was entered about the date after it; times are the authority's."""
    given = document["settings"].get("time_zone")
    zone = ZoneInfo(given["value"]) if given else UTC
    return [
        language.text(
            "%(change)s, entered after the date by %(author)s on %(entered)s (%(source)s)",
            change=_change(language, each),
            author=each["entered_by"],
            entered=_instant(language, each["entered_at"], zone),
            source=_claim(language, each, zone),
        )
        for each in document["corrections"]
    ]


def _change(language: Language, correction: Correction) -> str:
    if "vehicles" in correction:
        return language.plural(
            "the registry changed %(number)s vehicle",
            "the registry changed %(number)s vehicles",
            correction["vehicles"],
        )
    values = {
        "indicator": title(language, correction["indicator"]),
        "scope": _scope(language, correction["scope"]),
        "before": language.percent(correction["before"]),
        "after": language.percent(correction["after"]),
    }
    if correction["before"] is None:
        return language.text(
            "the plan for %(indicator)s (%(scope)s) was set to %(after)s", **values
        )
    if correction["after"] is None:
        return language.text(
            "the plan for %(indicator)s (%(scope)s), %(before)s, was removed", **values
        )
    return language.text(
        "the plan for %(indicator)s (%(scope)s) went from %(before)s to %(after)s", **values
    )


def _claim(language: Language, correction: Correction, zone: tzinfo) -> str:
    source = correction["source"] or language.text("removed")
    if correction["claimed_at"] is None:
        return source
    claimed = _instant(language, correction["claimed_at"], zone)
    return language.text("%(source)s, claimed date %(claimed)s", source=source, claimed=claimed)


def _instant(language: Language, iso: str, zone: tzinfo) -> str:
    return language.instant(datetime.fromisoformat(iso).astimezone(zone))


def stated(language: Language, document: KpiDocument) -> list[tuple[str, list[str]]]:
    """Return what people state beside the figures, each under its heading."""
    return [
        (
            language.text("Reasons for deviations"),
            deviations(language, document["deviations"]),
        ),
        (language.text("Official figures"), official(language, document["official"])),
        (language.text("Milestones"), milestones(language, document["milestones"])),
    ]


def deviations(language: Language, found: Sequence[StatedNote]) -> list[str]:
    """Return the reasons that people state for deviations from the plan."""
    return [
        language.text(
            "%(indicator)s (%(scope)s), %(first)s to %(last)s: %(reason)s (stated by %(author)s)",
            indicator=title(language, each["indicator"]),
            scope=_scope(language, each["scope"]),
            first=language.date(each["from"]),
            last=language.date(each["to"]),
            reason=each["text"],
            author=each["entered_by"],
        )
        for each in found
    ]


def official(language: Language, found: Sequence[Official]) -> list[str]:
    """Return the figures that were published, with their sources."""
    return [
        language.text(
            "%(indicator)s (%(scope)s) on %(date)s: %(figure)s (%(source)s; entered by %(author)s, "
            "not computed here)",
            indicator=title(language, each["indicator"]),
            scope=_scope(language, each["scope"]),
            date=language.date(each["on"]),
            figure=official_figure(language, each),
            source=each["source"],
            author=each["entered_by"],
        )
        for each in found
    ]


def official_figure(language: Language, found: Official) -> str:
    """Return 34.80 %, with the counts where they are known."""
    percent = language.percent(found["ratio"])
    if found["vehicles"] is None or found["of"] is None:
        return percent
    return f"{percent}, {part(language, found['vehicles'], found['of'])}"


def milestones(language: Language, found: Sequence[StatedMilestone]) -> list[str]:
    """Return what is to be reached, by when, and whether it is."""
    return [_milestone(language, each) for each in found]


def _milestone(language: Language, found: StatedMilestone) -> str:
    due = language.date(found["due"])
    match found["state"], found["done_on"]:
        case "done", str(day):
            done = language.date(day)
            return language.text(
                "%(name)s: due %(due)s, done %(done)s", name=found["name"], due=due, done=done
            )
        case "overdue", _:
            return language.text("%(name)s: due %(due)s, overdue", name=found["name"], due=due)
    return language.text("%(name)s: due %(due)s", name=found["name"], due=due)


def _scope(language: Language, scope: Mapping[str, str | None]) -> str:
    return ", ".join(filter(None, scope.values())) or language.text("whole fleet")


def missing(language: Language, comparison: Comparison) -> str:
    """Return why there are no figures of a date."""
    if comparison["recorded"]:
        return not_recorded(language, comparison["on"], comparison["recorded"])
    return language.text("the fleet on %(date)s is empty", date=language.date(comparison["on"]))


def not_recorded(language: Language, day: str, recorded: Interval) -> str:
    """Return that the records lack a day, and which they cover."""
    return language.text(
        "nothing is known of %(date)s: the records reach from %(first)s to %(last)s",
        date=language.date(day),
        first=language.date(recorded["from"]),
        last=language.date(recorded["to"]),
    )


def downtime(language: Language, found: IngestDowntime) -> list[str]:
    """Return when ingest was down, or that it never was."""
    if found["recorded_from"] is None:
        return [language.text("ingest uptime was not recorded on these days")]
    limit = language.duration(found["limit_seconds"])
    return [
        language.text(
            "ingest was down on %(date)s for %(duration)s; gaps are not the operators' fault",
            date=language.date(day["day"]),
            duration=language.duration(day["seconds"]),
        )
        for day in found["days"]
    ] or [
        language.text(
            "ingest was never down for more than %(duration)s on these days", duration=limit
        )
    ]


def subject(language: Language, document: KpiContent) -> str:
    """Return the title of a KPI report."""
    on = language.date(document["on"])
    operator = called(document, OPERATOR, document["operator_id"])
    if "only" in document:
        vehicles = limited_to(language, document["only"])
        whose = title(language, "fleet") if operator is None else operator
        return language.text(
            "KPI report: %(whose)s, only %(vehicles)s, %(date)s",
            whose=whose,
            vehicles=vehicles,
            date=on,
        )
    if operator is None:
        return language.text("KPI report: whole fleet, %(date)s", date=on)
    return language.text("KPI report: operator %(operator)s, %(date)s", operator=operator, date=on)


def limited_to(language: Language, only: Mapping[str, Sequence[str]]) -> str:
    """Return to which vehicles a fleet is limited: kind of service = urban."""
    parts = []
    for name, values in only.items():
        names = ", ".join(group_name(language, each or None) for each in values)
        parts.append(f"{title(language, name)} = {names}")
    return "; ".join(parts)


def knowledge(language: Language, basis: Basis) -> str:
    """Return when the report's facts had been entered."""
    return knowledge_on(language, basis["as_known_on"])


def knowledge_on(language: Language, day: str | None) -> str:
    """Return when facts had been entered, by the day at whose end they were known."""
    if day is None:
        return language.text("as known now, including everything recorded or corrected since")
    return language.text(
        "as known on %(date)s, excluding everything recorded or corrected later",
        date=language.date(day),
    )


def vehicles(language: Language, number: int) -> str:
    """Return 1,140 vehicles."""
    return language.plural("%(number)s vehicle", "%(number)s vehicles", number)


def too_small(language: Language, minimum: int) -> str:
    """Return which groups have no ratio."""
    return language.plural(
        "no ratio for groups of fewer than %(number)s vehicle",
        "no ratio for groups of fewer than %(number)s vehicles",
        minimum,
    )


def differences(language: Language, number: int) -> str:
    """Return how often the vehicles' reports and the registry differ."""
    return language.plural("%(number)s difference", "%(number)s differences", number)


def by_window(language: Language, at: str, on: str) -> str:
    """Return what the shares by window are: trackable at a local time of a date."""
    return language.text(
        "trackable at %(time)s local time on %(date)s, by window (greatest age of the newest fix)",
        time=at,
        date=language.date(on),
    )


def by_minimum(language: Language) -> str:
    """Return what the shares by the minimum of a tracked day are."""
    return language.text(
        "trackable on the date, by how many distinct minutes with fixes make a tracked day"
    )


def part(language: Language, vehicles: int, whole: int) -> str:
    """Return 980 of 1,140."""
    return language.text(
        "%(part)s of %(whole)s", part=language.number(vehicles), whole=language.number(whole)
    )


def counted(language: Language, figure: Figure, whole: int) -> str:
    """Return a figure's numerator and denominator.

    Args:
        whole: the fleet or group of the date.
    """
    if "period" not in figure:
        return part(language, figure["vehicles"], whole)
    found = figure["period"]
    parts = {
        "part": language.number(figure["vehicles"]),
        "whole": language.number(found["of"]),
    }
    if found["lowest_on"] is None:
        return language.text("%(part)s of %(whole)s vehicle-days", **parts)
    lowest_on = language.date(found["lowest_on"])
    return language.text("%(part)s of %(whole)s on %(date)s", **parts, date=lowest_on)


def denominator(figure: Figure, whole: int) -> int:
    """Return a figure's denominator.

    Args:
        whole: the fleet or group of the date.
    """
    return figure["period"]["of"] if "period" in figure else whole


def compared_part(language: Language, compared: ComparedFigure | None) -> str:
    """Return numerator and denominator of the date compared with."""
    return part(language, compared["vehicles"], compared["of"]) if compared else ABSENT


def compared_percent(language: Language, compared: ComparedFigure | None) -> str:
    """Return the ratio of the date compared with."""
    return language.percent(compared["ratio"]) if compared else ABSENT


def numbers(language: Language, figure: Figure, whole: int) -> Sequence[str]:
    """Return actual, plan, how they compare; then the date compared with, and how they do."""
    return (
        counted(language, figure, whole),
        language.percent(figure["ratio"]),
        language.percent(figure["plan"]),
        language.points(figure["difference_points"]),
        language.percent(figure["of_plan"], 1),
        compared_part(language, figure["compared"]),
        compared_percent(language, figure["compared"]),
        language.points(figure["change_points"]),
        growth(language, figure["growth"]),
    )


def growth(language: Language, ratio: float | None) -> str:
    """Return +146.9 %, or a dash where there is nothing to compare."""
    if ratio is None:
        return ABSENT
    return language.text("%(percent)s %%", percent=language.signed(ratio * 100, 1))


def group_name(language: Language, name: str | None) -> str:
    """Return a group's name."""
    return language.text("(none)") if name is None else name
