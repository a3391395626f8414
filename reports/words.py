"""What all forms of a document call things: names, reasons, counts."""

from collections.abc import Mapping, Sequence
from typing import Final

from reports.language import Language

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


def scope_name(language: Language, scope: Mapping[str, str | None]) -> str:
    """Return what a plan or a statement is of: the whole fleet, an operator, a kind of service."""
    return ", ".join(filter(None, scope.values())) or language.text("whole fleet")


def limited_to(language: Language, only: Mapping[str, Sequence[str]]) -> str:
    """Return to which vehicles a fleet is limited: kind of service = urban."""
    parts = []
    for name, values in only.items():
        names = ", ".join(group_name(language, each or None) for each in values)
        parts.append(f"{title(language, name)} = {names}")
    return "; ".join(parts)


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


def part(language: Language, vehicles: int, whole: int) -> str:
    """Return 980 of 1,140."""
    return language.text(
        "%(part)s of %(whole)s", part=language.number(vehicles), whole=language.number(whole)
    )


def group_name(language: Language, name: str | None) -> str:
    """Return a group's name."""
    return language.text("(none)") if name is None else name
