"""Reading registry files: entries, or every bad line named."""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.lists.operators import Operators, by_name
from models.registry import RegistryEntry, columns_of
from models.vehicle import VehicleId
from storage.registry.file import (
    Reading,
    RegistryFile,
    RegistryFileError,
    parse_registry,
    read_registry,
)

REAL_LIST = Path(__file__).parents[3].parent / "shared" / "data" / "hsl-fleet.json"
ALL_COLUMNS = columns_of([])
HEADER = "operator_id,vehicle_id,plate,in_service_from,in_service_to,cctv\n"


def csv_file(text: str) -> RegistryFile:
    return parse_registry(text.encode(), "fleet.csv")


def faults_of(content: str | bytes, name: str = "fleet.csv") -> list[str]:
    with pytest.raises(RegistryFileError) as caught:
        parse_registry(content if isinstance(content, bytes) else content.encode(), name)
    return [str(fault) for fault in caught.value.faults] or [str(caught.value)]


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_is_read_as_spreadsheets_write_it(separator: str, mark: str, newline: str) -> None:
    """Comma or semicolon, with or without a byte-order mark, either kind of line's end."""
    header = ["operator_id", "vehicle_id", "plate", "route_id", "depot", "municipality"]
    header += ["in_service_from", "in_service_to", "cctv", "cashless"]
    fields = ["1", "007", "А 123 ВС", "", "Депо 1", "", "2024-01-02", "", "yes", "0"]
    lines = [header, fields, []]
    text = mark + newline.join(separator.join(line) for line in lines)
    assert csv_file(text).entries == [
        RegistryEntry(
            VehicleId("1", "007"),
            plate="А 123 ВС",
            in_service_from=date(2024, 1, 2),
            attributes={"depot": "Депо 1"},
            equipment={"cctv": True, "cashless": False},
        )
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *[(each, True) for each in ("true", "Yes", "1", "да", "+")],
        *[(each, False) for each in ("FALSE", "no", "0", "НЕТ", "-")],
    ],
)
def test_booleans_are_taken_in_their_usual_spellings(written: str, meant: bool) -> None:
    """In English and in Russian, whatever the case."""
    assert csv_file(f"{HEADER}1,2,,,,{written}").entries[0].equipment == {"cctv": meant}


@pytest.mark.parametrize(("written", "meant"), [(True, True), (0, False), ("yes", True)])
def test_json_takes_its_own_booleans_and_numbers(written: object, meant: bool) -> None:
    """A number without quotation marks is an id as well."""
    document = [{"operator_id": 12, "vehicle_id": "7", "cctv": written, "depot": None}]
    read = parse_registry(json.dumps(document).encode(), "fleet.json")
    assert read.entries == [RegistryEntry(VehicleId("12", "7"), equipment={"cctv": meant})]


def test_any_other_column_is_an_attribute() -> None:
    """Under the name that the header gives it; so it is in JSON, where not every element has it."""
    read = csv_file("operator_id,vehicle_id, Цвет кузова ,depot\n1,2, II ,d\n1,3,,\n")
    assert read.columns == {"operator_id", "vehicle_id", "Цвет кузова", "depot"}
    assert [entry.attributes for entry in read.entries] == [{"Цвет кузова": "II", "depot": "d"}, {}]
    document = b'[{"operator_id": "1", "vehicle_id": "2"},'
    document += b'{"operator_id": "1", "vehicle_id": "3", "seats": 32, "low": true, "m": 8.5}]'
    read = parse_registry(document, "x")
    assert read.columns == {"operator_id", "vehicle_id", "seats", "low", "m"}
    assert read.entries[1].attributes == {"seats": "32", "low": "true", "m": "8.5"}


def test_a_kind_of_equipment_is_declared_by_its_column() -> None:
    """Whichever kinds there are; without a word of it nothing is declared."""
    content = b"operator_id,vehicle_id,lift,cctv\n1,2,yes,\n"
    (entry,) = parse_registry(content, "f.csv", Reading(("cctv", "lift"))).entries
    assert (entry.equipment, entry.attributes) == ({"lift": True}, {})
    (entry,) = parse_registry(content, "f.csv").entries
    assert (entry.equipment, entry.attributes) == ({}, {"lift": "yes"})


def test_a_column_without_a_usable_name_is_left_out_and_named() -> None:
    """And so is one that the caller leaves out."""
    long, hidden = "x" * 65, "a\u200bb"
    content = f"operator_id,vehicle_id,{long},{hidden},type\n1,2,a,b,c\n".encode()
    read = parse_registry(content, "f.csv", Reading(columns={"type": ""}))
    assert read.ignored == [long, hidden, "type"]
    assert read.columns == {"operator_id", "vehicle_id"}
    assert read.entries == [RegistryEntry(VehicleId("1", "2"))]


def test_every_bad_line_is_named_with_its_column() -> None:
    """All faults are named at once, with the line's number in the file."""
    assert faults_of(
        HEADER
        + "1,2,,2024-02-30,20240101,maybe\n"
        + "\n"
        + ',3,"a\u200bb",,,\n'
        + f"1,4/5,{'x' * 129},,,\n"
        + "1,6\n"
        + "1,7,,2024-02-02,2024-02-01,\n"
    ) == [
        "line 2: in_service_from: '2024-02-30' is not a date (expected YYYY-MM-DD or DD.MM.YYYY)",
        "line 2: in_service_to: '20240101' is not a date (expected YYYY-MM-DD or DD.MM.YYYY)",
        "line 2: cctv: 'maybe' is not a boolean (true/false, yes/no, да/нет, есть/нет, +/-, 1/0)",
        "line 4: operator_id: is missing",
        "line 4: plate: 'a\\u200bb' has a control character or an invisible one",
        "line 5: vehicle_id: '4/5' is not a valid id: 1 to 64 characters, none of / + #",
        f"line 5: plate: '{'x' * 56}… has 129 characters; at most 128 fit",
        "line 6: plate: field missing (leave it empty, keep the separator)",
        "line 7: in_service_from 2024-02-02 is after in_service_to 2024-02-01",
    ]


def test_white_space_is_normal_where_that_is_certain() -> None:
    """Around ids and other texts there is none, within them there is one space."""
    (entry,) = csv_file(f'{HEADER}1,8\xa0,"A\t1\xa0\n2",,,\n').entries
    assert entry == RegistryEntry(VehicleId("1", "8"), "A 1 2")


def test_an_id_that_is_known_as_it_stands_stays_so() -> None:
    """What publishes under an odd name, and was accepted, comes back from an export."""
    content = f"{HEADER}1,8\xa09,,,,\n".encode()
    assert parse_registry(content, "f.csv").entries[0].vehicle.vehicle_id == "8 9"
    known = Reading(literal={"8\xa09"})
    assert parse_registry(content, "f.csv", known).entries[0].vehicle.vehicle_id == "8\xa09"


ODD = f"{HEADER}op,101.0,,,,\nop,102,,x,,\nИтого,2,,,,\n".encode()


def test_odd_lines_are_named_and_stop_the_import() -> None:
    """Beside those that are bad; they alone can be taken as they are."""
    with pytest.raises(
        RegistryFileError, match="1 bad line and 2 odd lines, nothing was"
    ) as caught:
        parse_registry(ODD, "f.csv")
    assert [str(fault) for fault in caught.value.faults] == [
        "line 3: in_service_from: 'x' is not a date (expected YYYY-MM-DD or DD.MM.YYYY)",
        "line 2: vehicle_id: '101.0' is a number to which a program added a fraction; write 101",
        "line 4: operator_id: 'Итого' looks like a total; delete the line",
    ]
    content = ODD.replace(b"x", b"")
    with pytest.raises(
        RegistryFileError, match=r"2 odd lines.*; --accept-odd imports odd lines as"
    ):
        parse_registry(content, "f.csv")
    entries = parse_registry(content, "f.csv", Reading(accept_odd=True)).entries
    assert [str(entry.vehicle) for entry in entries] == ["op/101.0", "op/102", "Итого/2"]


def test_operators_are_held_against_those_that_are_known() -> None:
    """One that only looks like a known one stops the import."""
    reading = Reading(operators=Operators({"avto"}))
    with pytest.raises(RegistryFileError, match="1 odd line") as caught:
        parse_registry(f"{HEADER}аvto,1,,,,\n".encode(), "f.csv", reading)
    assert "looks like 'avto'" in str(caught.value.faults[0])


def test_operators_may_go_by_their_names() -> None:
    """However these are quoted; a name that two have means neither."""
    names = by_name({"avto": "ООО «Авто А/Б»", "one": "Twin", "other": "twin"})
    reading = Reading(operators=Operators({"avto", "one", "other"}, {"old": "avto"}, names))
    lines = 'ооо ""Авто А/Б"""', "avto", "old", "Twin"
    content = HEADER + "".join(f'"{line},{place},,,,\n' if '"' in line else f"{line},{place},,,,\n"
                               for place, line in enumerate(lines))  # fmt: skip
    read = parse_registry(content.encode(), "f.csv", reading)
    assert [entry.vehicle.operator_id for entry in read.entries] == ["avto"] * 3 + ["Twin"]
    assert read.renamed == {'ооо "Авто А/Б"': "avto", "old": "avto"}


def test_a_bad_line_is_counted_by_the_files_lines() -> None:
    """A quoted field that spans lines does not shift the numbers after it."""
    found = faults_of(f'{HEADER}1,2,"a\nb",,,x\n1,3,,,,x\n')
    assert [fault.split(":")[0] for fault in found] == ["line 2", "line 4"]


def test_bad_elements_are_named_by_index() -> None:
    """JSON's elements are counted from 0, as its paths are."""
    document = '[{"operator_id": "1", "vehicle_id": "2"}, 3, {"operator_id": "1"},'
    document += '{"operator_id": "1", "vehicle_id": "\\ud800"},'
    document += '{"operator_id": "1", "vehicle_id": "2", "vehicle_id": "3"},'
    document += '{"operator_id": "1", "vehicle_id": [4]}]'
    assert faults_of(document, "fleet.json") == [
        "element [1]: is not an object",
        "element [2]: vehicle_id: is missing",
        "element [3]: vehicle_id: '\\ud800' has a control character or an invisible one",
        "element [4]: names a column twice",
        "element [5]: vehicle_id: [4] is not text",
    ]


def test_a_line_that_repeats_another_counts_once() -> None:
    """What differs only in a column that is left out is the same."""
    content = b"operator_id,vehicle_id,type\n1,2,A\n1,2,B\n1,3,A\n"
    read = parse_registry(content, "f.csv", Reading(columns={"type": ""}))
    assert (len(read.entries), read.repeated) == (2, 1)
    (fault,) = faults_of(content)
    same_days = "line 3: 1/2 is in line 2 for the same days, with vehicle_type 'A' and here 'B': "
    assert fault.startswith(same_days)
    assert fault.endswith(', or leave out what differs: --column "type="')


def test_lines_of_one_vehicle_may_follow_each_other_in_time() -> None:
    """The last day of one and the first of the next are two days."""
    read = csv_file(f"{HEADER}1,2,A,2024-06-01,,\n1,2,A,,2024-05-31,\n")
    assert len(read.entries) == 2


@pytest.mark.parametrize("second", ["1,2,B,2024-05-31,,", "1,2,B,,,", "1,2,A,,2024-01-01,"])
def test_lines_of_one_vehicle_that_overlap_are_an_error(second: str) -> None:
    """Both lines are named."""
    (fault,) = faults_of(f"{HEADER}1,2,A,,2024-05-31,\n1,3,,,,\n{second}\n")
    assert "1/2 is in line" in fault
    assert {fault.split(":")[0], fault.split("is in ")[1].split(" for")[0]} == {
        "line 2",
        "line 4",
    }


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"\xff\xfeo", "f.csv", "f.csv: is not UTF-16 (line 1, byte 0); save it as UTF-8"),
        (b"a\nIt\xe4", "f.csv", "f.csv: is not UTF-8 (line 2, byte 4); save it as UTF-8"),
        (b"vehicle_id,depot\n", "f.csv", "f.csv: the header has no column operator_id"),
        (b"operator_id,vehicle_id,x,x\n", "f.csv", "f.csv: the header has the column 'x' twice"),
        (b'operator_id,vehicle_id\n"a"b,1', "f.csv", "f.csv: line 2 is not CSV"),
        (b'operator_id,vehicle_id\n"a,1', "f.csv", "f.csv: line 2 is not CSV"),
        (b'[{"a": 1]', "f.json", "f.json: is not JSON: Expecting"),
        (b"operator_id", "f.json", "f.json: is not JSON"),
        (b"{}", "f", "f: is not an array of objects"),
        (b"[NaN]", "f", "f: is not JSON"),
        (b"[" * 100_000, "f", "f: is not a list: nested too deeply"),
        (b"[" + b"1" * 5_000 + b"]", "f", "f: is not JSON"),
    ],
)
def test_what_is_no_registry_says_why(content: bytes, name: str, says: str) -> None:
    """One line that names the file."""
    (line,) = faults_of(content, name)
    assert line.startswith(says)
    assert "\n" not in line


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """Missing, a directory, or empty."""
    empty = tmp_path / "empty.csv"
    empty.write_text(" \n")
    for path, what in [
        (tmp_path / "none", "cannot be read: No such file or directory"),
        (tmp_path, "cannot be read: Is a directory"),
        (empty, "is empty"),
    ]:
        with pytest.raises(RegistryFileError, match=what):
            read_registry(path)


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.lists(st.sampled_from([*ALL_COLUMNS, ",", ";", "\n", '"', "1", "A", "\0"])).map(
        lambda parts: "".join(["operator_id,vehicle_id,", *parts]).encode()
    )
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(ALL_COLUMNS), inner),
    ).map(lambda document: json.dumps([document]).encode()),
    st.sampled_from(["f.csv", "f.json", "f"]),
)
@example(b"\r\roperator_id", "f.csv")
def test_any_bytes_become_entries_or_an_error(content: bytes, name: str) -> None:
    """Nothing else is ever raised, and what is returned can be stored."""
    entries: Sequence[RegistryEntry] = ()
    with suppress(RegistryFileError):
        entries = parse_registry(content, name).entries
    for entry in entries:
        assert "\0" not in "".join(str(field).encode().decode() for field in entry)


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4)), min_size=1, max_size=5),
)
def test_overlaps_are_what_a_count_of_days_says(spans: list[tuple[int, int]]) -> None:
    """A list is rejected exactly when some day is named by two lines that differ."""
    start = date(2024, 1, 1)
    text = HEADER
    days: list[int] = []
    for number, (first, length) in enumerate(spans):
        last = start + timedelta(days=first + length)
        text += f"1,2,P{number},{start + timedelta(days=first)},{last},\n"
        days += range(first, first + length + 1)
    if len(days) == len(set(days)):
        assert len(csv_file(text).entries) == len(spans)
    else:
        assert faults_of(text)


@pytest.mark.skipif(not REAL_LIST.exists(), reason="the real list is not beside this checkout")
def test_a_real_list_is_read() -> None:
    """Seven of its vehicles are in it twice, with two types."""
    with pytest.raises(RegistryFileError) as caught:
        read_registry(REAL_LIST)
    assert len(caught.value.faults) == 7
    read = read_registry(REAL_LIST, Reading(columns={"type": ""}))
    assert (len(read.entries), read.repeated, read.ignored) == (2668, 7, ["type"])


RUSSIAN = "Перевозчик{0}Гаражный номер{0}Госномер{0}Дата ввода{0}Видеонаблюдение (да/нет){1}"
ONE = "ivpat-1{0}101{0}А 101 ВС 37{0}{2}{0}{3}{1}"
TWO = "ivpat-1{0}0102{0}{0}{0}{4}{1}"


def written(separator: str, newline: str, day: str, yes: str, no: str) -> str:
    """The same two buses, as one program writes them."""
    return (RUSSIAN + ONE + TWO).format(separator, newline, day, yes, no)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            written(";", "\r\n", "02.10.2019", "да", "нет").encode("cp1251"), id="excel-ru"
        ),
        pytest.param(written(";", "\r\n", "02.10.2019", "+", "-").encode("utf-8-sig"), id="utf-8"),
        pytest.param(written("\t", "\r\n", "43740", "есть", "нет").encode("utf-16"), id="unicode"),
        pytest.param(written(",", "\r\n", "2019-10-02", "TRUE", "FALSE").encode(), id="google"),
        pytest.param(written(",", "\n", "2019-10-02", "1", "0").encode(), id="libreoffice"),
        pytest.param(
            b"sep=;\r\n" + written(";", "\r\n", "02.10.2019", "ИСТИНА", "ЛОЖЬ").encode("cp1251"),
            id="sep",
        ),
        pytest.param(
            "Реестр автобусов на 01.12.2024;;;;\r\n;;;;\r\n".encode("cp1251")
            + written("\xa0;", "\r\n", "02.10.2019 0:00:00", "Да", "Нет").encode("cp1251"),
            id="1c",
        ),
    ],
)
def test_one_fleet_is_the_same_whichever_program_saved_it(content: bytes) -> None:
    """Byte for byte as Excel, Google Sheets, LibreOffice and exports like those of 1C write it."""
    assert parse_registry(content, "list.csv").entries == [
        RegistryEntry(
            VehicleId("ivpat-1", "101"),
            "А 101 ВС 37",
            date(2019, 10, 2),
            equipment={"cctv": True},
        ),
        RegistryEntry(VehicleId("ivpat-1", "0102"), equipment={"cctv": False}),
    ]


def test_a_list_of_5000_takes_no_longer_than_a_moment() -> None:
    """A second of this process; the database takes another (20 s are allowed for 100,000)."""
    lines = "".join(f"op{n % 15};{n};А{n:04}ВС37;2019-10-02;;да\n" for n in range(5_000))
    content = f"{HEADER.replace(',', ';')}{lines}".encode("cp1251")
    begun = time.process_time()
    assert len(parse_registry(content, "list.csv").entries) == 5_000
    assert time.process_time() - begun < 2
