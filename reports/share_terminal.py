"""The shares at a moment as tables for a terminal."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Final

from rich.console import RenderableType
from rich.table import Table

from reports import words
from reports.documents import InService, Interval, Share, ShareDocument
from reports.language import Language
from reports.tables import heading, table

WINDOWED: Final = ("trackable", "trackable_on_route")
"""The indicators that depend on the window."""


def share_terminal(
    document: ShareDocument, language: Language, zone: tzinfo
) -> Iterator[RenderableType]:
    """Yield what is printed, from top to bottom, with times in the zone."""
    yield heading(
        language.text(
            "%(vehicles)s in the fleet at %(moment)s",
            vehicles=words.vehicles(language, document["vehicles"]),
            moment=_moment(document["at"], language, zone),
        )
    )
    yield _fleet(document, language)
    if document["groups"]:
        yield from _groups(document, language)
    if document["unregistered"]:
        yield language.plural(
            "unregistered: %(number)s vehicle reports but is not in the fleet",
            "unregistered: %(number)s vehicles report but are not in the fleet",
            document["unregistered"],
        )
    if document["expected_out"]:
        yield _in_service(document["expected_out"], language)
    if document["ingest_downtime"]:
        yield _downtime(document["ingest_downtime"], language, zone)


def _fleet(document: ShareDocument, language: Language) -> Table:
    rows = (
        (
            words.title(language, indicator),
            words.part(language, share["vehicles"], document["vehicles"]),
            language.percent(share["ratio"]),
            _rule(document, indicator, language),
        )
        for indicator, share in document["indicators"].items()
    )
    text = language.text
    numbers = (text("vehicles"), text("share"))
    return table((text("indicator"), *numbers, text("window or source")), rows, right=numbers)


def _rule(document: ShareDocument, indicator: str, language: Language) -> str:
    if indicator in document["sources"]:
        source = document["sources"][indicator]
        return language.text(
            "%(observed)s observed, %(declared)s declared",
            observed=language.number(source["observed"]),
            declared=language.number(source["declared"]),
        )
    rule = language.text(
        "newest fix no older than %(window)s", window=language.window(document["window_seconds"])
    )
    if indicator == "trackable_on_route":
        return language.text("%(rule)s, route known", rule=rule)
    return rule


def _groups(document: ShareDocument, language: Language) -> Iterator[RenderableType]:
    groups = document["groups"]
    by = groups[0]["by"]
    minimum = words.too_small(language, document["min_group_size"])
    yield heading(f"{words.grouped(language, by)}; {minimum}")
    window = language.window(document["window_seconds"])
    titles = [
        words.title(language, name) + (f" ({window})" if name in WINDOWED else "")
        for name in document["indicators"]
    ]
    numbers = [language.text("vehicles"), *titles]
    rows = (
        (
            words.group_name(language, group["name"]),
            language.number(group["vehicles"]),
            *_cells(list(group["indicators"].values()), language),
        )
        for group in groups
    )
    yield table([words.title(language, by), *numbers], rows, right=numbers)


def _cells(shares: Sequence[Share], language: Language) -> Iterator[str]:
    for share in shares:
        yield f"{language.number(share['vehicles'])} · {language.percent(share['ratio'])}"


def _in_service(found: InService, language: Language) -> str:
    trackable = found["indicators"]["trackable"]
    return language.text(
        "in service at that time: %(vehicles)s %(of_operators)s (service hours known for "
        "%(with_hours)s); trackable %(trackable)s, %(percent)s",
        vehicles=words.vehicles(language, found["vehicles"]),
        of_operators=language.plural(
            "of %(number)s operator", "of %(number)s operators", found["operators"]
        ),
        with_hours=language.number(found["operators_with_hours"]),
        trackable=words.part(language, trackable["vehicles"], found["vehicles"]),
        percent=language.percent(trackable["ratio"]),
    )


def _downtime(found: Interval, language: Language, zone: tzinfo) -> str:
    return language.text(
        "ingest was down from %(begins)s to %(ends)s; gaps are not the operators' fault",
        begins=_moment(found["from"], language, zone),
        ends=_moment(found["to"], language, zone),
    )


def _moment(iso: str, language: Language, zone: tzinfo) -> str:
    return language.instant(datetime.fromisoformat(iso).astimezone(zone))
