"""A vehicle is found by what people read on it."""

import pytest

from models.vehicle import VehicleId
from storage.shares.vehicle import Named
from web.vehicle import search

NAMES = [
    Named(VehicleId("ivpat-1", "101"), "ИвПАТ", "А123ВС37"),
    Named(VehicleId("ivpat-2", "101"), "ИвПАТ-2", "К100ОР37"),
    Named(VehicleId("ivpat-1", "1012"), "ИвПАТ", "Е777КХ37"),
    Named(VehicleId("ivpat-1", "A7"), "ИвПАТ", None),
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("101", ["ivpat-1/101", "ivpat-2/101", "ivpat-1/1012"]),
        ("0101", ["ivpat-1/101", "ivpat-2/101", "ivpat-1/1012"]),
        ("1012", ["ivpat-1/1012"]),
        ("ivpat-2/101", ["ivpat-2/101"]),
        ("A123BC37", ["ivpat-1/101"]),
        ("а 123 вс | 37", ["ivpat-1/101"]),
        ("777", ["ivpat-1/1012"]),
        ("а7", ["ivpat-1/A7"]),
        ("999", []),
        ("%", []),
    ],
)
def test_look_alikes_find_each_other(asked: str, found: list[str]) -> None:
    """Cyrillic or Latin, with spaces or without; an exact number or plate before a part of one."""
    assert [str(each.vehicle) for each in search(NAMES, asked)] == found
