"""The figures of the Ivanovo region: two scenarios a year apart, reported as an official would."""

import csv
import io
import json
import re
import secrets
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from fleetgauge.figure_rules import BUILT_IN
from models.report import Fix, Report
from models.uptime import Span
from reports.kpi_document import digest
from simulator.fleet import Fleet
from simulator.scenario import FailureMode, load_scenario
from storage.connection import connect
from storage.migrate import migrate
from storage.registry.importing import import_registry
from storage.rules import record
from storage.worker_uptime import beat
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer
from tests.acceptance.simulated_past import load_day, load_registry
from tests.servers.embedded import EmbeddedServer
from tests.unit.project.repository import text_of

LASTING = timedelta(minutes=11)
"""Enough for the ten minutes of a tracked day."""
THEN = ("--on", "2024-12-31", "--compare", "2023-12-31")


@pytest.fixture(scope="module")
def loaded_url(embedded_server: EmbeddedServer) -> Iterator[str]:
    """Both years, a year apart."""
    url = embedded_server.create_database()
    migrate(url)
    load_registry(url, "ivanovo-2023", datetime(2023, 1, 9, 9, tzinfo=UTC))
    load_day(url, "ivanovo-2023", date(2023, 12, 31), LASTING)
    load_registry(url, "ivanovo-2024", datetime(2024, 6, 3, 9, tzinfo=UTC))
    load_day(url, "ivanovo-2024", date(2024, 12, 31), LASTING)
    yield url
    embedded_server.drop_database(url)


@pytest.fixture
def url(embedded_server: EmbeddedServer, loaded_url: str) -> Iterator[str]:
    """A copy of it, for one test to change."""
    name = f"copy_{secrets.token_hex(6)}"
    template = urlsplit(loaded_url).path.lstrip("/")
    with connect(embedded_server.url(), "test", autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}")
    yield embedded_server.url(name)
    embedded_server.drop_database(name)


def fleetgauge(url: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "fleetgauge", *arguments],
        env={"FLEETGAUGE_DATABASE_URL": url, "PYTHONUTF8": "1"},
        capture_output=True,
        check=False,
        timeout=60,
    )


def reported(url: str, *arguments: str) -> bytes:
    done = fleetgauge(url, "report", *arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def correct(url: str) -> None:
    """Enter that a bus had been withdrawn in November, and claim that it was known in January."""
    fleet = Fleet.build(load_scenario("ivanovo-2024")).registry()
    entries = [each for each in fleet if each.vehicle.operator_id == "yuzha-marshrut"]
    entries[0] = entries[0]._replace(in_service_to=date(2024, 11, 30))
    with connect(url, "test", autocommit=True) as connection:
        import_registry(
            connection,
            entries,
            time_zone="Europe/Moscow",
            changed_by="test",
            source="correction",
            claimed_at=datetime(2025, 1, 3, 9, tzinfo=UTC),
            yes=True,
        )


def _empty_report() -> bytes:
    document = {"report": "fleetgauge kpi", "version": 1}
    return json.dumps(document | {"sha256": digest(document)}).encode()


def come_late(url: str) -> None:
    """Let reports of December come in January 2025, of a bus that was silent till then."""
    bus = next(
        bus.vehicle
        for bus in Fleet.build(load_scenario("ivanovo-2024")).buses
        if bus.mode is FailureMode.NEVER_SEEN
    )
    observed_at = datetime(2024, 12, 31, 9, tzinfo=UTC)
    batch = Batch()
    for minute in range(10):
        report = Report(bus, observed_at + timedelta(minutes=minute), Fix(57, 41))
        batch.add(Message(b"t", b"p", datetime(2025, 1, 20, 9, tzinfo=UTC)), [report], [])
    with Writer(url, "test", "Europe/Moscow") as writer:
        writer.write(batch)


def test_the_regions_figures_can_be_defended(url: str) -> None:
    """85.96 % against 34.82 %; the same bytes twice, and again after a correction."""
    table = reported(url, *THEN).decode()
    for words in (
        "980 of 1,140", "85.96 %", "397 of 1,140", "34.82 %", "+51.1 points",
        "969 of 1,140", "85.00 %", "821 of 1,140", "72.02 %", "+13.0 points",
        "1,140 of 1,140", "100.00 %",
    ):  # fmt: skip
        assert words in table
    assert reported(url, *THEN).decode() == table

    known = (*THEN, "--as-known-on", "2025-01-15", "--by", "operator", "--sensitivity", "--json")
    first = reported(url, *known)
    assert reported(url, *known) == first
    correct(url)
    come_late(url)
    assert reported(url, *known) == first
    now, before = json.loads(reported(url, *THEN, "--json")), json.loads(first)
    assert (now["vehicles"], now["indicators"]["trackable"]["vehicles"]) == (1139, 981)
    assert (now["as_known_on"], before["as_known_on"]) == (None, "2025-01-15")
    assert now["sha256"] != before["sha256"] == digest(before)
    (correction,) = now["corrections"]
    assert (correction["vehicles"], correction["source"]) == (1, "correction")
    assert correction["claimed_at"] == "2025-01-03T09:00:00+00:00"
    assert before["corrections"] == []


def test_every_form_tells_the_same(url: str, tmp_path: Path) -> None:
    """Each form has the digest of the same data, and the vehicles behind each figure."""
    options = ("--on", "2024-12-31", "--by", "municipality", "--sensitivity")
    document = json.loads(reported(url, *options, "--json"))
    sha256 = document["sha256"]
    assert sha256 in reported(url, *options).decode()
    fleet = document["fleet"]
    behind = {
        "trackable": sum(each["trackable"] for each in fleet),
        "trackable_on_route": sum(each["trackable_on_route"] for each in fleet),
        "cctv": sum(each["cctv"]["equipped"] for each in fleet),
        "cashless": sum(each["cashless"]["equipped"] for each in fleet),
    }
    figures = document["indicators"].items()
    assert behind == {indicator: figure["vehicles"] for indicator, figure in figures}

    rows = list(csv.DictReader(io.StringIO(reported(url, *options, "--csv").decode())))
    assert rows[0]["sha256"] == sha256
    assert sum(row["trackable"] == "true" for row in rows if row["row"] == "vehicle") == 980
    (whole,) = [row for row in rows if (row["indicator"], row["by"]) == ("cctv", "")]
    assert (whole["vehicles"], whole["fleet"], whole["compared_vehicles"]) == ("969", "1140", "821")

    page = tmp_path / "report.html"
    reported(url, *options, "--html", str(page))
    text = page.read_text(encoding="utf-8")
    assert sha256 in text
    assert "Кинешма" in text
    assert text.count("<tr>") > len(fleet)
    assert not re.search(r"https?://|src=|@import|url\(|<script", text)


def test_one_table_as_the_excel_of_russia_takes_it(loaded_url: str) -> None:
    """Semicolons, decimal commas, dates, a byte order mark; a wrong name says which there are."""
    options = ("--on", "2024-12-31", "--csv", "--table")
    content = reported(loaded_url, *options, "not_trackable", "--dialect", "excel-ru")
    header, *rows = content.decode("utf-8-sig").splitlines()
    assert content.startswith(b"\xef\xbb\xbf")
    assert header.startswith("перевозчик;автобус;госномер;")
    assert header.endswith(";причина;минут;последний контакт")
    assert len(rows) == 160
    assert sum(row.endswith(";мало минут;5;30.12.2024") for row in rows) == 25
    assert ";0,8596" in reported(loaded_url, *options, "figures", "--dialect", "excel-ru").decode()
    assert b",0.8596" in reported(loaded_url, *options, "figures")
    done = fleetgauge(loaded_url, "report", *options, "nothing")
    assert (done.returncode, b"there are: figures, vehicles" in done.stderr) == (2, True)


def test_the_report_in_russian(url: str, tmp_path: Path) -> None:
    """Numbers and dates as Russians write them, of the same data; the JSON is the same text."""
    figures = " ".join(reported(url, *THEN, "--language", "ru").decode().split())
    assert (
        "на связи 980 из 1 140 85,96 % – – – 397 из 1 140 34,82 % +51,1 п. п. +146,9 %" in figures
    )
    document = reported(url, *THEN, "--json")
    assert reported(url, *THEN, "--json", "--language", "ru") == document
    page, workbook = tmp_path / "report.html", tmp_path / "report.xlsx"
    reported(url, *THEN, "--language", "ru", "--html", str(page))
    reported(url, *THEN, "--language", "ru", "--xlsx", str(workbook))
    sha256 = json.loads(document)["sha256"]
    text = page.read_text(encoding="utf-8")
    assert '<html lang="ru">' in text
    assert sha256 in text
    with zipfile.ZipFile(workbook) as parts:
        assert sha256 in parts.read("xl/sharedStrings.xml").decode()


def test_the_plan_stands_beside_the_figure(url: str) -> None:
    """As people state it: 85.96 % against a plan of 79.3 %."""
    year = ("--from", "2024-01-01", "--to", "2024-12-31")
    for target in (("trackable", "79.3%"), ("cctv", "90%", "--operator", "ivpat-1")):
        assert fleetgauge(url, "target", "set", *target, *year).returncode == 0
    document = json.loads(reported(url, "--on", "2024-12-31", "--by", "operator", "--json"))
    trackable = document["indicators"]["trackable"]
    assert (trackable["plan"], trackable["difference_points"]) == (0.793, 6.664912)
    plans = {group["name"]: group["indicators"]["cctv"]["plan"] for group in document["groups"]}
    assert plans["ivpat-1"] == 0.9
    assert set(plans.values()) == {0.9, None}
    small = next(each for each in document["groups"] if each["name"] == "yuzha-marshrut")
    assert (small["vehicles"], small["indicators"]["cctv"]["ratio"]) == (4, None)
    assert "79.30 %" in reported(url, "--on", "2024-12-31").decode()
    planned_later = reported(url, "--on", "2024-12-31", "--as-known-on", "2025-01-15").decode()
    assert "79.30 %" not in planned_later


def test_what_is_stated_stands_beside_the_figures(url: str) -> None:
    """Reasons, milestones, and what was official before us: in no figure, and on record."""
    before = json.loads(reported(url, "--on", "2024-12-31", "--json"))
    period = ("--from", "2024-01-01", "--to", "2024-12-31")
    official = ("actual", "trackable", "28.5%", "--on", "2022-12-31", "--source", "report 2022")
    for statement in (
        ("note", "trackable", "the tender was late", *period),
        ("milestone", "Tender", "--due", "2024-06-01", "--done", "2024-09-01"),
        ("milestone", "All buses", "--due", "2024-11-01"),
        official,
        (*official, "--vehicles", "325", "--of", "1140"),
    ):
        assert fleetgauge(url, "target", *statement).returncode == 0
    found = json.loads(reported(url, "--on", "2024-12-31", "--json"))
    assert found["indicators"] == before["indicators"]
    assert [each["text"] for each in found["deviations"]] == ["the tender was late"]
    states = [(each["name"], each["state"]) for each in found["milestones"]]
    assert states == [("Tender", "done"), ("All buses", "overdue")]
    (figure,) = found["official"]
    assert (figure["on"], figure["ratio"], figure["of"]) == ("2022-12-31", 0.285, 1140)
    table = reported(url, "--on", "2024-12-31").decode()
    for words in (
        "28.50 %, 325 of 1,140 (report 2022; entered by",
        "All buses: due 2024-11-01, overdue",
        "+146.9 %",
    ):
        assert words in table
    known = json.loads(reported(url, "--on", "2024-12-31", "--as-known-on", "2025-01-15", "--json"))
    assert (known["deviations"], known["official"], known["milestones"]) == ([], [], [])
    assert fleetgauge(url, "target", "milestone", "Tender", "--due", "2024-06-01",
                      "--remove").returncode == 0  # fmt: skip
    found = json.loads(reported(url, "--on", "2024-12-31", "--json"))
    assert [each["name"] for each in found["milestones"]] == ["All buses"]
    for wrong, code, words in (
        (("note", "nothing", "x", *period), 2, "is not an indicator"),
        (("note", "trackable", "x", *period, "--remove", "--operator", "ivpat-1"), 1, "no note on"),
        (("actual", "trackable", "1%", "--on", "2022-12-31", "--source", "s", "--of", "9"), 2,
         "--vehicles and --of"),
    ):  # fmt: skip
        done = fleetgauge(url, "target", *wrong)
        assert (done.returncode, words in done.stderr.decode()) == (code, True)


def test_a_series_has_the_figures_of_its_dates(url: str, tmp_path: Path) -> None:
    """Of the fleet and of each group, and where there are no records none; in every form."""
    options = ("--on", "2024-12-31", "--months", "36", "--every", "year", "--by", "municipality")
    document = json.loads(reported(url, *options, "--json"))
    jsonschema.validate(document, json.loads(text_of("docs/report.schema.json")))
    found = document["series"]
    assert [(point["on"], point["recorded"], point["vehicles"]) for point in found["points"]] == [
        ("2022-12-31", False, 0),
        ("2023-12-31", True, 1140),
        ("2024-12-31", True, 1140),
    ]
    _, before, now = found["points"]
    assert before["indicators"]["trackable"]["vehicles"] == 397
    assert {name: each["vehicles"] for name, each in now["indicators"].items()} == {
        name: each["vehicles"] for name, each in document["indicators"].items()
    }
    groups = {group["name"]: group["points"][-1] for group in found["groups"]}
    assert {name: point["vehicles"] for name, point in groups.items()} == {
        group["name"]: group["vehicles"] for group in document["groups"]
    }
    assert "34.82 %" in reported(url, *options).decode()
    for form in ("html", "xlsx"):
        reported(url, *options, f"--{form}", str(tmp_path / form), "--language", "ru")
    assert "По годам" in (tmp_path / "html").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(reported(url, *options, "--csv").decode()))
    series = [row for row in rows if row["row"] == "series" and not row["by"]]
    assert [(row["on"], row["vehicles"]) for row in series if row["indicator"] == "cctv"] == [
        ("2023-12-31", "821"), ("2024-12-31", "969"),
    ]  # fmt: skip
    (tmp_path / "json").write_text(json.dumps(document), encoding="utf-8")
    assert b"gives the same report" in reported(url, "verify", str(tmp_path / "json"))


def test_a_published_report_can_be_verified(url: str, tmp_path: Path) -> None:
    """Nothing that is done afterwards, whatever it claims, makes it another."""
    options = (*THEN, "--as-known-on", "2025-01-15", "--by", "depot", "--live-minutes", "1")
    published, now = tmp_path / "published.json", tmp_path / "now.json"
    published.write_bytes(reported(url, *options, "--sensitivity", "--at", "11:58", "--json"))
    now.write_bytes(reported(url, "--on", "2024-12-31", "--json"))
    assert b"gives the same report" in reported(url, "verify", str(now))

    year = ("--from", "2024-01-01", "--to", "2024-12-31", "--recorded-at", "2024-01-09")
    assert fleetgauge(url, "target", "set", "trackable", "99%", *year).returncode == 0
    correct(url)
    come_late(url)
    with connect(url, "test", autocommit=True) as connection:
        record(connection, BUILT_IN | {"tracked_minutes": "20"}, "test")
        connection.execute("update operator set time_zone = 'Asia/Kamchatka'")
    assert b"gives the same report" in reported(url, "verify", str(published))
    done = fleetgauge(url, "report", "verify", str(now))
    assert done.returncode == 1
    assert b"gives another report now: rule, settings" in done.stderr

    document = json.loads(published.read_bytes())
    document["vehicles"] += 1
    published.write_text(json.dumps(document))
    done = fleetgauge(url, "report", "verify", str(published))
    assert (done.returncode, b"altered" in done.stderr) == (1, True)


def test_a_report_can_be_signed(loaded_url: str, tmp_path: Path) -> None:
    """Its reader needs the public key alone; another's does not fit."""
    keys = {}
    for name in ("ours", "other"):
        key = Ed25519PrivateKey.generate()
        private, public = tmp_path / f"{name}.key", tmp_path / f"{name}.pub"
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        keys[name] = private, public
    private, public = keys["ours"]
    report = tmp_path / "report.json"
    report.write_bytes(reported(loaded_url, *THEN, "--json", "--sign", str(private)))
    reported(loaded_url, "verify", str(report), "--key", str(public))
    for wrong, words in (
        (keys["other"][1], "not signed by the holder of"),
        (private, "is not a public key"),
        (tmp_path / "none", "cannot be read"),
    ):
        done = fleetgauge(loaded_url, "report", "verify", str(report), "--key", str(wrong))
        assert (done.returncode, done.stdout) == (1, b"")
        assert words in done.stderr.decode()
    assert fleetgauge(loaded_url, "report", *THEN, "--sign", str(private)).returncode == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is not JSON"),
        (b"[]", "is not a report"),
        (b'{"report": "fleetgauge kpi", "version": 1, "vehicles": NaN}', "altered"),
        (_empty_report(), "does not say what it is a report of"),
    ],
)
def test_what_is_not_a_report_is_not_verified(
    loaded_url: str, tmp_path: Path, content: bytes, words: str
) -> None:
    """Exit 1, in one line."""
    file = tmp_path / "report.json"
    file.write_bytes(content)
    done = fleetgauge(loaded_url, "report", "verify", str(file))
    assert (done.returncode, done.stdout) == (1, b"")
    assert words in done.stderr.decode()


def test_the_rule_in_force_on_the_date_is_used(url: str) -> None:
    """A change of today moves no figure of the past; an option does, and is printed."""
    with connect(url, "test", autocommit=True) as connection:
        record(connection, BUILT_IN | {"tracked_minutes": "11"}, "test")
        connection.execute("update rule_setting set known_from = '2024-12-30'")
        record(connection, BUILT_IN | {"tracked_minutes": "20"}, "test")
    document = json.loads(reported(url, *THEN, "--json"))
    assert document["rule"]["minimum_minutes"] == 11
    assert document["settings"]["tracked_minutes"] == {
        "value": "11",
        "since": "2024-12-30T00:00:00+00:00",
        "given": False,
    }
    # Nothing is on record of the date compared with, which has the oldest.
    assert document["comparison"]["rule"]["minimum_minutes"] == 11
    table = reported(url, *THEN, "--minimum-minutes", "12").decode()
    assert "0 of 1,140" in table
    assert "given for this report: tracked_minutes = 12" in table


def test_what_is_not_kept_has_no_number(url: str) -> None:
    """The figures of a date stand on what is kept for ever, and the share by window does not."""
    with connect(url, "test", autocommit=True) as connection:
        connection.execute("delete from report where observed_at > '2024-12-31'")
    done = fleetgauge(url, "report", *THEN, "--sensitivity")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"positions of 2024-12-31 are no longer kept" in done.stderr
    assert "980 of 1,140" in reported(url, *THEN).decode()


def test_what_was_known_is_answered_for_every_date(url: str) -> None:
    """Of a date of which nothing was recorded until then it is that nobody was trackable."""
    known = ("--on", "2023-12-31", "--as-known-on", "2023-12-31", "--json")
    with connect(url, "test", autocommit=True) as connection:
        connection.execute(
            "update vehicle_day set recorded_on = '2024-01-09' where day < '2024-1-1'"
        )
    document = json.loads(reported(url, *known))
    assert (document["vehicles"], document["indicators"]["trackable"]["vehicles"]) == (1140, 0)
    plain = json.loads(reported(url, "--on", "2023-12-31", "--json"))
    assert plain["indicators"]["trackable"]["vehicles"] == 397


def test_the_difference_of_a_year_is_583_vehicles(url: str, tmp_path: Path) -> None:
    """Each with its one reason; the points add up to +51.1. Two files say the same."""
    for options, outcome in (
        (("--json",), "json"),
        (("--csv", "--table", "trackable_vehicles"), "csv"),
    ):
        (tmp_path / outcome).write_bytes(
            reported(url, "diff", "2023-12-31", "2024-12-31", *options)
        )
    document = json.loads((tmp_path / "json").read_bytes())
    found = document["indicators"]["trackable"]
    assert len(found["vehicles"]) == 583
    assert {each["denominator"] for each in found["vehicles"]} == {0}
    assert found["difference_points"] == 51.140351
    assert sum(Fraction(str(each["points"])) for each in found["reasons"]) == Fraction("51.140351")
    assert {each["reason"]: each["vehicles"] for each in found["reasons"]} == {
        "first_seen": 378, "enough_minutes": 106, "fixes_now": 72, "clock_right": 21, "accepted": 6,
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO((tmp_path / "csv").read_text(encoding="utf-8"))))
    assert len(rows) == 583

    for year in ("2023", "2024"):
        file = tmp_path / f"{year}.json"
        file.write_bytes(reported(url, "--on", f"{year}-12-31", "--json"))
    files = [str(tmp_path / "2023.json"), str(tmp_path / "2024.json")]
    assert json.loads(reported("none", "diff", *files, "--json")) == document


def test_a_claim_with_twelve_wrong_buses(url: str, tmp_path: Path) -> None:
    """They are named, each with what is the matter; a list as the Excel of Russia saves it."""
    operator = "ivpat-1"
    fleet = json.loads(reported(url, "--on", "2024-12-31", "--json"))["fleet"]
    own = [each for each in fleet if each["operator_id"] == operator]
    tracked = [each for each in own if each["trackable"]]
    missing = [each for each in own if not each["trackable"]][:9]
    rows = [(each["vehicle_id"], each["plate"]) for each in (*tracked, *missing)]
    rows += [("9001", "А001АА37"), ("9002", ""), ("9003", "")]
    lines = ["Справка;;", "№ п/п;Гаражный номер;Госномер"]
    lines += [f"{place};{vehicle};{plate}" for place, (vehicle, plate) in enumerate(rows, 1)]
    claim = tmp_path / "claim.csv"
    claim.write_bytes("\r\n".join([*lines, f"Итого;{len(rows)};"]).encode("cp1251"))
    options = ("reconcile", "--claim", str(claim), "--on", "2024-12-31", "--operator", operator)
    found = json.loads(reported(url, *options, "--json"))
    assert found["outcomes"] == {
        "agreed": len(tracked), "ours_not": 9, "theirs_not": 0, "not_registered": 3,
    }  # fmt: skip
    wrong = [each for each in found["vehicles"] if each["outcome"] != "agreed"]
    expected = {each["vehicle_id"] for each in missing} | {"9001", "9002", "9003"}
    assert {each["vehicle_id"] for each in wrong} == expected
    reasons = {each["vehicle_id"]: each["reason"] for each in wrong}
    assert {each["vehicle_id"]: each["reason"] for each in missing}.items() <= reasons.items()
    assert {reasons[name] for name in ("9001", "9002", "9003")} == {"unknown"}
    assert len(found["claim"]["skipped"]) == 1

    book = tmp_path / "claim.xlsx"
    done = fleetgauge(url, "report", *options, "--xlsx", str(book), "--language", "ru")
    assert "read as: Гаражный номер → vehicle_id, Госномер → plate" in done.stderr.decode()
    assert book.read_bytes().startswith(b"PK")
    claim.write_text("Борт;Состояние\n101;да\n", encoding="utf-8")
    remembering = ("--column", "Борт=vehicle_id", "--column", "Состояние=", "--profile", "atp")
    for said in (remembering, ("--profile", "atp")):
        found = json.loads(reported(url, *options, *said, "--json"))
        assert found["outcomes"]["agreed"] == 1
    claim.write_text("vehicle_id,trackable\n101,maybe\n", encoding="utf-8")
    done = fleetgauge(url, "report", *options)
    assert (done.returncode, done.stdout) == (1, b"")
    assert "1 bad line\n  line 2: trackable: 'maybe' is not a boolean" in done.stderr.decode()


def test_what_was_corrected_is_told_from_what_has_changed(url: str) -> None:
    """Of one date, as known on two days; and of two dates, as known on two days each."""
    correct(url)
    come_late(url)
    same = reported(url, "diff", "2024-12-31@2025-01-15", "2024-12-31", "--json")
    found = json.loads(same)["indicators"]["trackable"]
    reasons = {each["reason"]: each["vehicles"] for each in found["reasons"]}
    assert reasons == {"corrected": 1, "recorded_later": 1}
    assert (found["before"]["vehicles"], found["before"]["of"]) == (980, 1140)
    assert (found["after"]["vehicles"], found["after"]["of"]) == (981, 1139)
    assert sum(each["points"] for each in found["reasons"]) == pytest.approx(
        found["difference_points"], abs=1e-6
    )
    sides = ("2023-12-31@2025-01-15", "2024-12-31@2025-01-15", "--json")
    found = json.loads(reported(url, "diff", *sides))["indicators"]["trackable"]
    assert len(found["vehicles"]) == 583


def test_bad_input_is_said_in_words(url: str) -> None:
    """Exit 1 where there is no answer, 2 where the question is meaningless."""
    for options, code, words in (
        (("--on", "2022-12-31"), 1, "the records reach from 2023-12-29 to 2024-12-31"),
        (("--on", "2024-12-31", "--compare", "2022-12-31"), 1, "nothing is known of 2022-12-31"),
        (("--on", "2999-12-31"), 1, "2999-12-31 is in the future"),
        (("--on", "2024-12-31", "--operator", "nobody"), 1, "there is no operator nobody"),
        (("--on", "2024-12-31", "--as-known-on", "2024-12-30"), 2, "nothing was known yet"),
        (("--on", "31.13.2024"), 2, "is not a date"),
        (("--on", "2024-12-31", "--json", "--csv"), 2, "one of them at a time"),
        ((), 2, "--on"),
    ):
        done = fleetgauge(url, "report", *options)
        assert (done.returncode, done.stdout) == (code, b"")
        assert words in " ".join(done.stderr.decode().split())
    before = json.loads(reported(url, "--on", "2023-12-31", "--json"))
    assert before["comparison"]["missing"].startswith("nothing is known of 2022-12-31")
    assert before["indicators"]["trackable"]["compared"] is None


def test_an_empty_fleet_has_no_ratio(embedded_url: str) -> None:
    """The report says so, and has neither 0 nor NaN."""
    migrate(embedded_url)
    assert (
        "nothing is recorded"
        in fleetgauge(embedded_url, "report", "--on", "2024-12-31").stderr.decode()
    )
    load_day(embedded_url, "smoke", date(2024, 12, 31), LASTING)
    done = fleetgauge(embedded_url, "report", "--on", "2024-12-31")
    assert done.returncode == 1
    assert "the fleet on 2024-12-31 is empty" in done.stderr.decode()


def test_our_own_downtime_is_marked(url: str) -> None:
    """What is missing while no worker was connected is not the operators' fault."""
    midnight = datetime(2024, 12, 24, 21, tzinfo=UTC)
    with connect(url, "test", autocommit=True) as connection:
        beat(connection, "a", Span(midnight, midnight + timedelta(days=2, hours=1)))
        beat(connection, "b", Span(midnight + timedelta(days=2, hours=3), midnight.replace(day=30)))
        beat(connection, "a", Span(midnight.replace(day=29), midnight.replace(day=31)))
    document = json.loads(reported(url, "--on", "2024-12-31", "--json"))
    assert document["ingest_downtime"]["recorded_from"] == "2024-12-25"
    assert document["ingest_downtime"]["days"] == [{"day": "2024-12-27", "seconds": 7200}]
    table = reported(url, "--on", "2024-12-31").decode()
    assert "ingest was down on 2024-12-27 for 2 h 00 min" in table
