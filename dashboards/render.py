"""Render the dashboards of the other languages from the English ones: `make dashboards`.

`en/` is kept by hand. A gettext catalogue beside it (`ru.po`) has each English text with its
translation and gives the folder of its name (`ru/`). A string's place in the JSON decides what it
is: a text is translated, an address leads to the same dashboard in the other language, and all
else (queries, ids, units) stays as it is.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from babel.messages.pofile import read_po

HERE: Final = Path(__file__).parent
SOURCE: Final = "en"
LANGUAGES: Final = (SOURCE, *sorted(path.stem for path in HERE.glob("*.po")))

# A place is the keys that lead to it; the items of a list share theirs.
_FIELD: Final = r"(fieldConfig/defaults | fieldConfig/overrides/properties)"
_TEXTS: Final = re.compile(
    rf"""
    title | description | links/title | links/tooltip | templating/list/label
    | (panels/)+ (
        title | description | targets/legendFormat | options/layers/name
        | {_FIELD}/(displayName | noValue | unit | links/title | mappings/options/[^/]+/text)
    )
    """,
    re.VERBOSE,
)
_ADDRESSES: Final = re.compile(rf"uid | links/url | (panels/)+ {_FIELD}/links/url", re.VERBOSE)
_FILLED_IN: Final = re.compile(r"\{\{.*?\}\}|__auto")
"""What Grafana puts into a legend."""


def main(arguments: list[str] | None = None) -> int:
    """Write the dashboards of every language; with --check, only say what is out of step."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.render", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if out of step")
    check = parser.parse_args(arguments).check
    problems = [each for language in LANGUAGES[1:] for each in mismatches(language)]
    for path, text in {} if problems else rendered():
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            problems.append(f"{path.relative_to(HERE)} is out of date: run `make dashboards`")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def mismatches(language: str) -> list[str]:
    """Return the texts that a catalogue lacks and those that no dashboard shows, as sentences."""
    shown = {text for source in sources() for text in texts(json.loads(source.read_text("utf-8")))}
    known = load_catalogue(language).keys()
    return [
        *(f"{language}.po: no translation of {text!r}" for text in sorted(shown - known)),
        *(f"{language}.po: no dashboard shows {text!r}" for text in sorted(known - shown)),
    ]


def rendered() -> Iterator[tuple[Path, str]]:
    """Yield what the files of the other languages have to be, with their paths.

    Raises:
        KeyError: a catalogue lacks a text.
    """
    for language in LANGUAGES[1:]:
        catalogue = load_catalogue(language)
        for source in sources():
            text = render(source.read_text("utf-8"), language, catalogue)
            yield HERE / language / source.name, text


def sources() -> list[Path]:
    """Return the paths of the English dashboards, sorted."""
    return sorted((HERE / SOURCE).glob("*.json"))


def load_catalogue(language: str) -> dict[str, str]:
    """Return a language's translations by English text, without the unfinished ones."""
    with (HERE / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    return {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }


def render(source: str, language: str, catalogue: dict[str, str]) -> str:
    """Return an English dashboard's JSON in another language.

    Raises:
        KeyError: the catalogue lacks a text.
    """
    document = json.loads(source)
    for holder, key, place in strings(document):
        if is_text(place, holder[key]):
            holder[key] = catalogue[holder[key]]
        elif _ADDRESSES.fullmatch(place):
            holder[key] = re.sub(rf"(fleetgauge-\w+)-{SOURCE}\b", rf"\1-{language}", holder[key])
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def texts(document: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of a dashboard, in its order."""
    for holder, key, place in strings(document):
        if is_text(place, holder[key]):
            yield holder[key]


def is_text(place: str, value: str) -> bool:
    if place.endswith("/unit") and not value.startswith("suffix:"):
        return False  # a name that Grafana knows
    words = re.search(r"[^\W\d_]", _FILLED_IN.sub("", value))
    return words is not None and _TEXTS.fullmatch(place) is not None


def strings(holder: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any, str]]:
    """Yield where each string is: its holder, its key there, its place."""
    override = isinstance(holder, dict) and holder.keys() == {"id", "value"}
    for key, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
        if override:  # it stands for the field that it sets
            step = (holder["id"],) if key == "value" else ("id",)
        else:
            step = (key,) if isinstance(holder, dict) else ()
        if isinstance(value, dict | list):
            yield from strings(value, place + step)
        elif isinstance(value, str):
            yield holder, key, "/".join(place + step)


if __name__ == "__main__":
    sys.exit(main())
