"""The pages as people see them, in Chromium."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from models.indicator import DISPATCHER_WINDOW
from tests.browser.visiting import visitor
from tests.servers.pmtiles import MVT, pmtiles, water
from tests.servers.web_site import HOSTILE, TRACKABLE, position, serving, write
from web.base_map import read_base_map
from web.server import WebServer

EAST_7: Final = "/vehicle?operator=east&vehicle=7&hours=1"
PAGES: Final = (
    "/now",
    "/vehicle?q=1",
    "/vehicle?operator=east&vehicle=1&hours=1",
    "/figures",
    "/figures/vehicles?counts=no",
    "/figures/months",
    "/figures/difference",
    "/registry",
    "/registry/changes",
    "/map",
)
PHONE: Final = 360
WALL: Final = 3840


@pytest.fixture
def page(browser: Browser, site: WebServer) -> Iterator[Page]:
    """A window in English."""
    with visitor(browser, site) as page:
        yield page


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("ru", "dark")])
def test_everybody_can_use_each_page(
    browser: Browser, site: WebServer, axe: str, language: str, theme: str
) -> None:
    """From a phone to a wall, nothing runs out of the window; axe finds nothing serious."""
    with visitor(browser, site) as page:
        page.goto(f"/choose?language={language}&theme={theme}&back=/now")
        for path in PAGES:
            page.goto(path, wait_until="load")
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator("html")).to_have_attribute("data-theme", theme)
            # A map of a wall's size takes a processor without graphics card many seconds.
            for width in (WALL, PHONE) if path == "/now" else (PHONE,):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.evaluate(axe)
            # What the colours decide is another question in each theme; all else is the same.
            rules = "" if theme == "light" else ", runOnly: ['color-contrast']"
            options = f"{{resultTypes: ['violations']{rules}}}"
            violations = page.evaluate(f"axe.run(document, {options})")["violations"]
            serious = [each for each in violations if each["impact"] in {"serious", "critical"}]
            assert [(path, each["id"], each["nodes"][0]["html"]) for each in serious] == []


def test_the_browser_chooses_language_and_colours(browser: Browser, site: WebServer) -> None:
    """Until the reader does."""
    with visitor(browser, site, locale="ru-RU", color_scheme="dark") as page:
        page.goto("/now")
        expect(page.get_by_role("heading", name="Сейчас")).to_be_visible()
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.get_by_role("link", name="светлые").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_filters_are_in_the_address(page: Page) -> None:
    """Choosing one is enough; the share is then that of what is chosen."""
    page.goto("/now")
    expect(rows(page)).to_have_count(3)
    page.get_by_label("Operator", exact=True).select_option("east")
    page.wait_for_url(re.compile(r"/now\?operator=east$"))
    expect(rows(page)).to_have_count(2)
    expect(page.locator("#summary")).to_contain_text(f"{TRACKABLE} of 8")
    page.get_by_role("link", name=re.compile("silent")).click()
    page.wait_for_url(re.compile("operator=east&reason=silent$"))
    expect(rows(page)).to_have_count(1)
    page.get_by_role("link", name="Clear the filters").click()
    expect(rows(page)).to_have_count(3)


def test_the_page_works_without_javascript(browser: Browser, site: WebServer) -> None:
    """The server makes it whole; the filters have a button."""
    with visitor(browser, site, java_script_enabled=False) as page:
        page.goto("/now")
        expect(rows(page)).to_have_count(3)
        page.get_by_label("Reason").select_option("never_seen")
        page.get_by_role("button", name="Show").click()
        expect(rows(page)).to_have_count(1)
        page.get_by_role("link", name="8", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("А800ВС37")
        page.goto(EAST_7)
        expect(page.locator("time").first).to_be_visible()
        expect(page.locator(".exact").first).to_be_hidden()
        page.goto("/map")
        expect(page.locator("noscript .warning")).to_be_visible()
        expect(page.get_by_text("Buses by route")).to_be_visible()


def test_who_moves_by_keyboard_sees_where(page: Page) -> None:
    """The button that a mouse does not need is there once it has the focus."""
    page.goto("/now")
    expect(page.locator("html")).to_have_class(re.compile("scripted"))
    button = page.get_by_role("button", name="Show")
    expect(button).not_to_be_in_viewport()
    page.get_by_label("Reason").focus()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    expect(button).to_be_in_viewport()


def test_a_vehicle_is_found_by_its_plate(page: Page) -> None:
    """In Latin letters that look like the Cyrillic ones; by keyboard alone."""
    page.goto("/vehicle")
    page.keyboard.type("a700bc37")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("operator=east&vehicle=7$"))
    expect(page.locator(".state")).to_have_text("silent")
    expect(page.locator("#track")).to_have_attribute("data-ready", "true")


def test_a_bus_that_goes_dark_appears_and_returns(page: Page, url: str) -> None:
    """Without a reload, within seconds of its window's end and of its next position."""
    page.goto("/now?depot=Депо № 2")
    expect(page.locator("#now")).to_have_attribute("data-state", "live")
    expect(row(page, "7")).to_be_visible()
    # A busy machine may be late once, and no fault of the page.
    assert any(_lateness(page, url, seconds) <= 3 for seconds in (4, 8, 16, 32))
    write(url, [position("7", datetime.now(UTC))])
    expect(row(page, "7")).to_have_count(0)


def test_a_lost_connection_is_said_and_made_again(browser: Browser, url: str) -> None:
    """The page goes on by itself when the server is back."""
    with serving(url) as server:
        port = server.port
        context = browser.new_context(base_url=f"http://localhost:{port}", locale="en-GB")
        page = context.new_page()
        page.goto("/now")
        expect(page.locator("#now")).to_have_attribute("data-state", "live")
    expect(page.locator("#live")).to_have_text("connection lost, trying again")
    expect(page.get_by_role("alert").first).to_contain_text("what is shown is as of")
    with serving(url, port):
        expect(page.locator("#now")).to_have_attribute("data-state", "live")
        expect(page.locator("#stale")).to_be_hidden()
        context.close()


def test_hostile_names_are_inert(page: Page) -> None:
    """Whatever a topic, a fleet list or a payload holds is text."""
    page.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1; };")
    vehicle = f"operator=west&vehicle={quote(HOSTILE)}"
    for path in (
        f"/vehicle?{vehicle}",
        f"/now?depot={quote(HOSTILE)}",
        f"/vehicle?q={quote(HOSTILE)}",
        "/figures",
        "/registry",
        "/registry/changes",
        f"/figures/vehicles?group={quote(HOSTILE)}",
    ):
        page.goto(path, wait_until="load")
    page.goto("/now")
    expect(row(page, HOSTILE)).to_contain_text("<b>А</b>")
    row(page, HOSTILE).get_by_role("link").click()
    page.get_by_text("wrong fields").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    assert page.evaluate("window.hits") == 0
    assert page.locator("main img, main b b, main script").count() == 0


def test_the_map_shows_who_has_a_fresh_position(page: Page) -> None:
    """And by the route in the field those of that route alone."""
    page.goto("/map")
    bus = page.locator("#map")
    expect(bus).to_have_attribute("data-ready", "true")
    expect(bus).to_have_attribute("data-buses", re.compile("^[67]$"))
    page.locator("#route").fill("none")
    expect(bus).to_have_attribute("data-buses", "0")
    page.locator("#route").fill("24")
    expect(bus).to_have_attribute("data-buses", re.compile("^[67]$"))
    assert page.url.endswith("/map?route=24")


def test_a_stop_is_found_on_the_map(page: Page) -> None:
    """By a part of its name, with the routes that stop there; the timetable's lines are drawn."""
    page.goto("/map")
    page.locator("#stop").fill("вокз")
    page.keyboard.press("Enter")
    expect(page.locator(".stops li")).to_have_text("Вокзал 24, 30")
    page.get_by_role("link", name="Вокзал").click()
    page.wait_for_url(re.compile("place=41.0%2C57.0$"))
    expect(page.locator("#map")).to_have_attribute("data-ready", "true")
    expect(page.locator(".maplibregl-marker")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1366, 768)])
def test_who_went_dark_last_is_seen_without_scrolling(
    browser: Browser, site: WebServer, width: int, height: int
) -> None:
    """With the reason, beside the map, on a usual office screen."""
    viewport = {"width": width, "height": height}
    with visitor(browser, site, viewport=viewport, locale="ru-RU") as page:
        page.goto("/now")
        expect(page.locator("#rows tr .reason").first).to_be_in_viewport(ratio=1)
        expect(page.locator("#fleet-map")).to_be_in_viewport(ratio=0.5)


def test_the_map_of_now_shows_the_fleet(page: Page) -> None:
    """Whoever has a position; a filter is that of the table."""
    page.goto("/now?operator=east")
    fleet = page.locator("#fleet-map")
    expect(fleet).to_have_attribute("data-ready", "true")
    expect(fleet).to_have_attribute("data-vehicles", "7")
    expect(page.locator("#nowhere")).to_contain_text("not on the map: 1")


def test_a_base_map_comes_from_this_server(browser: Browser, url: str, tmp_path: Path) -> None:
    """In ranges of its file, with whom it is from in the corner."""
    file = tmp_path / "region.pmtiles"
    named = {"vector_layers": [{"id": "roads"}], "attribution": "<b>© somebody</b>"}
    file.write_bytes(pmtiles({0: water()}, MVT, named))
    base_map = read_base_map(str(file), None)
    with serving(url, base_map=base_map) as server, visitor(browser, server) as page:
        parts: list[int] = []
        page.on("response", lambda each: parts.append(each.status * ("base-map" in each.url)))
        page.goto("/map")
        expect(page.locator("#map")).to_have_attribute("data-ready", "true")
        expect(page.locator(".attribution")).to_have_text("© somebody")
        assert set(parts) == {0, 206}


def test_signing_in_and_out(browser: Browser, url: str) -> None:
    """Leads to where one wanted to go; a wrong password is said."""
    with serving(url, password="right") as server, visitor(browser, server) as page:
        page.goto("/now?operator=east")
        page.get_by_label("Password").fill("right")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/now\?operator=east$"))
        expect(page.locator("#now")).to_have_attribute("data-state", "live")
        page.get_by_role("button", name="Sign out").click()
        page.goto("/now")
        expect(page.get_by_label("Password")).to_be_visible()


def _lateness(page: Page, url: str, seconds: float) -> float:
    """Give bus 7 a position with so long until its window's end; return how late it was shown.

    Infinite where it was not even seen to vanish before.
    """
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    write(url, [position("7", ends - DISPATCHER_WINDOW)])
    try:
        expect(row(page, "7")).to_have_count(0, timeout=seconds * 1000)
    except AssertionError:
        return inf
    expect(row(page, "7")).to_be_visible()
    return (datetime.now(UTC) - ends).total_seconds()


def rows(page: Page) -> Any:
    return page.locator("#rows tr")


def row(page: Page, vehicle_id: str) -> Any:
    return rows(page).filter(has=page.get_by_role("link", name=vehicle_id, exact=True))
