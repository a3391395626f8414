"""The plots of a report's page: SVG made by hand, in black and two hues, legible on paper.

Every text in it is escaped here: the page takes it as it is.
"""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from reports.language import Language

ACTUAL: Final = "#1f5a94"
BEFORE: Final = "#b9c7d6"
PLAN: Final = "#b3261e"
INK: Final = "#222222"
GRID: Final = "#dddddd"

LABELS: Final = 200
WIDTH: Final = 600
LONGEST_LABEL: Final = 27
"""In characters, of which a row has room for so many beside the bars."""
BAR: Final = 11
ROW: Final = 30
FONT: Final = 11
LEGEND: Final = 26
SCALE: Final = 24


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


class Plots(NamedTuple):
    """The plots of one report."""

    language: Language
    on: str
    before: str | None
    """The date compared with; None: there is none."""

    def bars(self, title: str, rows: Sequence[Bar]) -> str:
        """Return a plot of bars from 0 to 100 %, the plan as a mark across."""
        height = LEGEND + ROW * len(rows) + SCALE
        parts = [self._legend(any(row.plan is not None for row in rows))]
        parts += [self._grid(share / 100, height - SCALE) for share in range(0, 101, 20)]
        parts += [self._row(row, LEGEND + ROW * place) for place, row in enumerate(rows)]
        return _svg(title, height, parts)

    def steps(self, title: str, points: Sequence[Point]) -> str:
        """Return a plot of the share by rule, the rules in equal steps."""
        top, bottom = 16, 196
        spots = [
            (_along(place, len(points)), bottom - point.ratio * (bottom - top), point.ratio)
            for place, point in enumerate(points)
            if point.ratio is not None
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in spots)
        parts = [self._level(share / 100, top, bottom) for share in range(0, 101, 20)]
        parts.append(f'<polyline points="{line}" fill="none" stroke="{ACTUAL}" stroke-width="2"/>')
        for x, y, ratio in spots:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{ACTUAL}"/>')
            parts.append(_text(x, y - 7, self.language.decimal(ratio * 100, 1), "middle"))
        for place, point in enumerate(points):
            x = _along(place, len(points))
            parts.append(_text(x, bottom + 16, point.label, "middle", size=9))
        return _svg(title, bottom + 26, parts)

    def _legend(self, with_plan: bool) -> str:
        entries = [(ACTUAL, self.on)]
        entries += [(BEFORE, self.before)] if self.before else []
        entries += [(PLAN, self.language.text("plan"))] if with_plan else []
        parts = []
        for place, (colour, label) in enumerate(entries):
            x = LABELS + place * 115
            parts.append(f'<rect x="{x}" y="4" width="12" height="12" fill="{colour}"/>')
            parts.append(_text(x + 18, 14, label, "start"))
        return "".join(parts)

    def _grid(self, ratio: float, bottom: int) -> str:
        x = _across(ratio)
        line = f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{LEGEND}" y2="{bottom}" stroke="{GRID}"/>'
        return line + _text(x, bottom + 16, self._round(ratio), "middle")

    def _level(self, ratio: float, top: int, bottom: int) -> str:
        y = bottom - ratio * (bottom - top)
        line = f'<line x1="46" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        return line + _text(40, y + 4, self._round(ratio), "end")

    def _round(self, ratio: float) -> str:
        return self.language.percent(ratio, digits=0)

    def _row(self, row: Bar, top: int) -> str:
        middle = top + ROW / 2
        is_long = len(row.label) > LONGEST_LABEL
        shown = f"{row.label[: LONGEST_LABEL - 1]}…" if is_long else row.label
        parts = [_text(LABELS - 8, middle + 4, shown, "end")]
        bars = []
        if row.actual is None:
            parts.append(_text(LABELS + 4, middle + 4, self.language.text("no ratio"), "start"))
        else:
            bars.append((row.actual, middle - (BAR + 1 if self.before else BAR / 2), ACTUAL))
        if self.before and row.before is not None:
            bars.append((row.before, middle + 1, BEFORE))
        parts += [_bar(*bar) for bar in bars]
        if row.plan is not None:
            x, reach = _across(row.plan), BAR + 3
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{middle - reach}" y2="{middle + reach}" '
                f'stroke="{PLAN}" stroke-width="2"/>'
            )
        # On top, with an edge of paper: the plan's mark may stand where the number does.
        parts += [self._number(ratio, y) for ratio, y, _ in bars]
        return "".join(parts)

    def _number(self, ratio: float, y: float) -> str:
        number = _text(_across(ratio) + 5, y + BAR - 1.5, self.language.percent(ratio), "start")
        return f'<g paint-order="stroke" stroke="#ffffff" stroke-width="3">{number}</g>'


def _bar(ratio: float, y: float, colour: str) -> str:
    width = _across(ratio) - LABELS
    return f'<rect x="{LABELS}" y="{y:.1f}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>'


def _along(place: int, number: int) -> float:
    return 60 + (WIDTH - 90) * place / max(number - 1, 1)


def _across(ratio: float) -> float:
    return LABELS + ratio * (WIDTH - LABELS - 60)


def _text(x: float, y: float, text: str, anchor: str, size: int = FONT) -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f"<text {where}>{escape(text)}</text>"


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" fill="{INK}" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )
