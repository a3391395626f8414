"""How a report's numbers are written, the same in every form of it."""

from typing import Any, Final

from reports.kpi_document import Document

NAMES: Final = {
    "trackable": "trackable",
    "cctv": "CCTV",
    "cashless": "cashless payment",
}
"""The indicators', as people say them."""


def percent(ratio: float | None) -> str:
    """Return 85.96 %, or a dash where there is no ratio."""
    return "–" if ratio is None else f"{ratio * 100:.2f} %"


def points(difference: float | None) -> str:
    """Return +51.1 points, or a dash where there is nothing to compare."""
    if difference is None:
        return "–"
    text = f"{difference:+.1f}"
    return f"{'0.0' if float(text) == 0 else text.replace('-', '−')} points"


def part(figure: Document, whole: int) -> str:
    """Return 980 of 1,140."""
    return f"{figure['vehicles']:,} of {whole:,}"


def compared_part(figure: Document) -> str:
    """Return the numerator and denominator of the date compared with."""
    compared = figure["compared"]
    return f"{compared['vehicles']:,} of {compared['of']:,}" if compared else "–"


def compared_percent(figure: Document) -> str:
    """Return the ratio of the date compared with."""
    return percent(figure["compared"]["ratio"]) if figure["compared"] else "–"


def numbers(figure: Document, whole: int) -> list[str]:
    """Return actual, plan and their difference, then the date compared with and the change."""
    return [
        part(figure, whole),
        percent(figure["ratio"]),
        percent(figure["plan"]),
        points(figure["difference_points"]),
        compared_part(figure),
        compared_percent(figure),
        points(figure["change_points"]),
    ]


def source(figure: Document) -> str:
    """Return where the numerator comes from; the empty text where it is observed anyway."""
    if "observed" not in figure:
        return ""
    return (
        f"{figure['observed']:,} as observed, {figure['declared']:,} as declared, "
        f"{figure['working']:,} known to work"
    )


def group_name(name: str | None) -> str:
    """Return a group's name."""
    return "(none)" if name is None else name


def subject(document: Document) -> str:
    """Return what the report is of."""
    operator = document["operator_id"]
    whose = f"operator {operator}" if operator else "the fleet"
    return f"{whose} on {document['on']}"


def knowledge(document: Document) -> str:
    """Return of which day's knowledge the report is."""
    if document["as_known_on"]:
        return (
            f"as known on {document['as_known_on']}: nothing that was recorded or corrected "
            "after that day"
        )
    return "as known now: with all that was recorded and corrected since"


def downtime(document: Document) -> list[str]:
    """Return what is to be said of our own downtime."""
    found = document["ingest_downtime"]
    if found["recorded_from"] is None:
        return ["ingest uptime was not recorded on these days"]
    lines = [
        f"ingest was down on {day['day']} for {duration(day['seconds'])}: gaps are not the "
        "operators' fault"
        for day in found["days"]
    ]
    limit = duration(found["limit_seconds"])
    return lines or [f"ingest was never down for more than {limit} on these days"]


def duration(seconds: int) -> str:
    """Return 1 h 05 min, or seconds below a minute."""
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def yes_no(value: Any) -> str:
    """Return yes or no, or a dash where it is not known."""
    return "–" if value is None else "yes" if value else "no"
