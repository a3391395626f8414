"""The report of a date as one page of HTML that needs nothing else, and prints well."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from reports import words
from reports.kpi_document import Document
from reports.plots import Bar, Point, bars, steps

STYLE: Final = """
:root { color-scheme: light; }
body { font: 14px/1.45 system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; color: #222;
       background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .3rem 0; } .quiet { color: #555; } .digest { font-family: monospace;
    overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .5rem; border-bottom: 1px solid #ddd; text-align: right;
         vertical-align: top; white-space: nowrap; }
td.words, .text td { white-space: normal; } td.words { min-width: 10rem; }
th { border-bottom: 1px solid #888; font-weight: 600; }
.text th, .text td, th:first-child, td:first-child, td.words, th.words { text-align: left; }
.figure { break-inside: avoid; margin: 0 0 1.2rem; }
.big { font-size: 1.5rem; font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; }
.card { border: 1px solid #ccc; border-radius: 4px; padding: .7rem .9rem; break-inside: avoid; }
.warning { border-left: 4px solid #b3261e; padding-left: .6rem; }
.appendix table { font-size: 11px; }
svg { width: 100%; height: auto; max-width: 46rem; font-family: inherit; }
@page { size: A4; margin: 15mm; }
@media print {
  body { margin: 0; max-width: none; font-size: 11px; padding: 0; }
  .wide { overflow: visible; } thead { display: table-header-group; } tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; } .appendix { break-before: page; }
  .appendix table { font-size: 8px; } .appendix td, .appendix th { padding: .1rem .25rem; }
}
"""


def html_report(document: Document) -> str:
    """Return the page."""
    title = f"KPI report of {words.subject(document)}"
    body = "\n".join(_sections(document, title))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _sections(document: Document, title: str) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    yield _quiet(f"{_sentence(words.knowledge(document))}.")
    yield _quiet(f"{document['vehicles']:,} {document['definitions']['fleet']}.")
    yield '<p class="quiet">SHA-256 of the data '
    yield f'<span class="digest">{document["sha256"]}</span></p>'
    yield f'<div class="cards">{"".join(_cards(document))}</div>'
    yield from _downtime(document)
    yield from (f"<p>Note: {escape(note)}.</p>" for note in document["notes"])
    yield "<h2>Shares</h2>"
    yield _figure(_overview(document), _definitions(document))
    yield _figure_table(document)
    if document["groups"]:
        yield from _groups(document)
    if document["sensitivity"]:
        yield from _sensitivity(document)
    yield from _disagreements(document)
    yield _appendix(document)


def _cards(document: Document) -> Iterator[str]:
    for indicator, figure in document["indicators"].items():
        lines = [words.part(figure, document["vehicles"])]
        if figure["plan"] is not None:
            difference = words.points(figure["difference_points"])
            lines.append(f"plan {words.percent(figure['plan'])}, {difference}")
        if figure["compared"]:
            before = f"{document['comparison']['on']}: {words.compared_percent(figure)}"
            lines.append(f"{before} ({words.compared_part(figure)})")
            lines.append(f"change {words.points(figure['change_points'])}")
        told = "".join(f"<p>{escape(line)}</p>" for line in lines)
        yield (
            f'<div class="card"><p>{escape(_sentence(words.NAMES[indicator]))}</p>'
            f'<p class="big">{words.percent(figure["ratio"])}</p>{told}'
            f'<p class="quiet">{escape(document["definitions"][indicator])}</p></div>'
        )


def _downtime(document: Document) -> Iterator[str]:
    kind = "warning" if document["ingest_downtime"]["days"] else "quiet"
    for line in words.downtime(document):
        yield f'<p class="{kind}">{escape(_sentence(line))}.</p>'


def _overview(document: Document) -> str:
    rows = [
        _bar(words.NAMES[indicator], figure) for indicator, figure in document["indicators"].items()
    ]
    return bars("shares of the fleet", rows, document["on"], _before(document))


def _before(document: Document) -> str | None:
    compared = any(figure["compared"] for figure in document["indicators"].values())
    return document["comparison"]["on"] if compared else None


def _bar(label: str, figure: Document) -> Bar:
    compared = figure["compared"]
    return Bar(label, figure["ratio"], compared and compared["ratio"], figure["plan"])


def _definitions(document: Document) -> str:
    return " ".join(
        f"{_sentence(words.NAMES[name])}: {definition}."
        for name, definition in document["definitions"].items()
        if name in words.NAMES
    )


def _figure_table(document: Document) -> str:
    before = document["comparison"]["on"]
    rows = [
        [
            _sentence(words.NAMES[indicator]),
            *words.numbers(figure, document["vehicles"]),
            words.source(figure),
        ]
        for indicator, figure in document["indicators"].items()
    ]
    return _table(["indicator", *_columns(before), "of the vehicles"], rows, last_is_words=True)


def _columns(before: str) -> list[str]:
    compared = [f"vehicles {before}", f"share {before}"]
    return ["vehicles", "actual", "plan", "difference", *compared, "change"]


def _groups(document: Document) -> Iterator[str]:
    groups: Sequence[Document] = document["groups"]
    by, minimum = groups[0]["by"], document["min_group_size"]
    yield f"<h2>By {by}</h2>"
    yield _quiet(f"A group of fewer than {minimum} vehicles shows its counts and no ratio.")
    for indicator, name in words.NAMES.items():
        rows = [
            _bar(words.group_name(group["name"]), group["indicators"][indicator])
            for group in groups
        ]
        plot = bars(f"{name} by {by}", rows, document["on"], _before(document))
        yield f"<h3>{escape(_sentence(name))}</h3>"
        yield _figure(plot, f"{_sentence(document['definitions'][indicator])}.")
        numbers = [
            [
                words.group_name(group["name"]),
                *words.numbers(group["indicators"][indicator], group["vehicles"]),
            ]
            for group in groups
        ]
        yield _table([by, *_columns(document["comparison"]["on"])], numbers)


def _sensitivity(document: Document) -> Iterator[str]:
    found, fleet = document["sensitivity"], document["vehicles"]
    yield "<h2>How much the figure depends on the rule</h2>"
    for title, rule, key, label in (
        (
            f"Trackable at {found['at']} local time of {document['on']}: the newest fix is no "
            "older than the window",
            "window",
            "windows",
            "window",
        ),
        (
            "Trackable on the date: a tracked day has fixes in at least so many distinct minutes",
            "minutes",
            "minimum_minutes",
            "minutes",
        ),
    ):
        points = [Point(str(row[label]), row["ratio"]) for row in found[key]]
        yield _figure(steps(title, points), f"{title}.")
        rows = [
            [str(row[label]), words.part(row, fleet), words.percent(row["ratio"])]
            for row in found[key]
        ]
        yield _table([rule, "vehicles", "share"], rows)


def _disagreements(document: Document) -> Iterator[str]:
    found = document["disagreements"]
    yield "<h2>Observed other than declared</h2>"
    times = "once" if len(found) == 1 else f"{len(found):,} times"
    what = f"{times} a vehicle says other than the registry declares" if found else "nowhere"
    yield f"<p>{_sentence(what)}. What is observed counts.</p>"
    if found:
        rows = [
            [
                each["operator_id"],
                each["vehicle_id"],
                words.NAMES[each["equipment"]],
                words.yes_no(each["observed"]),
                words.yes_no(each["declared"]),
            ]
            for each in found
        ]
        yield _table(["operator", "vehicle", "equipment", "observed", "declared"], rows, "text")


def _appendix(document: Document) -> str:
    rows = [
        [
            vehicle["operator_id"],
            vehicle["vehicle_id"],
            *(vehicle[name] or "" for name in ("plate", "route_id", "depot", "municipality")),
            words.yes_no(vehicle["trackable"]),
            str(vehicle["minutes"]),
            vehicle["best_day"] or "–",
            _equipped(vehicle["cctv"]),
            _equipped(vehicle["cashless"]),
        ]
        for vehicle in document["fleet"]
    ]
    columns = ["operator", "vehicle", "plate", "route", "depot", "municipality", "trackable"]
    columns += ["minutes", "best day", "CCTV", "cashless"]
    return (
        '<section class="appendix"><h2>Appendix: the vehicles behind the figures</h2>'
        + _quiet("Minutes: distinct minutes with a fix on the best of the trailing days.")
        + _table(columns, rows, "text")
        + "</section>"
    )


def _equipped(state: Document) -> str:
    source = f", {state['source']}" if state["source"] else ""
    return f"{words.yes_no(state['equipped'])}{source}"


def _table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    kind: str = "",
    *,
    last_is_words: bool = False,
) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        last = ' class="words"' if last_is_words else ""
        marked = [f"<{tag}>{escape(cell)}</{tag}>" for cell in cells[:-1]]
        return f"<tr>{''.join(marked)}<{tag}{last}>{escape(cells[-1])}</{tag}></tr>"

    body = "\n".join(line(row, "td") for row in rows)
    return (
        f'<div class="wide"><table class="{kind}"><thead>{line(columns, "th")}</thead>'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _figure(plot: str, caption: str) -> str:
    return f'<div class="figure">{plot}<p class="quiet">{escape(caption)}</p></div>'


def _quiet(text: str) -> str:
    return f'<p class="quiet">{escape(text)}</p>'


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
