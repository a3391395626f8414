"""The periods of plans, and the words of the calendar."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.lists.periods import parse_period
from models.lists.values import parse_day


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024 г.", "2024-01-01", "2024-12-31"),
        ("2024\xa0год", "2024-01-01", "2024-12-31"),
        ("февраль 2024", "2024-02-01", "2024-02-29"),
        ("Декабрь 2024 года", "2024-12-01", "2024-12-31"),
        ("Dec. 2024", "2024-12-01", "2024-12-31"),
        ("02.2023", "2023-02-01", "2023-02-28"),
        ("2023-02", "2023-02-01", "2023-02-28"),
        ("IV квартал 2024 г.", "2024-10-01", "2024-12-31"),
        ("2 кв. 2024", "2024-04-01", "2024-06-30"),
        ("1-й квартал 2024", "2024-01-01", "2024-03-31"),
        ("Q3 2024", "2024-07-01", "2024-09-30"),
        ("II полугодие 2024", "2024-07-01", "2024-12-31"),
        ("9 месяцев 2024 года", "2024-01-01", "2024-09-30"),
        ("01.03.2024", "2024-03-01", "2024-03-01"),
        ("1 марта 2024 г.", "2024-03-01", "2024-03-01"),
        ("45352", "2024-03-01", "2024-03-01"),
        ("01.01.2024 – 30.06.2024", "2024-01-01", "2024-06-30"),
        ("01.01.2024-30.06.2024", "2024-01-01", "2024-06-30"),
        ("май 2024 - июнь 2024", "2024-05-01", "2024-06-30"),
    ],
)
def test_a_period_is_read_as_people_write_it(text: str, first: str, last: str) -> None:
    """In English and in Russian; both days are in it."""
    assert parse_period(text) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "text",
    ["", "декабрь", "V квартал 2024", "3 полугодие 2024", "13.2024", "0000", "13 месяцев 2024"],
)
def test_what_is_no_period_is_an_error(text: str) -> None:
    """It says what is taken."""
    with pytest.raises(ValueError, match=r"is missing|expected YYYY-MM-DD, .* 2024"):
        parse_period(text)


@given(st.text() | st.from_regex(r"[0-9IVQ .–-]{1,12}(квартал|года|май)? ?[0-9]{4}"))
def test_any_text_is_a_period_or_an_error(text: str) -> None:
    """Never anything else."""
    try:
        first, last = parse_period(text)
    except ValueError:
        return
    assert {type(first), type(last)} == {date}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1 января 2025 г.", date(2025, 1, 1)),
        ("08 марта 2025", date(2025, 3, 8)),
        ("12.июн.2025", date(2025, 6, 12)),
        ("4-Nov-2025", date(2025, 11, 4)),
        ("9 May 2025", date(2025, 5, 9)),
    ],
)
def test_a_date_may_name_its_month(text: str, day: date) -> None:
    """As lists of holidays do."""
    assert parse_day(text) == day


@pytest.mark.parametrize("text", ["31 июня 2025", "1 мартобря 2025", "1 января 25"])
def test_a_day_that_is_none_is_an_error(text: str) -> None:
    """Nor is a year of two digits guessed at."""
    with pytest.raises(ValueError, match="is not a date"):
        parse_day(text)
