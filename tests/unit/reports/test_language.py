"""The Russian texts are whole, and each language writes numbers and dates as it does."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import reports
import web
from fleetgauge import demo
from models.indicator import UntrackableReason
from models.rejection import RejectReason
from reports import check_words, definitions, reasons, words
from reports.language import ENGLISH, Language, LanguageCode, language, language_of_locale

ROOMS: Final = [Path(each.__path__[0]) for each in (reports, web, demo)]
TEXTS: Final = ROOMS[0] / "texts"
METHODS: Final = {".py": "python", ".j2": "jinja2.ext:babel_extract"}
KEYWORDS: Final = {"text": None, "plural": (1, 2)}
RUSSIAN: Final = language(LanguageCode.RU)


def catalogue() -> Catalog:
    with (TEXTS / "ru.po").open("rb") as file:
        return read_po(file, locale="ru")


def translations(found: Catalog) -> dict[str, tuple[str, ...]]:
    """Return each English text, in the singular, with its forms in Russian."""
    pairs = ((_forms(message.id), _forms(message.string)) for message in found)
    return {english[0]: russian for english, russian in pairs if english[0]}


def _forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def texts_of_the_code() -> Iterator[str]:
    """Yield each text that is asked for by name, and those of the tables of words."""
    for path in sorted(path for room in ROOMS for path in room.rglob("*")):
        if path.suffix in METHODS:
            with path.open("rb") as file:
                for _, message, _, _ in extract(METHODS[path.suffix], file, keywords=KEYWORDS):
                    yield message if isinstance(message, str) else message[0]
    of_pages = (reasons.EXPLAINED, reasons.REJECTIONS)
    of_check = (check_words.AREAS, check_words.LEVELS, check_words.MESSAGES)
    of_reports = (words.TITLES, words.GROUPED, words.EQUIPPED, words.REASONS, definitions.PERIODS)
    of_lists = (words.CHANGES, words.OUTCOMES, words.OUTSIDE)
    for table in (*of_check, *of_reports, *of_lists, *of_pages):
        yield from table.values()
    yield from (*UntrackableReason, *RejectReason)


def test_every_text_is_there_in_russian_and_no_other() -> None:
    """Nothing that people read is left in English, and nothing is translated in vain."""
    translated = translations(catalogue())
    asked_for = set(texts_of_the_code())
    assert len(asked_for) > 100
    assert asked_for - set(translated) == set()
    assert set(translated) - asked_for == set()
    assert [text for text, russian in translated.items() if not all(russian)] == []


def test_every_translation_fills_in_the_same_values() -> None:
    """And a number has its three forms."""
    assert [(message.id, errors) for message, errors in catalogue().check()] == []


def test_the_compiled_catalogue_is_that_of_the_texts() -> None:
    """`pybabel compile -i reports/texts/ru.po -o reports/texts/ru.mo` makes it so."""
    with (TEXTS / "ru.mo").open("rb") as file:
        assert translations(read_mo(file)) == translations(catalogue())


@pytest.mark.parametrize(
    ("english", "russian", "write"),
    [
        ("1,140", "1 140", lambda each: each.number(1140)),
        ("85.96 %", "85,96 %", lambda each: each.percent(980 / 1140)),
        ("–", "–", lambda each: each.percent(None)),
        ("+51.1 points", "+51,1 п. п.", lambda each: each.points(51.14)),
        ("−0.1 points", "−0,1 п. п.", lambda each: each.points(-0.06)),
        ("2024-12-31", "31.12.2024", lambda each: each.date("2024-12-31")),
        (
            "2024-12-31 12:00:00+00:00",
            "31.12.2024 12:00:00+00:00",
            lambda each: each.instant(datetime(2024, 12, 31, 12, tzinfo=UTC)),
        ),
        ("90s", "90 с", lambda each: each.window(90)),
        ("0.5s", "0,5 с", lambda each: each.window(0.5)),
        ("1 h 05 min", "1 ч 05 мин", lambda each: each.duration(3900)),
        ("24h", "24 ч", lambda each: each.window(86400)),
        ("CCTV", "видеонаблюдение", lambda each: words.title(each, "cctv")),
        ("wheelchair ramp", "wheelchair ramp", lambda each: words.title(each, "wheelchair_ramp")),
    ],
)
def test_a_language_writes_as_its_readers_do(
    english: str, russian: str, write: Callable[[Language], str]
) -> None:
    """Spaces within a number or before its unit do not break."""
    assert write(ENGLISH) == english
    assert write(RUSSIAN).replace("\u00a0", " ") == russian


@pytest.mark.parametrize(
    ("number", "russian"),
    [
        (1, "1 автобус"),
        (2, "2 автобуса"),
        (5, "5 автобусов"),
        (11, "11 автобусов"),
        (1121, "1\u00a0121 автобус"),
    ],
)
def test_russian_counts_in_three_forms(number: int, russian: str) -> None:
    """By the last digits."""
    assert words.vehicles(RUSSIAN, number) == russian


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("ru_RU.UTF-8", "ru"),
        ("ru", "ru"),
        ("en_GB.UTF-8", "en"),
        ("C.UTF-8", "en"),
        ("rus", "en"),
        ("", "en"),
    ],
)
def test_the_locale_names_the_language(locale: str, code: str) -> None:
    """English where there are no texts in the locale's language."""
    assert language_of_locale(locale) == code
