"""What in a fleet list does not look like a bus: each kind is named, with what to do."""

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from models.oddities import Placed, odd_entries, odd_fields, odd_line
from models.registry import RegistryEntry
from models.vehicle import VehicleId

TITLES = {"operator_id": {"Перевозчик"}, "vehicle_id": {"Гаражный номер"}, "plate": {"Госномер"}}


def named(content: Mapping[str, object]) -> list[str]:
    line = odd_line("line 9", content, TITLES)
    return [str(odd) for odd in ([line] if line else odd_fields("line 9", content))]


def bus(
    operator: str,
    vehicle: str,
    plate: str | None = None,
    begins: date | None = None,
    ends: date | None = None,
) -> RegistryEntry:
    return RegistryEntry(VehicleId(operator, vehicle), plate, begins, ends)


def odd(entries: Sequence[RegistryEntry], known: Sequence[str] = ()) -> list[str]:
    placed = [Placed(f"line {number}", entry) for number, entry in enumerate(entries, start=2)]
    return [str(each) for each in odd_entries(placed, known)]


@pytest.mark.parametrize(
    ("operator", "vehicle", "plate"),
    [
        ("Итого", "1140", ""),
        ("ВСЕГО:", "", "1140"),
        ("op", "Итого по парку", ""),
        ("", "", "Всего ТС: 12"),
        ("Grand total", "12", ""),
        ("Общий итог", "12", ""),
        ("Количество", "12", ""),
    ],
)
def test_a_total_is_named(operator: str, vehicle: str, plate: str) -> None:
    """Wherever in the line the word stands, as long as it names no bus."""
    content = {"operator_id": operator, "vehicle_id": vehicle, "plate": plate}
    (what,) = named(content)
    assert what.startswith("line 9: ")
    assert what.endswith(" looks like a total; delete the line")


def test_a_bus_of_a_depot_called_total_is_a_bus() -> None:
    """A word in an attribute does not make a total."""
    assert named({"operator_id": "op", "vehicle_id": "1", "depot": "Total"}) == []


@pytest.mark.parametrize(
    ("operator", "vehicle"),
    [
        ("Перевозчик", "Гаражный номер"),
        ("ПЕРЕВОЗЧИК", "Бортовой номер"),
        ("Operator_ID", "vehicle"),
    ],
)
def test_the_header_once_more_is_named(operator: str, vehicle: str) -> None:
    """As the file has it, and as it is called elsewhere."""
    content = {"operator_id": operator, "vehicle_id": vehicle, "plate": "Госномер"}
    assert named(content) == ["line 9: repeats the header; delete the line"]


def test_a_line_that_numbers_the_columns_is_named() -> None:
    """As Russian forms have below the header; of two columns it may be a bus."""
    numbers = {"operator_id": "2", "vehicle_id": "3", "plate": "4"}
    assert named(numbers) == ["line 9: numbers the columns; delete the line"]
    assert named({"operator_id": "1", "vehicle_id": "2"}) == []
    assert named({**numbers, "plate": "3"}) == []


def test_a_word_among_numbers_is_no_bus() -> None:
    """A signature, units, a remark: nothing beside it is filled in."""
    numbered = [bus("op", "1", plate="AA001"), bus("op", "A2", plate="AA002")]
    (what,) = odd([*numbered, bus("Директор", "Петров")])
    assert what.startswith("line 4: vehicle_id: 'Петров' has no digit, as most others have")
    assert odd([*numbered, bus("op", "red", plate="AA003")]) == []
    assert odd([bus("op", "1"), bus("op", "2"), bus("op", "red")]) == []
    assert odd([numbered[0], bus("op", "red")]) == []


@pytest.mark.parametrize(
    ("column", "written", "what"),
    [
        ("vehicle_id", "nan", "is what a program writes where there is nothing; correct it, or"),
        ("operator_id", "(пусто)", "is what a program writes where there is nothing; correct it"),
        ("plate", "–", "has neither a letter nor a digit; leave it empty"),
        ("vehicle_id", "?", "has neither a letter nor a digit; correct it, or delete the line"),
        ("vehicle_id", "2026-01-05", "is a date, which Excel makes of 5-1; write what stood"),
        ("vehicle_id", "01.янв", "is a date, which Excel makes of 5-1; write what stood there"),
        ("vehicle_id", "5 янв", "is a date, which Excel makes of 5-1; write what stood there"),
        ("vehicle_id", "5-Jan", "is a date, which Excel makes of 5-1; write what stood there"),
        ("vehicle_id", "=A2", "is an Excel formula; write what it gives"),
        ("depot", "#Н/Д", "is what a program writes where there is nothing; leave it empty"),
        ("vehicle_id", "101.0", "is a number to which a program added a fraction; write 101"),
        ("route_id", "7,0", "is a number to which a program added a fraction; write 7"),
        ("vehicle_id", '="0101"', "is an Excel formula; write 0101"),
        ("vehicle_id", "'0102", "begins with Excel's mark of a text; write 0102"),
        ("vehicle_id", "1,01E+05", "is a number in scientific notation; write all of its digits"),
    ],
)
def test_what_a_program_made_of_a_field_is_named(column: str, written: str, what: str) -> None:
    """With what stood there before, where that is certain."""
    (found,) = named({"operator_id": "op", "vehicle_id": "1", column: written})
    assert found.startswith(f"line 9: {column}: {written!r} {what}")


def test_an_attribute_may_be_a_number_with_a_fraction() -> None:
    """A length in metres is not the name of anything."""
    assert named({"operator_id": "op", "vehicle_id": "1", "length": "12.0"}) == []


def test_operators_that_look_the_same_are_named() -> None:
    """The one of two alphabets is wrong, else the rarer; once, with how many lines have it."""
    assert odd([bus("аvto", "1"), bus("аvto", "2"), bus("avto", "3")]) == [
        "line 2 (and 1 more): operator_id: 'аvto' (Cyrillic а) looks like 'avto'; if it is the "
        "same operator, write avto"
    ]
    (what,) = odd([bus("Avto", "1"), bus("avto", "2"), bus("avto", "3")])
    assert what.startswith("line 2: operator_id: 'Avto' looks like 'avto'")


def test_an_operator_that_looks_like_a_known_one_is_named() -> None:
    """Even if the whole list has it; two that are known are two."""
    (what,) = odd([bus("Avto", "1"), bus("Avto", "2")], known=["avto"])
    assert what.startswith("line 2 (and 1 more): operator_id: 'Avto' looks like 'avto'")
    assert odd([bus("Avto", "1"), bus("avto", "2")], known=["avto", "Avto"]) == []


def test_vehicles_that_look_the_same_are_named() -> None:
    """Of one operator, on the same day."""
    assert odd([bus("op", "0101"), bus("op", "101"), bus("other", "101")]) == [
        "line 3: vehicle_id: '101' looks like '0101' of op/0101 in line 2; correct it, or delete "
        "one of the two lines"
    ]
    first = bus("op", "А1", ends=date(2024, 3, 9))
    assert odd([first, bus("op", "A1", begins=date(2024, 3, 10))]) == []
    (what,) = odd([first, bus("op", "A1", begins=date(2024, 3, 9))])
    assert what.startswith("line 3: vehicle_id: 'A1' looks like 'А1' (all Cyrillic) of op/А1")


def test_a_plate_on_two_buses_at_a_time_is_named() -> None:
    """Also as it looks; one that moved to another bus is not."""
    assert odd([bus("op", "1", "А101ВС37"), bus("else", "2", "A 101 BC-37")]) == [
        "line 3: plate: 'A 101 BC-37' looks like 'А101ВС37' (all Cyrillic) of op/1 in line 2; a "
        "plate is on one bus at a time: correct it, or leave it empty"
    ]
    (what,) = odd([bus("op", "1", "X1"), bus("op", "2", "X1")])
    assert what.startswith("line 3: plate: 'X1' is the same as that of op/1 in line 2; a plate")
    moved = bus("op", "2", "X1", begins=date(2024, 3, 10))
    assert odd([bus("op", "1", "X1", ends=date(2024, 3, 9)), moved]) == []
    assert odd([bus("op", "1"), bus("op", "2"), bus("op", "3", "-"), bus("op", "4", "-")]) == []
