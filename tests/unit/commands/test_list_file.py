"""The small lists: what is not understood is an error, with its line and column."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from fleetgauge.commands.errors import CommandError
from fleetgauge.list_file import read_small_list
from models.service_hours import (
    HOLIDAY_COLUMNS,
    HOLIDAY_OPTIONAL,
    HOURS_COLUMNS,
    holiday_of,
    hours_of,
)
from models.target import BY_PERIOD, OPTIONAL, REQUIRED, target_of


def _read(path: Path, text: str) -> list[Mapping[str, str]]:
    path.write_text(text)
    return read_small_list(path, ("ratio",), ("operator_id", "name")).parsed(dict)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plan.csv"


def test_columns_may_come_in_any_order_and_optional_ones_not_at_all(path: Path) -> None:
    """Empty columns after the last one, as spreadsheets write them, mean nothing."""
    assert _read(path, "operator_id;ratio\n1;0.5\n\n") == [{"operator_id": "1", "ratio": "0.5"}]
    assert _read(path, "ratio,,\n0.5,,\n,,\n") == [{"ratio": "0.5"}]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("ratio,operater_id", "the header has an unknown column 'operater_id'; the columns are"),
        ("ratio,,name", r"an unknown column '\(column 2, without a title\)'"),
        ("ratio,ratio", "the header has the column 'ratio' twice"),
        ("name", "no column ratio; it has: 'name'.*; the columns are ratio, operator_id, name"),
        ("", "no column ratio"),
    ],
)
def test_a_header_that_is_not_understood_is_an_error(path: Path, header: str, told: str) -> None:
    """A misspelt column is not taken for one that is not given."""
    with pytest.raises(CommandError, match=told):
        _read(path, f"{header}\n0.5,1\n")


def test_a_line_has_as_many_fields_as_the_header(path: Path) -> None:
    """Each line that has not is named, with the column at which it goes wrong."""
    with pytest.raises(CommandError) as refused:
        _read(path, "ratio,operator_id\n0.5\n0.5,1\n0,5,1\n")
    assert str(refused.value).splitlines()[1:] == [
        "  line 2: operator_id: field missing (leave it empty, keep the separator)",
        "  line 4: '1' is after the last column, operator_id",
    ]


def test_a_list_of_targets_is_read_as_excel_in_russian_saves_it(path: Path) -> None:
    """Windows-1251, semicolons, Russian titles."""
    path.write_bytes("План;Перевозчик;Название\r\n79,3%;op;\r\n".encode("cp1251"))
    found = read_small_list(path, ("ratio",), ("operator_id", "name")).parsed(dict)
    assert found == [{"ratio": "79,3%", "operator_id": "op", "name": ""}]


def test_what_titles_mean_can_be_said(path: Path) -> None:
    """Here, or before: of lists before this one need not have every title."""
    path.write_text("Доля к концу года;Примечание\n0,5;x\n")
    given = {"доля к концу года": "ratio", "Примечание": ""}
    listed = read_small_list(path, ("ratio",), given=given)
    assert listed.parsed(dict) == [{"ratio": "0,5"}]
    remembered = read_small_list(path, ("ratio",), remembered={**given, "Код": "operator_id"})
    assert remembered.texts("ratio") == ["0,5"]
    with pytest.raises(CommandError, match="no column 'Код'; it has"):
        read_small_list(path, ("ratio",), given={**given, "Код": "operator_id"})


def test_other_columns_will_do(path: Path) -> None:
    """A list has the required ones, or others instead; what lacks is said of the first."""

    def read(text: str) -> list[Mapping[str, str]]:
        path.write_text(text)
        listed = read_small_list(path, ("ratio", "from", "to"), instead=[("ratio", "period")])
        return listed.parsed(dict)

    assert read("План;Период\n0,5;2024\n") == [{"ratio": "0,5", "period": "2024"}]
    assert read("План;С;По\n0,5;1;2\n") == [{"ratio": "0,5", "from": "1", "to": "2"}]
    with pytest.raises(CommandError, match=r"no column to; .* are ratio, from, to, period"):
        read("План;С\n0,5;1\n")


SAVED = Path(__file__).parent / "data"
"""Saved by LibreOffice in Russian: times, percentages and dates are values, not texts."""


def test_hours_and_holidays_are_read_from_workbooks() -> None:
    """Times past midnight too, which ODS and XLSX keep as spans; a month may be a word."""
    hours = read_small_list(SAVED / "hours.xlsx", HOURS_COLUMNS).parsed(hours_of)
    spans = [[(each.day_kind, each.from_minute, each.to_minute) for each in line] for line in hours]
    assert spans == [
        [(day, 330, 1455) for day in range(1, 6)],
        [(6, 360, 1530), (7, 360, 1530)],
        [(8, 0, 1440)],
    ]
    holidays = read_small_list(SAVED / "holidays.ods", HOLIDAY_COLUMNS, HOLIDAY_OPTIONAL)
    assert [each.day.isoformat() for each in holidays.parsed(holiday_of)] == [
        "2025-01-01",
        "2025-02-23",
        "2025-03-08",
    ]


def test_a_month_that_a_spreadsheet_made_a_day_stops_the_import() -> None:
    """Per cent are read as such; the plan of December would have been that of one day."""
    listed = read_small_list(SAVED / "plan.ods", REQUIRED, OPTIONAL, instead=[BY_PERIOD])
    assert listed.texts("ratio") == ["0.793", "1", "0.995"]
    with pytest.raises(CommandError, match=r"1 bad line, .*\n  row 3: period: is the one day"):
        listed.parsed(lambda line: target_of(line, ("trackable", "cctv", "cashless")))
