"""What a report's fleet is grouped by: nothing, one grouping, or several at once."""

from collections.abc import Sequence

from models.attribute import OPERATOR
from reports.documents import Group, KpiContent, KpiDocument, Series, SeriesGroup


def by_of(groupings: Sequence[str]) -> str | list[str] | None:
    """Return how a document says it: one grouping is its name."""
    if not groupings:
        return None
    return groupings[0] if len(groupings) == 1 else list(groupings)


def groupings_of(by: str | list[str] | None) -> list[str]:
    """Return the groupings that a document names."""
    if by is None:
        return []
    return [by] if isinstance(by, str) else by


def groups_by(document: KpiDocument) -> list[tuple[str, list[Group]]]:
    """Return each grouping with its groups; without those of which there is no group."""
    return [
        (by, groups)
        for by in groupings_of(document["by"])
        if (groups := [group for group in document["groups"] if group["by"] == by])
    ]


def called(document: KpiContent, by: str, name: str | None) -> str | None:
    """Return what people call a group: of an operator, its name, where it has one."""
    if by != OPERATOR or name is None:
        return name
    return document.get("operators", {}).get(name, name)


def series_groups(series: Series, by: str) -> list[SeriesGroup]:
    """Return a grouping's groups; reports with one grouping have not always named it there."""
    return [group for group in series["groups"] if group.get("by", by) == by]
