"""What people state beside a KPI report's figures, in the words of all its forms."""

from collections.abc import Sequence

from reports.documents import KpiDocument, Official, StatedMilestone, StatedNote
from reports.language import Language
from reports.words import part, scope_name, title


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
            scope=scope_name(language, each["scope"]),
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
            scope=scope_name(language, each["scope"]),
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
