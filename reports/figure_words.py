"""A KPI figure's numbers, in the words of all forms of a document."""

from collections.abc import Sequence

from reports.documents import ComparedFigure, Figure
from reports.language import ABSENT, Language
from reports.words import part


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
