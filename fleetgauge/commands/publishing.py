"""What simulate and replay have in common: how they count what they publish."""

from typing import Any

from simulator.connection import Counts


def missing(counts: Counts) -> int:
    """Return how many messages the broker has not answered."""
    return counts.published - counts.acknowledged - counts.refused


def under_way(counts: Counts) -> str:
    """Return the counts while messages are still on their way."""
    return f"{counts.published:,} messages published, {counts.acknowledged:,} acknowledged"


def summary(counts: Counts) -> str:
    """Return the final counts; the rare ones only if there are any."""
    parts = [under_way(counts)]
    if counts.refused:
        parts.append(f"{counts.refused:,} refused")
    if unanswered := missing(counts):
        parts.append(f"{unanswered:,} unanswered")
    return ", ".join(parts)


def as_document(counts: Counts) -> dict[str, Any]:
    """Return the counts for a JSON document."""
    return {
        "published": counts.published,
        "acknowledged": counts.acknowledged,
        "refused": counts.refused,
        "unanswered": missing(counts),
    }
