"""The sentences around a KPI report's figures: its title, what they lack, what changed since."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from models.attribute import OPERATOR
from reports.definitions import tracked
from reports.documents import (
    Basis,
    Comparison,
    Correction,
    IngestDowntime,
    Interval,
    KpiContent,
    Rule,
)
from reports.groups import called
from reports.language import Language
from reports.words import limited_to, scope_name, title


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
    ] + [
        language.plural(
            "%(indicator)s: %(number)s vehicle counts otherwise than by what was recorded until "
            "the date; what differs was recorded later, last on %(last)s",
            "%(indicator)s: %(number)s vehicles count otherwise than by what was recorded until "
            "the date; what differs was recorded later, last on %(last)s",
            each["vehicles"],
            indicator=title(language, each["indicator"]),
            last=language.date(each["last_on"]),
        )
        for each in document.get("recorded_later", [])
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
        "scope": scope_name(language, correction["scope"]),
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
