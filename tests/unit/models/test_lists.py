"""Lists as spreadsheets save them: the same lines, whatever the program, or why not."""

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from models.lists.header import Vocabulary
from models.lists.reading import read_list
from models.lists.table import Lines, UnreadableList

SAVED = Path(__file__).parent / "data" / "lists"
"""Made with XlsxWriter, and saved by LibreOffice in two formats."""

REQUIRED = ("operator_id", "vehicle_id")
OPTIONAL = ("plate", "route_id", "depot", "municipality", "in_service_from", "cctv", "cashless")
VOCABULARY = Vocabulary(REQUIRED, OPTIONAL, option="--column")

TITLES = ("Перевозчик", "Гаражный №", "Гос. номер", "Видеонаблюдение\n(да/нет)", "Мест")
FLAT = tuple(title.replace("\n", " ") for title in TITLES)
ROWS = (
    ("ivpat-1", "101", "А 101 ВС 37", "да", "24"),
    ("ivpat-1", "0102", "А102ВС37", "нет", "24"),
    ("kineshma", "101", "", "", ""),
)
EXPECTED = [
    {"operator_id": o, "vehicle_id": v, "plate": p, "cctv": c, "Мест": m} for o, v, p, c, m in ROWS
]


def text(separator: str, newline: str = "\r\n", titles: tuple[str, ...] = TITLES) -> str:
    quoted = [f'"{title}"' if "\n" in title else title for title in titles]
    return "".join(separator.join(row) + newline for row in (quoted, *ROWS))


def read(content: bytes, vocabulary: Vocabulary = VOCABULARY, sheet: str | None = None) -> Lines:
    lines = read_list(content, vocabulary, sheet=sheet)
    return lines._replace(lines=list(lines.lines))


def contents(lines: Lines) -> list[Mapping[str, object] | str]:
    return [line.content for line in lines.lines]


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (text(";").encode("utf-8-sig"), "CSV in UTF-8, separated by semicolons"),
        (text(",", "\n").encode(), "CSV in UTF-8, separated by commas"),
        (text(";").encode("cp1251"), "CSV in Windows-1251, separated by semicolons"),
        (text("\t").encode("utf-16"), "CSV in UTF-16, separated by tabs"),
        (b"\xfe\xff" + text("\t").encode("utf-16-be"), "CSV in UTF-16, separated by tabs"),
        (("sep=|\r\n" + text("|")).encode(), "CSV in UTF-8, separated by |"),
        (("sep=;\n" + text(";")).encode("cp1251"), "CSV in Windows-1251, separated by semicolons"),
        (text("\xa0;", titles=FLAT).encode(), "CSV in UTF-8, separated by semicolons"),
    ],
)
def test_csv_is_read_as_each_program_saves_it(content: bytes, form: str) -> None:
    """Excel in Russian and in English, LibreOffice, Google Sheets: by its bytes alone."""
    lines = read(content)
    assert lines.understood.form == form
    found = [{name: str(value).strip() for name, value in line.items()} for line in _dicts(lines)]
    assert found == EXPECTED


def _dicts(lines: Lines) -> list[Mapping[str, object]]:
    return [line.content for line in lines.lines if isinstance(line.content, Mapping)]


@pytest.mark.parametrize("file", sorted(SAVED.iterdir()), ids=lambda file: file.name)
def test_a_workbook_is_read_whichever_program_saved_it(file: Path) -> None:
    """The sheet with the list, below its titles; numbers and dates are what they show."""
    lines = read(file.read_bytes())
    assert lines.understood.form == "sheet 'Реестр'"
    assert lines.understood.header == "row 4"
    assert lines.understood.columns == {
        "Перевозчик": "operator_id",
        "Гаражный №": "vehicle_id",
        "Гос. номер": "plate",
        "№ маршрута": "route_id",
        "Парк": "depot",
        "Муниципальное образование": "municipality",
        "Дата ввода в эксплуатацию": "in_service_from",
        "Видеонаблюдение (да/нет)": "cctv",
        "Безналичная оплата": "cashless",
        "Мест": "Мест",
    }
    rows = [list(line.values()) for line in _dicts(lines)]
    assert [row[:5] for row in rows] == [
        ["ivpat-1", "101", "А 101 ВС 37", "7", "Север"],
        ["ivpat-1", "0102", "А102ВС37", "7", "Север"],
        ["ivpat-1", "103", "", "30А", "Юг"],
        ["kineshma", "101", "В001ОР37", "к-1", "Кинешма"],
    ]
    assert [row[6] for row in rows] == ["2019-10-02", "2016-08-18", "", "2024-02-29"]
    assert [row[7] for row in rows] == ["да", "нет", "", "есть"]
    assert [row[8] for row in rows] in (["true", "false", "", "true"], ["1", "0", "", "1"])
    assert [row[9] for row in rows] == ["24", "24", "32", "18"]
    assert [line.place for line in lines.lines] == ["row 5", "row 6", "row 7", "row 8"]


def test_a_sheet_can_be_named() -> None:
    """One that is not there, or of what is not a workbook, is an error."""
    content = (SAVED / "libreoffice.xlsx").read_bytes()
    assert read(content, sheet="Реестр").understood.form == "sheet 'Реестр'"
    with pytest.raises(UnreadableList, match="has no sheet 'Other'"):
        read(content, sheet="Other")
    with pytest.raises(UnreadableList, match="the header has no column operator_id; it has: "):
        read(content, sheet="Справка")
    with pytest.raises(UnreadableList, match="is not a workbook"):
        read(b"operator_id,vehicle_id\n", sheet="Other")


def test_titles_above_the_header_are_passed_over() -> None:
    """With however many commas; lines are counted by the file's lines."""
    above = 'Реестр, на 01.12.2024;;;;\r\n"МУП\r\n""Транспорт""";;;;\r\n;;;;\r\n'
    lines = read((above + text(";")).encode())
    assert lines.understood.header == "line 5"
    assert contents(lines) == EXPECTED
    # The header itself takes two lines.
    assert [line.place for line in lines.lines] == ["line 7", "line 8", "line 9"]


@pytest.mark.parametrize(
    ("title", "column"),
    [
        ("OPERATOR_ID", "operator_id"),
        ("operator id", "operator_id"),
        ("Код перевозчика", "operator_id"),
        ("ГОСНОМЕР", "plate"),
        ("Гос.номер", "plate"),
        ("Государственный регистрационный знак", "plate"),
        ("№\xa0маршрута", "route_id"),
        ("Населённый пункт", "municipality"),
        ("Видеонаблюдение (есть/нет)", "cctv"),
        ("Безналичный расчёт", "cashless"),
        ("Дата ввода (дд.мм.гггг)", "in_service_from"),
        ("Маршрут (план)", None),
        ("Notes", None),
    ],
)
def test_titles_are_known_in_two_languages(title: str, column: str | None) -> None:
    """Case, spaces, points and brackets make no difference; others stay what they are."""
    assert VOCABULARY.column(title) == column


def test_what_a_title_means_can_be_said() -> None:
    """Of one that is known too; with nothing it is left out."""
    given = {"Owner": "operator_id", "гос. номер": "", "Мест": "seats", "Гаражный №": "vehicle_id"}
    titles = ("Owner", *TITLES[1:])
    vocabulary = Vocabulary(REQUIRED, OPTIONAL, given)
    lines = read(text(";", titles=titles).encode(), vocabulary)
    assert list(lines.understood.columns.values()) == [
        "operator_id",
        "vehicle_id",
        "",
        "cctv",
        "seats",
    ]
    assert _dicts(lines)[0].keys() == {"operator_id", "vehicle_id", "cctv", "seats"}
    with pytest.raises(UnreadableList, match="the header has no column 'Owner'; it has: "):
        read(text(";").encode(), vocabulary)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (
            "Перевозчик;Гос. номер",
            "the header has no column vehicle_id; it has: 'Перевозчик', 'Гос. номер'. "
            'To say which one is meant: --column "TITLE=vehicle_id"',
        ),
        (
            "Перевозчик;Гаражный №;Маршрут;№ маршрута",
            "the columns 'Маршрут' and '№ маршрута' both mean route_id. "
            'To leave one out: --column "№ маршрута="',
        ),
        (
            "Перевозчик;Гаражный №;Цвет; Цвет",
            "the header has the column 'Цвет' twice; rename or delete one",
        ),
    ],
)
def test_a_header_that_leaves_something_open_is_an_error(header: str, says: str) -> None:
    """It names the columns, and how to say what they mean."""
    with pytest.raises(UnreadableList) as caught:
        read(f"{header}\nop;1;2;3\n".encode())
    assert str(caught.value) == says


def test_columns_without_a_title_are_named_if_anything_is_in_them() -> None:
    """Empty ones, as spreadsheets write them, mean nothing."""
    content = b"operator_id,,vehicle_id,,\nop,,1,note,\nop,,2,,\n"
    lines = read(content)
    assert contents(lines) == [{"operator_id": "op", "vehicle_id": n} for n in "12"]
    assert lines.understood.columns == {
        "operator_id": "operator_id",
        "vehicle_id": "vehicle_id",
        "(column 4, without a title)": "",
    }


def test_a_line_has_as_many_fields_as_the_header() -> None:
    """Others say what is wrong with them; those below are read."""
    lines = read(b"operator_id,vehicle_id,plate\nop,1\nop,2,A,B\nop,3,A,\n")
    assert contents(lines) == [
        "plate: field missing (leave it empty, keep the separator)",
        "'B' is after the last column, plate",
        {"operator_id": "op", "vehicle_id": "3", "plate": "A"},
    ]


def test_json_takes_the_same_titles() -> None:
    """An array of objects, not each of which has every key."""
    document = [{"Перевозчик": "op", "Vehicle_ID": 1}, {"Перевозчик": "op", "гаражный": 2}]
    with pytest.raises(UnreadableList, match="both mean vehicle_id"):
        read(json.dumps(document).encode())
    lines = read(json.dumps(document[:1]).encode())
    assert contents(lines) == [{"operator_id": "op", "vehicle_id": 1}]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("operator_id,vehicle_id\n1,Itäkeskus\n".encode("latin-1"), "is not UTF-8 (line 2, byte "),
        (b"operator_id\xff\xff\x98", "is not UTF-8 (line 1, byte 11); save it as UTF-8"),
        (b"\xff\xfea\0b", "is not UTF-16 (line 1, byte 2); save it as UTF-8"),
        (b"PK\x03\x04 nothing", "is not a workbook that can be read: "),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a workbook of Excel before 2007, or has a "),
        (b" \n;;\n", "is empty"),
        (b'operator_id,vehicle_id\n"a"b,1', "line 2 is not CSV: "),
        (b'operator_id,vehicle_id\n"a,1', "line 2 is not CSV: "),
        (b"[NaN]", "is not JSON"),
        (b"{}", "is not an array of objects"),
    ],
)
def test_what_is_not_a_list_says_why(content: bytes, says: str) -> None:
    """In one line."""
    with pytest.raises(UnreadableList) as caught:
        read(content)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_a_sheet_that_reaches_far_beyond_its_list_is_not_opened() -> None:
    """A space in the last cell that there can be would take the memory of ten machines."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, REQUIRED)
        sheet.write(1_048_575, 16_383, " ")
    with pytest.raises(UnreadableList, match="reaches to row 1,048,576 and column 16,384: delete"):
        read(file.getvalue())


MUTATED = st.sampled_from(sorted(SAVED.iterdir())).flatmap(
    lambda file: st.builds(
        lambda content, at, bytes_: content[:at] + bytes_ + content[at + len(bytes_) :],
        st.just(file.read_bytes()),
        st.integers(0, file.stat().st_size),
        st.binary(max_size=200),
    )
)


@given(st.binary() | st.text().map(str.encode) | MUTATED)
def test_any_bytes_become_lines_or_a_reason(content: bytes) -> None:
    """Nothing else is ever raised."""
    try:
        lines = read(content)
    except UnreadableList:
        return
    assert all(isinstance(line.place, str) for line in lines.lines)
