"""Names that would do harm, in every field that a page shows: they are text, and break nothing.

They are put into the database directly: what the commands and `ingest` would refuse may be there
from another version, or from another program.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from models.gtfs.reading import read_feed
from models.registry import RegistryEntry
from models.rejection import RejectReason
from models.report import Fix, Report
from models.vehicle import VehicleId
from storage.connection import connect
from storage.migrate import migrate
from storage.operators import Details, set_operator
from storage.registry.importing import import_registry
from storage.routes.importing import import_feed
from tests.browser.visiting import visitor
from tests.integration.storage.fleet_history import Received, RejectedReport
from tests.servers.web_site import connect_worker, serving, write
from tests.unit.models.gtfs_zip import zipped
from web.server import WebServer

VALUES: Final = {
    "script": "<script>hit()</script><img src=x onerror=hit()>'\"><svg onload=hit()>",
    "long": "Ж<b>" * 2_500,
    "right to left": "12\u202e73\u2066 \u200b8",
    "lines": "12\r\n\r\nevent: trouble\ndata: {}\t\u2028\x07",
    "template": "{{ 7 * 7 }}${7 * 7}%(number)s {n} </title></textarea>",
}
LISTS: Final = (
    "/now",
    "/figures?by=depot",
    "/figures/vehicles",
    "/figures/months",
    "/figures/difference",
    "/registry",
    "/registry/changes",
    "/map?stop=a",
)
NUL: Final = "a\0b"
UNSEEN: Final = "\u202e\u2066\u200b\u2028\x07"
WIDTH: Final = 1280


@pytest.fixture(scope="module")
def site(embedded_server: Any) -> Iterator[WebServer]:
    """A fleet that bears the names in each of its fields."""
    url = embedded_server.create_database()
    migrate(url)
    now = datetime.now(UTC)
    with connect(url, "test", autocommit=True) as connection:
        for value in VALUES.values():
            import_registry(
                connection,
                [_entry(value)],
                time_zone="Europe/Moscow",
                changed_by=value,
                source=value,
                partial=True,
                yes=True,
            )
        details = Details(name=VALUES["script"])
        set_operator(connection, "west", details, entered_by=VALUES["lines"])
        feed = read_feed(io.BytesIO(zipped({"routes.txt": _ROUTES, "stops.txt": _STOPS})))
        import_feed(connection, feed, operator_id=None, imported_by="x", source="<b>", digest=b"1")
    for value in VALUES.values():
        vehicle = _vehicle(value)
        unregistered = VehicleId("west", f"unregistered {value[:500]}")
        fix = Fix(57, 41, 8.0, 90.0, route_id=value[:200], trip_id=value[:200])
        write(
            url,
            [
                Received(Report(vehicle, now - timedelta(minutes=20), fix), now),
                Received(Report(unregistered, now, Fix(57, 41)), now),
                RejectedReport(vehicle, now, RejectReason.SCHEMA),
            ],
        )
    connect_worker(url, now + timedelta(hours=3))
    with serving(url) as server:
        yield server
    embedded_server.drop_database(url)


@pytest.fixture
def page(browser: Browser, site: WebServer) -> Iterator[Page]:
    """A window in which a script of a name would be counted."""
    with visitor(browser, site, viewport={"width": WIDTH, "height": 900}) as page:
        page.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1; };")
        yield page


@pytest.mark.parametrize("path", LISTS)
def test_lists_show_them_as_text(page: Page, path: str) -> None:
    """All of them at once."""
    page.goto(path, wait_until="load")
    check(page)


@pytest.mark.parametrize("name", VALUES)
def test_a_vehicle_may_be_called_anything(page: Page, name: str) -> None:
    """Its own page, the search for it, and the filters of its depot and route."""
    value = VALUES[name]
    for path, query in (
        ("/vehicle", {"operator": "west", "vehicle": _vehicle(value).vehicle_id}),
        ("/vehicle", {"q": value}),
        ("/now", {"depot": value[:200], "route": value[:200]}),
        ("/figures/vehicles", {"by": "depot", "group": value[:200], "counts": "no"}),
    ):
        page.goto(f"{path}?{urlencode(query)}", wait_until="load")
        check(page)
    page.goto("/now")
    expect(page.locator("#now")).to_have_attribute("data-state", "live")
    expect(page.locator("#rows tr")).to_have_count(len(VALUES))


@pytest.mark.parametrize(
    "path", ["/vehicle?operator={}&vehicle={}", "/vehicle?q={}", "/now?depot={}", "/map?stop={}"]
)
def test_a_nul_in_an_address_is_no_failure(page: Page, path: str) -> None:
    """No name has one: a database keeps none."""
    answer = page.context.request.get(path.replace("{}", "a%00b"))
    assert answer.status in {200, 404}
    assert NUL not in answer.text()


def check(page: Page) -> None:
    """Nothing of a name was run or drawn, and the page holds together."""
    assert page.evaluate("window.hits") == 0
    assert page.locator("main :is(script, img, b b, svg[onload])").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    seen = page.evaluate("document.body.innerText + document.title")
    assert not set(seen) & set(UNSEEN)
    assert "49" not in page.title()
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


def _vehicle(value: str) -> VehicleId:
    return VehicleId("west", value[:500])


def _entry(value: str) -> RegistryEntry:
    attributes = dict.fromkeys(("depot", "municipality", "route_id", "vehicle_type"), value)
    return RegistryEntry(_vehicle(value), value, attributes=attributes, equipment={"cctv": True})


_ROUTES: Final = (
    "route_id,route_short_name,route_long_name,route_type,route_color\n"
    '24,"<img src=x onerror=hit()>",x,3,D02030\n30,30,,3,\n'
)
_STOPS: Final = (
    "stop_id,stop_name,stop_lat,stop_lon,location_type\n"
    'a,"<script>hit()</script>a",57.00,41.00,\nb,"‮a",57.06,41.02,0\n'
)
