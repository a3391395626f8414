"""A claim held against a report, as people read it."""

from collections.abc import Iterator, Sequence
from typing import Any

from reports import definitions, kpi_notes, words
from reports.documents import ClaimedVehicle, ReconcileDocument
from reports.language import Language
from reports.paper import Column, Kind, Paper, Section, Table


def reconcile_paper(document: ReconcileDocument, language: Language) -> Paper:
    """Return the shares, how many vehicles they differ by, and each of these vehicles."""
    text = language.text
    summary = Section("summary", text("Outcome"), _summary(document, language), (1,), True)
    shares = Section("shares", text("Shares"), _shares(document, language), is_summary=True)
    title = text(
        "Claim %(name)s and our data: %(date)s",
        name=document["claim"]["name"],
        date=language.date(document["on"]),
    )
    lines = list(_lines(document, language))
    sections = [shares, summary, *_differing(document, language)]
    return Paper(title, document["on"], lines, sections, document["sha256"])


def _lines(document: ReconcileDocument, language: Language) -> Iterator[str]:
    text, claim = language.text, document["claim"]
    yield kpi_notes.knowledge_on(language, document["as_known_on"])
    yield text("trackable: %(rule)s", rule=definitions.tracked(language, document["rule"]))
    yield text("operators: %(names)s", names=", ".join(document["operators"]))
    if claim["not_claimed"]:
        yield text(
            "vehicles that the list itself says are not trackable: %(number)s",
            number=language.number(claim["not_claimed"]),
        )
    if claim["repeated"]:
        yield text(
            "lines of a vehicle that was listed before: %(number)s",
            number=language.number(claim["repeated"]),
        )
    if claim["skipped"]:
        places = ", ".join(_place(each, language) for each in claim["skipped"])
        yield text("left out as totals or headers: %(lines)s", lines=places)


def _shares(document: ReconcileDocument, language: Language) -> Table:
    text = language.text
    columns = (
        Column(text("trackable")),
        Column(text("vehicles"), Kind.NUMBER),
        Column(text("in the fleet"), Kind.NUMBER),
        Column(text("share"), Kind.RATIO),
    )
    rows = [
        (text("by the claim"), *document["claimed"].values()),
        (text("by our data"), *document["ours"].values()),
    ]
    return Table(columns, rows)


def _summary(document: ReconcileDocument, language: Language) -> Table:
    columns = (Column(language.text("outcome")), Column(language.text("vehicles"), Kind.NUMBER))
    rows: list[Sequence[Any]] = [
        (language.text(words.OUTCOMES[outcome]), number)
        for outcome, number in document["outcomes"].items()
    ]
    rows.append((language.text("neither in the claim nor by our data"), document["neither"]))
    return Table(columns, rows)


def _differing(document: ReconcileDocument, language: Language) -> Iterator[Section]:
    # What differs first: who agrees is what nobody has to look at.
    for outcome in ("ours_not", "not_registered", "theirs_not", "agreed"):
        vehicles = [each for each in document["vehicles"] if each["outcome"] == outcome]
        title = language.text(words.OUTCOMES[outcome])
        number = words.vehicles(language, len(vehicles))
        yield Section(outcome, f"{title}: {number}", _vehicles(vehicles, language))


def _vehicles(vehicles: Sequence[ClaimedVehicle], language: Language) -> Table:
    text = language.text
    columns = (
        Column(text("operator")),
        Column(text("vehicle")),
        Column(text("plate")),
        Column(text("reason")),
        Column(text("minutes"), Kind.NUMBER),
        Column(text("last contact"), Kind.DATE),
        Column(text("in the claim")),
        Column(text("listed as")),
    )
    rows = [
        (
            each["operator_id"],
            each["vehicle_id"],
            each["plate"],
            _reason(each, language),
            each["minutes"],
            each["last_day"],
            each["place"] and _place(each["place"], language),
            each["listed_as"],
        )
        for each in vehicles
    ]
    return Table(columns, rows)


def _place(place: str, language: Language) -> str:
    # A list that is a workbook has rows, and any other has lines.
    _, _, number = place.rpartition(" ")
    if place.startswith("row "):
        return language.text("row %(number)s", number=number)
    if place.startswith("line "):
        return language.text("line %(number)s", number=number)
    return place


def _reason(vehicle: ClaimedVehicle, language: Language) -> str | None:
    reason, hint = vehicle["reason"], vehicle["hint"]
    if reason is None:
        return None
    found = language.text(words.OUTSIDE[reason] if _is_outside(vehicle) else words.REASONS[reason])
    if hint is None:
        return found
    return f"{found}: {hint if reason == 'other_operator' else language.date(hint)}"


def _is_outside(vehicle: ClaimedVehicle) -> bool:
    return vehicle["outcome"] == "not_registered"
