"""Single fields of lists: texts in their normal form, dates, and yes or no."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.lists.characters import key, normal, plate_skeleton, skeleton
from models.lists.values import parse_boolean, parse_day, required_day


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("101", "101"),
        (" А 123\xa0\xa0ВС\t", "А 123 ВС"),
        ("г. Иваново\r\n(городской округ)", "г. Иваново (городской округ)"),
        ("и\N{COMBINING BREVE}", "й"),
        (" \n\u202f", ""),
    ],
)
def test_texts_are_composed_and_spaced_once(written: str, meant: str) -> None:
    """Non-breaking spaces, tabs and line breaks within a cell are white space."""
    assert normal(written) == meant


@given(st.text())
def test_the_normal_form_is_that_of_itself(text: str) -> None:
    """What an export writes comes back as it is."""
    assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("А101", "A101"),
        ("аvtolаin-37", "AVTOLAIN-37"),
        ("0102", "102"),
        ("ПАТП 01", "патп1"),
        ("bus-007", "BUS-7"),
        ("Ⅳ", "IV"),
    ],
)
def test_what_people_take_for_one_looks_the_same(one: str, other: str) -> None:
    """Cyrillic for Latin, case, leading zeros, white space, Unicode form."""
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("101", "1010"), ("1-12", "11-2"), ("А101", "Б101")])
def test_what_differs_to_the_eye_differs(one: str, other: str) -> None:
    """Zeros within a number, where a dash stands, and letters of no Latin likeness."""
    assert skeleton(one) != skeleton(other)


def test_a_plate_is_its_letters_and_digits() -> None:
    """However it is spaced or dashed."""
    assert plate_skeleton("а 101-вс 37") == plate_skeleton("A101BC37")
    assert plate_skeleton("-") == ""


def test_titles_are_their_letters_and_digits() -> None:
    """In one case, with № for номер and е for ё."""
    assert key("Гос. НОМЕР") == key("гос_номер") == "госномер"
    assert key("№ маршрута") == "номермаршрута"
    assert key("Учёт") == "учет"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *[(each, True) for each in ("true", "Yes", "1", "+", "да", "ЕСТЬ", "Истина", "имеется")],
        *[(each, False) for each in ("FALSE", "no", "0", "-", "–", "нет", "ЛОЖЬ", "отсутствует")],
        *[(each, None) for each in ("", " ", "н/д", "нет данных", "?")],
    ],
)
def test_yes_and_no_have_many_spellings(written: str, meant: bool | None) -> None:
    """In English and in Russian, whatever the case; some say that it is not known."""
    assert parse_boolean(f"\xa0{written} ") is meant


@pytest.mark.parametrize(
    "written",
    ["2024-02-29", "29.02.2024", "29.2.2024 г.", "29.02.2024 0:00:00", "2024-02-29T10:30:00Z",
     "45351", "45351.0", "45351,00", "\xa029.02.2024 "],
)  # fmt: skip
def test_dates_are_taken_as_spreadsheets_write_them(written: str) -> None:
    """ISO, Russian, or the number of the day; a time of day does not matter."""
    assert parse_day(written) == required_day(written) == date(2024, 2, 29)


@pytest.mark.parametrize(
    "written", ["2024-02-30", "30.02.2024", "02/29/2024", "29.02.24", "20240229", "100", "soon"]
)
def test_what_is_not_a_date_is_not_guessed_at(written: str) -> None:
    """Neither which part is the month, nor which century it is."""
    with pytest.raises(ValueError, match=r"is not a date \(expected YYYY-MM-DD or DD.MM.YYYY\)"):
        parse_day(written)


def test_a_date_that_is_not_given_is_none() -> None:
    """Where one is required, it is missing."""
    assert parse_day(" ") is parse_day("н/д") is None
    with pytest.raises(ValueError, match="is missing"):
        required_day("")


@given(st.dates(date(1955, 1, 1), date(2118, 12, 31)))
def test_a_spreadsheet_counts_days_from_the_end_of_1899(day: date) -> None:
    """Excel, LibreOffice and Google Sheets alike."""
    assert parse_day(str((day - date(1899, 12, 30)) // timedelta(days=1))) == day
