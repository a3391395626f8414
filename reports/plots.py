"""The plots of a report's page: SVG made by hand, in black and two hues, legible on paper."""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from reports import words

ACTUAL: Final = "#1f5a94"
BEFORE: Final = "#b9c7d6"
PLAN: Final = "#b3261e"
INK: Final = "#222"
GRID: Final = "#ddd"

LABELS: Final = 190
WIDTH: Final = 720
BAR: Final = 12
ROW: Final = 40


class Bar(NamedTuple):
    """One indicator, or one group: each a ratio 0..1, None where there is none."""

    label: str
    actual: float | None
    before: float | None
    plan: float | None


class Point(NamedTuple):
    """One rule and the share by it."""

    label: str
    ratio: float | None


def bars(title: str, rows: Sequence[Bar], on: str, before: str | None) -> str:
    """Return a plot of bars from 0 to 100 %, the plan as a mark across."""
    top, height = 26, 26 + ROW * len(rows) + 24
    parts = [_legend(on, before, any(row.plan is not None for row in rows))]
    parts += [_grid(share / 100, top, height - 24) for share in range(0, 101, 20)]
    for place, row in enumerate(rows):
        parts.append(_row(row, top + ROW * place, before is not None))
    return _svg(title, height, parts)


def steps(title: str, points: Sequence[Point]) -> str:
    """Return a plot of the share by rule, the rules in equal steps."""
    top, bottom = 16, 196
    shown = [(place, point) for place, point in enumerate(points) if point.ratio is not None]
    parts = [_level(share / 100, top, bottom) for share in range(0, 101, 20)]
    spots = [
        (_along(place, len(points)), bottom - (point.ratio or 0) * (bottom - top), point)
        for place, point in shown
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in spots)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{ACTUAL}" stroke-width="2"/>')
    for x, y, point in spots:
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{ACTUAL}"/>')
        parts.append(_text(x, y - 7, f"{(point.ratio or 0) * 100:.1f}", "middle"))
    parts += [
        _text(_along(place, len(points)), bottom + 16, point.label, "middle")
        for place, point in enumerate(points)
    ]
    return _svg(title, bottom + 26, parts)


def _along(place: int, number: int) -> float:
    return 60 + (WIDTH - 90) * place / max(number - 1, 1)


def _level(ratio: float, top: int, bottom: int) -> str:
    y = bottom - ratio * (bottom - top)
    line = f'<line x1="46" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
    return line + _text(40, y + 4, f"{ratio * 100:.0f} %", "end")


def _grid(ratio: float, top: int, bottom: int) -> str:
    x = _across(ratio)
    line = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="{GRID}"/>'
    return line + _text(x, bottom + 16, f"{ratio * 100:.0f} %", "middle")


def _row(row: Bar, top: int, with_before: bool) -> str:
    middle = top + ROW / 2
    shown = row.label if len(row.label) <= 28 else f"{row.label[:27]}…"
    parts = [_text(LABELS - 8, middle + 4, shown, "end")]
    if row.actual is None:
        parts.append(_text(LABELS + 4, middle + 4, "no ratio", "start"))
    else:
        parts.append(
            _bar(row.actual, middle - BAR - 1 if with_before else middle - BAR / 2, ACTUAL)
        )
    if with_before and row.before is not None:
        parts.append(_bar(row.before, middle + 1, BEFORE))
    if row.plan is not None:
        x = _across(row.plan)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{middle - BAR - 5}" y2="{middle + BAR + 5}" '
            f'stroke="{PLAN}" stroke-width="2"/>'
        )
    return "".join(parts)


def _bar(ratio: float, y: float, colour: str) -> str:
    width = _across(ratio) - LABELS
    bar = f'<rect x="{LABELS}" y="{y:.1f}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>'
    return bar + _text(_across(ratio) + 5, y + BAR - 2, words.percent(ratio), "start")


def _across(ratio: float) -> float:
    return LABELS + ratio * (WIDTH - LABELS - 70)


def _legend(on: str, before: str | None, with_plan: bool) -> str:
    entries = [(ACTUAL, on)]
    entries += [(BEFORE, before)] if before else []
    entries += [(PLAN, "plan")] if with_plan else []
    parts = []
    for place, (colour, label) in enumerate(entries):
        x = LABELS + place * 120
        parts.append(f'<rect x="{x}" y="4" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 18, 14, label, "start"))
    return "".join(parts)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f"<text {where}>{escape(text)}</text>"


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" font-size="11" fill="{INK}" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )
