"""Why a vehicle is not trackable, and why a report is rejected, for people."""

from collections.abc import Mapping
from typing import Final

from reports.language import Language
from reports.words import REASONS

EXPLAINED: Final[Mapping[str, str]] = {
    "never_seen": "nothing was ever received from it",
    "silent": "nothing was heard from it within the window",
    "no_fix": "it was heard, but without a position",
    "late": "it was heard with positions that are all older than the window",
    "bad_clock": "its reports are rejected because of their time",
    "rejected": "its reports are rejected",
}

REJECTIONS: Final[Mapping[str, str]] = {
    "not_json": "not JSON",
    "schema": "wrong fields",
    "unknown_topic": "unknown topic",
    "topic_mismatch": "topic and payload name different vehicles",
    "too_large": "too large",
    "out_of_range": "out of range",
    "null_island": "position 0, 0",
    "outside_area": "outside the service area",
    "in_future": "from the future",
    "too_old": "too old",
}
"""Why a report is rejected, for people."""


def reason(language: Language, name: str) -> str:
    """Return why a vehicle is not trackable."""
    return language.text(REASONS[name])


def explained(language: Language, name: str) -> str:
    """Return the same as a sentence."""
    return language.text(EXPLAINED[name])


def rejection(language: Language, name: str) -> str:
    """Return why a report is rejected."""
    return language.text(REJECTIONS[name])
