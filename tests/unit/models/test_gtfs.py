"""Timetables: what is taken from a GTFS zip, and what is wrong in it."""

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.gtfs.feed import Feed, Route, Shape, Stop, Trip
from models.gtfs.reading import read_feed
from models.gtfs.table import MAX_FAULTS, BadFeed
from tests.unit.models.gtfs_zip import FILES, zipped


def read(content: bytes) -> Feed:
    return read_feed(io.BytesIO(content))


def test_a_timetable_is_read() -> None:
    """Points in the order of their sequence; a station is no stop."""
    feed = read(zipped())
    assert feed.routes["24"] == Route("24", "24", "Вокзал – Больница", 3, 0xD02030, None)
    assert feed.shapes == {
        "24a": Shape("24a", [570000000, 570300000, 570600000], [410000000, 410000000, 410200000])
    }
    assert feed.stops["a"] == Stop("a", "Вокзал", None, 570000000, 410000000)
    assert set(feed.stops) == {"a", "b"}
    assert feed.trips["24-1"] == Trip("24-1", "24", 0, "24a")
    assert feed.route_stops == {("24", "a"), ("24", "b"), ("30", "a")}
    assert feed.route_shapes == {("24", "24a")}


def test_a_timetable_as_people_make_it() -> None:
    """In a folder, with a byte order mark, without shapes, with a colour that is none."""
    changed = FILES["routes.txt"].replace("D02030", "red")
    trips = FILES["trips.txt"].replace("24a", "")
    files = {"routes.txt": f"\ufeff{changed}", "shapes.txt": None, "trips.txt": trips}
    feed = read(zipped(files, "gtfs/"))
    assert (len(feed.routes), feed.routes["24"].color, feed.shapes) == (2, None, {})
    (ignored,) = map(str, feed.ignored)
    assert ignored == (
        "routes.txt, line 2, column route_color: 'red' is not a colour (expected six hexadecimals)"
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("routes", "30,30", "24,30", "line 3, column route_id: '24' occurs twice"),
        ("routes", "route_type", "type", "line 1, column route_type: the column is missing"),
        ("routes", "3,\n", "bus,\n", "line 3, column route_type: 'bus' is not a whole number"),
        ("routes", "30,30", "3\0,30", r"line 3, column route_id: '3\x00' is not a valid id"),
        ("stops", "57.06", "97.06", "line 3, column stop_lat: '97.06' is not within ±90 degrees"),
        ("stops", "41.02", "nan", "line 3, column stop_lon: 'nan' is not within ±180 degrees"),
        ("shapes", "a,57.03", "a,", "line 4, column shape_pt_lat: '' is not within ±90 degrees"),
        (
            "shapes",
            ",7\n",
            ",3\n",
            "line 4, column shape_pt_sequence: 3 occurs twice in this shape",
        ),
        ("trips", "30,wd", "31,wd", "line 3, column route_id: '31' is not in routes.txt"),
        ("trips", "24a", "25a", "line 2, column shape_id: '25a' is not in shapes.txt"),
        ("stop_times", "00,b", "00,c", "line 3, column stop_id: 'c' is not in stops.txt"),
        ("stop_times", "30-1", "31-1", "line 4, column trip_id: '31-1' is not in trips.txt"),
        ("stop_times", ",b,2", ",b,2,3", "line 3: has 6 fields, and the header 5"),
    ],
)
def test_a_fault_is_named(file: str, old: str, new: str, fault: str) -> None:
    """By its file, line and column, and nothing is returned."""
    text = FILES[f"{file}.txt"]
    assert old in text
    with pytest.raises(BadFeed) as raised:
        read(zipped({f"{file}.txt": text.replace(old, new, 1)}))
    (only,) = map(str, raised.value.faults)
    assert only.startswith(f"{file}.txt, {fault}")


def test_what_cannot_be_read_is_said() -> None:
    """A file that is missing, not UTF-8, or damaged; and what is no zip at all."""
    cp1251 = FILES["stops.txt"].encode("cp1251")
    damaged = zipped().replace(b"PK\x01\x02", b"PK\x01\x01")
    for content, fault in (
        (zipped({"stop_times.txt": None}), "stop_times.txt: the file is missing"),
        (zipped({"stops.txt": cp1251}), "stops.txt, line 2: is not UTF-8"),
        (b"routes", "the file: is not a zip: "),
        (damaged, "the file: is not a zip: "),
    ):
        with pytest.raises(BadFeed) as raised:
            read(content)
        assert str(raised.value.faults[0]).startswith(fault)


def test_reading_ends_where_nothing_fits() -> None:
    """A thousand bad lines are not a thousand messages."""
    bad = FILES["stops.txt"] + "".join(f"x{number},X,north,east,0\n" for number in range(1000))
    with pytest.raises(BadFeed) as raised:
        read(zipped({"stops.txt": bad}))
    assert len(raised.value.faults) == MAX_FAULTS


@given(st.sampled_from(sorted(FILES)), st.binary(max_size=300), st.integers(0, 200))
def test_no_bytes_are_a_surprise(file: str, garbage: bytes, place: int) -> None:
    """Whatever a file holds, it is a timetable or named faults."""
    content = FILES[file].encode()
    changed = zipped({file: content[:place] + garbage + content[place:]})
    with contextlib.suppress(BadFeed):
        read(changed)  # any other error fails the test
