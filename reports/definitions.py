"""What is counted, in the words of all forms of a document."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from models.period import Over, PeriodRule, PeriodRules, parse_period_rules
from reports.documents import Basis, Rule
from reports.language import Language
from reports.words import EQUIPPED, title

PERIODS: Final[Mapping[str, str]] = {
    "month": "the month (%(span)s)",
    "quarter": "the quarter (%(span)s)",
    "year": "the year (%(span)s)",
}


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
