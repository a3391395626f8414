"""Reading service hours and holidays."""

from datetime import date

import pytest

from models.service_hours import Holiday, ServiceHours, holiday_of, hours_of, overlap

LINE = {"operator_id": "op", "days": "mon-fri", "from": "05:30", "to": "01:15"}


def test_a_line_gives_each_of_its_days_hours() -> None:
    """Past midnight is on the day after, whether written 01:15 or 25:15."""
    expected = [ServiceHours("op", day, 330, 1515) for day in range(1, 6)]
    assert hours_of(LINE) == hours_of(LINE | {"to": "25:15"}) == expected
    assert hours_of(LINE | {"from": "5:30:00", "to": "1:15:00"}) == expected


@pytest.mark.parametrize(
    ("days", "kinds"),
    [
        ("sat-mon", [6, 7, 1]),
        ("sun", [7]),
        ("holiday", [8]),
        ("Mon-Mon", [1]),
        ("пн-пт", [1, 2, 3, 4, 5]),
        ("Пн. – Пт.", [1, 2, 3, 4, 5]),
        ("с понедельника по пятницу", [1, 2, 3, 4, 5]),
        ("будни", [1, 2, 3, 4, 5]),
        ("Рабочие\xa0дни", [1, 2, 3, 4, 5]),
        ("сб, вс", [6, 7]),
        ("суббота и воскресенье", [6, 7]),
        ("выходные и праздничные дни", [6, 7, 8]),
        ("пн, ср, пт-сб", [1, 3, 5, 6]),
        ("вся неделя", [1, 2, 3, 4, 5, 6, 7]),
        ("ежедневно", [1, 2, 3, 4, 5, 6, 7]),
        ("weekend", [6, 7]),
        ("праздники", [8]),
    ],
)
def test_days_are_named_in_short(days: str, kinds: list[int]) -> None:
    """A span may go over the week's end."""
    assert [each.day_kind for each in hours_of(LINE | {"days": days})] == kinds


def test_all_day_is_from_midnight_to_midnight() -> None:
    """However it is written."""
    for to in ("00:00", "24:00"):
        assert hours_of(LINE | {"days": "sun", "from": "00:00", "to": to}) == [
            ServiceHours("op", 7, 0, 1440)
        ]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("operator_id", ""),
        ("days", "чёт"),
        ("days", "пн-"),
        ("days", "пн-пт-вс"),
        ("days", ""),
        ("from", "5.30"),
        ("from", "24:30"),
        ("to", "30:31"),
        ("to", "99:00"),
    ],
)
def test_a_bad_column_is_named(column: str, text: str) -> None:
    """With what it takes."""
    with pytest.raises(ValueError, match=rf"^{column}: "):
        hours_of(LINE | {column: text})


def test_overlapping_spans_are_found() -> None:
    """Of one operator and one kind of day."""
    morning = ServiceHours("op", 1, 300, 720)
    noon = ServiceHours("op", 1, 700, 900)
    assert overlap([noon, morning]) == (morning, noon)
    assert overlap([morning, noon._replace(from_minute=720)]) is None
    assert overlap([morning, noon._replace(day_kind=2)]) is None


def test_a_holiday_is_everyones_unless_it_names_an_operator() -> None:
    """Its name is for the reader."""
    day = date(2024, 12, 31)
    assert holiday_of({"date": "2024-12-31", "name": "Новый год"}) == Holiday(
        day, None, "Новый год"
    )
    assert holiday_of({"date": "2024-12-31", "operator_id": "op"}) == Holiday(day, "op")
    with pytest.raises(ValueError, match=r"^date: "):
        holiday_of({"date": "12/31/2024"})
