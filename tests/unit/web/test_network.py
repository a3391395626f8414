"""Lines and stops of the timetables, as they are drawn and found."""

from models.gtfs.feed import Route, Stop
from storage.routes.timetables import StopWithRoutes, Timetable, Timetables
from web.network import FOUND, find_stops, simplified

ROUTE = Route("r-24", "24", None, 3, None, None)


def timetables(*names: str) -> Timetables:
    stops = {
        str(number): StopWithRoutes(Stop(str(number), name, None, 570000000, number), ["r-24"])
        for number, name in enumerate(names)
    }
    return Timetables({None: 1}, {1: Timetable({"r-24": ROUTE}, {}, stops, {})})


def test_a_straight_way_is_two_points() -> None:
    """Within the width of a road; a corner and a way there and back stay."""
    straight = [(number * 1000, 5_000_000 + number % 2 * 100) for number in range(50)]
    assert simplified(straight) == [straight[0], straight[-1]]
    corner = [(0, 0), (0, 50_000), (40_000, 50_000)]
    assert simplified(corner) == corner
    loop = [(0, 0), (0, 50_000), (0, 0)]
    assert simplified(loop) == loop
    assert simplified(loop[:1]) == loop[:1]


def test_stops_are_found_by_a_part_of_their_name() -> None:
    """Case and the two dots over a letter make no difference; what begins with it comes first."""
    found = find_stops(timetables("Площадь Ёлочная", "Елочная", "Вокзал"), "ёлОч")
    assert [(each.name, each.routes) for each in found] == [
        ("Елочная", ["24"]),
        ("Площадь Ёлочная", ["24"]),
    ]
    assert find_stops(timetables("Вокзал"), " ") == []
    assert len(find_stops(timetables(*["Вокзал"] * 50), "вокзал")) == FOUND + 1
