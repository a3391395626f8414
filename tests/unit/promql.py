"""The metric names of a PromQL expression, found by its tokens."""

import re
from collections.abc import Set
from typing import Final, NamedTuple

from metrics import catalogue
from metrics.catalogue import Kind

_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_BRACED: Final = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]")
_LABELS: Final = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_WORD: Final = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])")
_KEYWORDS: Final = {
    *("and", "or", "unless", "offset", "bool", "by", "without", "on", "ignoring"),
    *("group_left", "group_right", "inf", "nan"),
}
_HISTOGRAM: Final = ("_bucket", "_sum", "_count")


def metric_names(expression: str) -> set[str]:
    """Return the names that an expression selects."""
    for pattern in (_QUOTED, _BRACED, _LABELS):
        expression = pattern.sub(" ", expression)
    expression = re.sub(r"\boffset\s+\S+", " ", expression)
    words = set(_WORD.findall(expression))
    return {word for word in words if word.lower() not in _KEYWORDS}


def exported_names() -> Set[str]:
    """Return every name that the catalogue's metrics have on `/metrics`."""
    return {
        metric.name + suffix
        for metric in catalogue.ALL
        for suffix in (_HISTOGRAM if metric.kind is Kind.HISTOGRAM else ("",))
    }


class Selector(NamedTuple):
    """One selection of a metric in an expression."""

    name: str
    matchers: str
    range: str
    """Without its brackets; empty: an instant."""
    function: str
    """What it is the argument of; empty: of none."""


def selectors(expression: str) -> list[Selector]:
    """Return the selections of an expression, in their order."""
    return [
        Selector(name, found["matchers"] or "", found["range"] or "", found["function"] or "")
        for name in metric_names(expression)
        for found in re.finditer(_SELECTOR.format(name=re.escape(name)), expression)
    ]


_SELECTOR: Final = (
    r"(?:(?P<function>\w+)\(\s*)?(?<![\w:]){name}(?![\w:])"
    r"(?:\{{(?P<matchers>[^{{}}]*)\}})?(?:\[(?P<range>[^\[\]]*)\])?"
)
