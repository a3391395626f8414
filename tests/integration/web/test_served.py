"""The feeds and who may see the staff pages, over HTTP on a real database."""

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage

from fleetgauge.feeds import MOVED, moved_feeds
from fleetgauge.web_reports import WebReports
from metrics.http import HttpServer
from storage.connection import connect
from storage.errors import StorageError
from tests.acceptance.command import fleetgauge
from tests.servers.embedded import EmbeddedServer
from tests.servers.half_open import half_open
from tests.servers.pmtiles import MVT, pmtiles, water
from tests.servers.waiting import wait_until
from tests.servers.web_site import (
    HOSTILE,
    OPTIONS,
    TRACKABLE,
    connect_worker,
    fill,
    position,
    serving,
    write,
)
from web import impatient
from web.base_map import read_base_map
from web.database import Database
from web.server import CannotListen, WebServer

GTFS, GEOJSON = MOVED


@pytest.fixture(scope="module")
def url(embedded_server: EmbeddedServer) -> Iterator[str]:
    """A database with the small fleet."""
    url = embedded_server.create_database()
    fill(url)
    yield url
    embedded_server.drop_database(url)


@pytest.fixture(scope="module")
def site(url: str) -> Iterator[WebServer]:
    """The server as it is by default."""
    with serving(url) as server:
        yield server


def ask(
    server: WebServer | HttpServer,
    path: str,
    headers: dict[str, str] | None = None,
    method: str = "GET",
    body: str | None = None,
) -> tuple[HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_gtfs_realtime_holds_who_is_trackable_within_90_seconds(site: WebServer) -> None:
    """In protobuf, and in JSON for people."""
    response, body = ask(site, GTFS)
    feed = FeedMessage.FromString(body)
    assert len(feed.entity) == TRACKABLE
    assert {entity.vehicle.trip.route_id for entity in feed.entity} == {"24"}
    assert response.headers["Content-Type"] == "application/x-protobuf"
    _, text = ask(site, f"{GTFS}?format=json")
    assert len(json.loads(text)["entity"]) == TRACKABLE


def test_a_feed_of_one_operator(site: WebServer) -> None:
    """One that is not in the fleet is not found; of one without positions the feed is empty."""
    assert len(json.loads(ask(site, f"{GEOJSON}?operator=east")[1])["features"]) == TRACKABLE
    assert json.loads(ask(site, f"{GEOJSON}?operator=west")[1])["features"] == []
    assert ask(site, f"{GEOJSON}?operator=north")[0].status == 404
    assert ask(site, f"{GEOJSON}?format=xml")[0].status == 400


def test_a_feed_is_compressed_and_not_sent_twice(site: WebServer) -> None:
    """gzip for who takes it, and 304 for who has this version."""
    response, body = ask(site, GEOJSON, {"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(body))["features"]) == TRACKABLE
    assert response.headers["Vary"].startswith("Accept-Encoding")
    _, plain = ask(site, "/static/page.css", {"Accept-Encoding": "identity"})
    response, _ = ask(site, "/static/page.css")
    again, nothing = ask(site, "/static/page.css", {"If-None-Match": response.headers["ETag"]})
    assert (again.status, nothing, len(plain) > 0) == (304, b"", True)


def test_any_site_may_fetch_the_feeds(site: WebServer) -> None:
    """With the version that it has, about which browsers ask beforehand."""
    response, _ = ask(site, GEOJSON)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["ETag"]
    response, _ = ask(site, GEOJSON, method="OPTIONS")
    assert response.status == 204
    assert "If-None-Match" in response.headers["Access-Control-Allow-Headers"]
    response, body = ask(site, GEOJSON, method="HEAD")
    assert (response.status, body) == (200, b"")


def test_former_addresses_lead_to_the_feeds() -> None:
    """On the host that was asked, with the query; a host that is none leads nowhere else."""
    with HttpServer("127.0.0.1", 0, moved_feeds(9109)) as server:
        response, _ = ask(server, f"{GTFS}?operator=a%26b", {"Host": "buses.example:9108"})
        assert response.status == 301
        assert response.headers["Location"] == f"http://buses.example:9109{GTFS}?operator=a%26b"
        response, _ = ask(server, GEOJSON, {"Host": "a/b@c"})
        assert response.headers["Location"] == f"http://localhost:9109{GEOJSON}"


def test_runbooks_are_where_alerts_lead(site: WebServer) -> None:
    """As pages; nothing outside of their folder is found."""
    runbook = "docs/runbooks/ingest-down.md"
    response, body = ask(site, runbook.removeprefix("docs"))
    assert (response.status, b"<h1>" in body) == (200, True)
    for name in ("none", "..%2F..%2FREADME", "../README"):
        assert ask(site, f"/runbooks/{name}.md")[0].status == 404, name


def test_nothing_is_written(url: str) -> None:
    """What the pages ask could not change anything."""
    database = Database(url)
    with pytest.raises(StorageError, match="read-only transaction"):
        anyio.run(database.ask, lambda connection: connection.execute("delete from report"))
    database.close()


def test_ingest_that_is_down_is_no_fault_of_the_vehicles(url: str) -> None:
    """The pages say so, and since when, until a worker is connected again."""
    now = datetime.now(UTC)
    paths = ("/now", "/vehicle?operator=east&vehicle=7")
    try:
        connect_worker(url, now - timedelta(minutes=12))
        with serving(url) as server:
            for path in paths:
                page = ask(server, path)[1].decode()
                assert "No worker has been connected to the broker since" in page, path
    finally:
        connect_worker(url, now + timedelta(hours=3))
    with serving(url) as server:
        assert all(b"Ingest is down" not in ask(server, path)[1] for path in paths)


def test_today_is_held_against_last_week(url: str) -> None:
    """Where there is a last week; by share and counts."""
    with serving(url) as server:
        assert b"<svg" not in ask(server, "/now/week")[1]
    write(url, [position("1", datetime.now(UTC) - timedelta(days=7))])
    with serving(url) as server:
        page = ask(server, "/now/week")[1].decode()
    assert "<svg" in page
    assert "of 9" in page


def test_each_number_opens_the_vehicles_behind_it(site: WebServer) -> None:
    """As many as it says; what counts and what does not make the fleet."""
    day = datetime.now(OPTIONS.zone).date()
    report = json.loads(ask(site, f"/figures/report.json?on={day}&by=operator")[1])
    for indicator, figure in report["indicators"].items():
        for counts, number in (
            ("yes", figure["vehicles"]),
            ("no", report["vehicles"] - figure["vehicles"]),
        ):
            path = f"/figures/vehicles?on={day}&indicator={indicator}&counts={counts}"
            assert ask(site, path)[1].decode().count('<th scope="row">') == number, path
    (east, _) = report["groups"]
    path = f"/figures/vehicles?on={day}&by=operator&group=east"
    assert ask(site, path)[1].decode().count('<th scope="row">') == east["vehicles"] == 8


def test_the_figures_are_those_of_the_report(site: WebServer, url: str) -> None:
    """The file is what the command prints, byte for byte of its data."""
    day = datetime.now(OPTIONS.zone).date().isoformat()
    response, body = ask(site, f"/figures/report.json?on={day}&by=depot")
    printed = fleetgauge(
        *("report", "--on", day, "--by", "depot", "--json"),
        environment={"FLEETGAUGE_DATABASE_URL": url},
    )
    assert json.loads(body)["sha256"] == json.loads(printed.stdout)["sha256"]
    assert (
        response.headers["Content-Disposition"] == f'attachment; filename="fleetgauge-{day}.json"'
    )
    assert ask(site, f"/figures/report.xlsx?on={day}")[1].startswith(b"PK")
    assert ask(site, f"/figures/report.csv?on={day}")[1].startswith(b"row,on,")
    assert ask(site, "/figures/report.exe")[0].status == 404


def test_the_registry_shows_its_inbox_and_its_changes(site: WebServer) -> None:
    """Who publishes without being registered, and who changed what when."""
    page = ask(site, "/registry")[1].decode()
    assert page.count('<th scope="row">') == 1
    assert "&lt;b onclick=hit()&gt;unregistered&lt;/b&gt;" in page
    assert ask(site, "/registry/changes")[1].decode().count('<th scope="row">') == 2


def test_a_date_without_records_has_no_figures(site: WebServer) -> None:
    """The page says which there are, and nothing is 0."""
    for path in ("/figures", "/figures/months", "/figures/difference", "/figures/report.json"):
        response, page = ask(site, f"{path}?on=1999-12-31")
        assert (response.status, b"the records reach from" in page) == (404, True), path


@pytest.mark.parametrize(
    "asked", ["on=31.12.2025", "compare=tomorrow", "by=depot%20", "indicator=nope", "counts=maybe"]
)
def test_a_value_that_cannot_be_is_not_taken_for_another(site: WebServer, asked: str) -> None:
    """The page says what it expected, and shows no figures of another date."""
    path = "/figures/vehicles" if "counts" in asked else "/figures"
    response, page = ask(site, f"{path}?{asked}")
    assert (response.status, f"{unquote(asked)} is not " in page.decode()) == (400, True)


def test_districts_are_areas_or_circles(url: str, tmp_path: Path) -> None:
    """Whichever is known; a name is found whatever its case."""
    square = [[[40.9, 56.9], [41.1, 56.9], [41.1, 57.1], [40.9, 56.9]]]
    border = {"type": "Polygon", "coordinates": square}
    with serving(url, borders={"ИВАНОВО": border}) as server:
        today = datetime.now(OPTIONS.zone).date()
        body = ask(server, f"/figures/districts.geojson?on={today}")[1]
    drawn = {each["properties"]["name"]: each for each in json.loads(body)["features"]}
    assert drawn["Иваново"]["geometry"] == border
    assert drawn["Шуя"]["geometry"]["type"] == "Point"
    assert drawn["Иваново"]["properties"]["of"] == 4
    bad = tmp_path / "bad.geojson"
    bad.write_text(json.dumps({"features": [{"properties": {}, "geometry": border}]}))
    ended = fleetgauge("web", environment={"FLEETGAUGE_WEB_BORDERS": str(bad)})
    assert (ended.returncode, "a feature has no name" in ended.stderr) == (1, True)


@pytest.mark.parametrize(
    "path",
    [
        "/now",
        "/vehicle",
        "/figures",
        "/registry",
        "/now/week",
        "/now/events",
        "/vehicle/track.geojson",
    ],
)
def test_staff_pages_are_for_this_machine(site: WebServer, path: str) -> None:
    """Not for who comes through a proxy, nor for a browser that a hostile name sent here."""
    own = f"localhost:{site.port}"
    for headers in (
        {"Host": "evil.example"},
        {"Host": own, "X-Forwarded-For": "10.0.0.7"},
        {"Host": own, "Forwarded": "for=10.0.0.7"},
    ):
        assert ask(site, path, headers)[0].status == 403, headers
    if path == "/now":
        assert ask(site, path, {"Host": own})[0].status == 200


def test_a_trusted_proxy_names_whom_it_lets_in(url: str) -> None:
    """Of another address the header is not believed."""
    header = {"X-Remote-User": "olga", "Host": "fleet.example"}
    with serving(url, user_header="X-Remote-User", proxies=(ip_network("127.0.0.1"),)) as server:
        assert ask(server, "/now", header)[0].status == 200
        assert ask(server, "/now", {"Host": "localhost"})[0].status == 403
    with serving(url, user_header="X-Remote-User", proxies=(ip_network("10.0.0.1"),)) as server:
        assert ask(server, "/now", header)[0].status == 403


def signed_in(server: WebServer, password: str) -> dict[str, str]:
    """Return the headers of whoever signed in with a password."""
    response, page = ask(server, "/sign-in")
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    token = page.decode().partition('name="form" value="')[2].partition('"')[0]
    form = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    response, _ = ask(server, "/sign-in", form, "POST", f"form={token}&password={password}")
    return {"Cookie": response.headers["Set-Cookie"].partition(";")[0]}


FOR_ANALYSTS = (
    "/registry",
    "/registry/changes",
    "/figures/report.csv",
    "/figures/report.xlsx",
    "/figures/difference.csv",
)
FOR_STAFF = ("/now", "/now/vehicles.geojson", "/vehicle?q=1", "/figures", "/figures/vehicles")


def test_viewers_look_and_take_nothing(url: str) -> None:
    """Neither files nor the registry, by password or by a proxy's word; analysts see all."""
    history = "Registry history"
    with serving(url, password="all", viewer_password="some") as server:
        viewer, analyst = signed_in(server, "some"), signed_in(server, "all")
        for path in FOR_STAFF:
            assert ask(server, path, viewer)[0].status in {200, 303}, path
        for path in FOR_ANALYSTS:
            assert ask(server, path, viewer)[0].status == 403, path
            assert ask(server, path, analyst)[0].status == 200, path
        vehicle = "/vehicle?operator=east&vehicle=1"
        assert history not in ask(server, vehicle, viewer)[1].decode()
        assert history in ask(server, vehicle, analyst)[1].decode()
        assert b"/registry" not in ask(server, "/now", viewer)[1]
        assert b"report.xlsx" not in ask(server, "/figures", viewer)[1]
    with serving(url, password="all", viewer_password="other") as server:
        assert ask(server, "/now", viewer)[0].status == 303
        assert ask(server, "/registry", analyst)[0].status == 200
    proxied: dict[str, Any] = {
        "user_header": "X-Remote-User",
        "proxies": (ip_network("127.0.0.1"),),
    }
    with serving(url, analysts=frozenset({"olga"}), **proxied) as server:
        olga, pavel = ({"X-Remote-User": name} for name in ("olga", "pavel"))
        assert ask(server, "/registry", olga)[0].status == 200
        assert ask(server, "/registry", pavel)[0].status == 403
        assert ask(server, "/now", pavel)[0].status == 200


def test_a_form_of_another_site_signs_nobody_out(url: str) -> None:
    """The browser says where it is from."""
    with serving(url, password="right") as server:
        headers = signed_in(server, "right")
        foreign = headers | {"Sec-Fetch-Site": "cross-site"}
        assert ask(server, "/sign-out", foreign, "POST")[0].status == 403
        response, _ = ask(server, "/sign-out", headers, "POST")
        assert (response.status, 'fleetgauge_session=""' in str(response.headers)) == (303, True)


def test_the_base_map_is_sent_in_parts(url: str, tmp_path: Path) -> None:
    """As they are, whatever the client would take; another host only where a setting names it."""
    file = tmp_path / "region.pmtiles"
    file.write_bytes(pmtiles({0: water()}, MVT, {"vector_layers": [{"id": "roads"}]}))
    with serving(url, base_map=read_base_map(str(file), "© x")) as server:
        part = {"Range": "bytes=0-6", "Accept-Encoding": "gzip"}
        response, body = ask(server, "/base-map.pmtiles", part)
        assert (response.status, body) == (206, b"PMTiles")
        assert response.headers["Content-Range"].startswith("bytes 0-6/")
        policy = ask(server, "/map")[0].headers["Content-Security-Policy"]
        assert "http" not in policy
    with serving(url, base_map=read_base_map("https://tiles.example/{z}/{x}/{y}", None)) as server:
        policy = ask(server, "/map")[0].headers["Content-Security-Policy"]
        assert policy.count("https://tiles.example;") == 2
        assert ask(server, "/base-map.pmtiles")[0].status == 404


def test_the_map_of_now_shows_where_each_vehicle_was_last(site: WebServer) -> None:
    """With its reason, through the filters of the page; who was never anywhere is counted."""
    found = json.loads(ask(site, "/now/vehicles.geojson?operator=east")[1])
    shown = {each["properties"]["vehicle"]: each["properties"] for each in found["features"]}
    assert {name: each["reason"] for name, each in shown.items() if each["reason"]} == {
        "7": "silent"
    }
    assert (len(shown), found["nowhere"], found["crowded"]) == (TRACKABLE + 1, 1, False)
    silent = json.loads(ask(site, "/now/vehicles.geojson?reason=silent")[1])["features"]
    assert [each["properties"]["name"] for each in silent] == ["7"]
    elsewhere = json.loads(ask(site, "/now/vehicles.geojson?box=10,10,11,11")[1])
    assert elsewhere["features"] == []


def test_why_figures_differ_as_csv(site: WebServer) -> None:
    """Each of the page's tables is a file; one that it does not have is none."""
    day = datetime.now(OPTIONS.zone).date()
    path = f"/figures/difference.csv?on={day}&compare={day}"
    response, body = ask(site, path)
    assert response.headers["Content-Type"].startswith("text/csv")
    assert body.decode().startswith("operator,vehicle,plate,reason")
    assert b"total" in ask(site, f"{path}&table=trackable_reasons")[1]
    assert ask(site, f"{path}&table=none")[0].status == 404


def test_a_forged_session_or_form_opens_nothing(url: str) -> None:
    """And after ten wrong passwords nobody is asked for another for a while."""
    with serving(url, password="right") as server:
        for cookie in ("9999999999.x.y", "9999999999", "..", "ü"):
            headers = {"Cookie": f"fleetgauge_session={cookie}"}
            response, _ = ask(server, "/now", headers)
            assert (response.status, response.headers["Location"]) == (303, "/sign-in?back=%2Fnow")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert ask(server, "/sign-in", form, "POST", "password=right")[0].status == 403
        response, page = ask(server, "/sign-in?back=//evil.example")
        token = page.decode().partition('name="form" value="')[2].partition('"')[0]
        assert b"evil.example" not in page.partition(b"<main")[2]
        form["Cookie"] = response.headers["Set-Cookie"].partition(";")[0]
        for _ in range(10):
            wrong = f"form={token}&password=wrong&back=/now"
            assert ask(server, "/sign-in", form, "POST", wrong)[0].status == 403
        right = f"form={token}&password=right&back=/now"
        assert ask(server, "/sign-in", form, "POST", right)[0].status == 429


def test_the_passengers_map_names_no_bus(site: WebServer) -> None:
    """Neither the page nor its data has a plate, or an id of a vehicle or operator."""
    connection = http.client.HTTPConnection(site.host, site.port, timeout=30)
    connection.request("GET", "/map/events")
    response = connection.getresponse()
    lines = iter(response.readline, b"")
    (data,) = (line for line in [next(each for each in lines if each.startswith(b"data: "))])
    connection.close()
    buses = json.loads(data.removeprefix(b"data: "))["buses"]
    assert len(buses) == TRACKABLE
    assert {frozenset(bus) for bus in buses.values()} == {frozenset("prtb")}
    text = data.decode() + ask(site, "/map")[1].decode()
    assert not any(word in text for word in ("00ВС37", "east", HOSTILE))
    assert "frame-ancestors *" in ask(site, "/map")[0].headers["Content-Security-Policy"]


def test_the_map_draws_the_timetable(site: WebServer) -> None:
    """Lines in the routes' colours, and stops with the routes that passengers know."""
    (line,) = json.loads(ask(site, "/map/routes.geojson")[1])["features"]
    assert line["properties"] == {"route": "24", "color": "#d02030"}
    assert line["geometry"]["coordinates"] == [[41.0, 57.0], [41.0, 57.03], [41.02, 57.06]]
    first, _ = json.loads(ask(site, "/map/stops.geojson")[1])["features"]
    assert first["properties"] == {"name": "Вокзал", "routes": "24, 30"}


def test_no_map_where_none_is_wanted(url: str) -> None:
    """A setting turns it off."""
    with serving(url, map_is_public=False) as server:
        assert ask(server, "/map")[0].status == 404
        assert b'href="/map"' not in ask(server, "/now")[1]


def test_without_database_nothing_is_made_up() -> None:
    """Feeds, pages and readiness say 503, and not where it is; the process is alive."""
    with serving("postgresql://127.0.0.1:1/none") as server:
        for path in (GTFS, GEOJSON, "/now", "/figures", "/map", "/readyz"):
            response, body = ask(server, path)
            assert (response.status, b"refused" in body) == (503, False), path
        assert ask(server, "/healthz")[0].status == 200


def test_an_address_in_use_is_named(site: WebServer) -> None:
    """And nothing else is tried."""
    with pytest.raises(CannotListen, match=f"cannot listen on 127.0.0.1:{site.port}: "):
        WebServer("127.0.0.1", site.port, "postgresql://127.0.0.1:1/none", OPTIONS, WebReports())


@pytest.mark.parametrize("first", [b"", b"GET /now HTTP/1.1\r\n"], ids=["silent", "half a request"])
def test_half_open_requests_delay_nobody(site: WebServer, first: bytes) -> None:
    """2,000 clients that never finish a request; the next one is answered at once."""
    with half_open(site.port, 2_000, first):
        for _ in range(5):
            started = time.monotonic()
            assert ask(site, "/healthz")[0].status == 200
            assert time.monotonic() - started < 2


def test_a_request_that_is_never_finished_is_dropped(
    site: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its head, or its body."""
    monkeypatch.setattr(impatient, "REQUEST_SECONDS", 0.5)
    head = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    for begun in (b"GET /now HTTP/1.1\r\n", head + b"1"):
        with socket.create_connection((site.host, site.port), timeout=10) as client:
            client.sendall(begun)
            with suppress(ConnectionResetError):
                assert client.recv(10) == b""


def test_plates_are_in_no_public_feed_unless_a_setting_says_so(site: WebServer, url: str) -> None:
    """In neither form; the fleet list has one for each vehicle."""

    def plates(server: WebServer) -> set[str | None]:
        features = json.loads(ask(server, GEOJSON)[1])["features"]
        feed = FeedMessage.FromString(ask(server, GTFS)[1])
        in_feed = {each.vehicle.vehicle.license_plate or None for each in feed.entity}
        return in_feed | {each["properties"]["plate"] for each in features}

    assert plates(site) == {None}
    with serving(url, plates_are_public=True) as public:
        assert None not in plates(public)


def test_what_the_feeds_hold_is_put_on_record(url: str) -> None:
    """At the start and once a minute; each vehicle in them, nobody else, and nothing unasked."""

    def recorded() -> list[str]:
        with connect(url, "test", autocommit=True) as connection:
            rows = connection.execute(
                "select operator_id || ':' || vehicle_id "
                "from published_day join vehicle using (vehicle_key)"
            )
            return sorted(name for (name,) in rows.fetchall())

    with serving(url) as server:
        feed = json.loads(ask(server, GEOJSON)[1])
    assert recorded() == []
    with serving(url, publication_url=url):
        wait_until(lambda: bool(recorded()), seconds=60, what="the first minute")
    ids = sorted(feature["id"] for feature in feed["features"])
    assert len(ids) >= TRACKABLE
    assert recorded() == ids


def test_feeds_go_on_where_nothing_can_be_recorded(url: str) -> None:
    """As where the role may not."""
    with serving(url, publication_url="postgresql://127.0.0.1:1/none") as server:
        assert ask(server, GEOJSON)[0].status == 200
