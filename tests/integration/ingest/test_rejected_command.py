"""``fleetgauge rejected`` as its users run it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from fleetgauge import cli
from models.decode import decode
from models.rules import Rules, ServiceArea
from storage.migrate import migrate
from storage.writing.batch import Batch, Message
from storage.writing.writer import Writer

NOW = datetime.now(UTC).replace(microsecond=0)
MOSCOW = ZoneInfo("Europe/Moscow")
"""The zone of authorities unless set otherwise."""


class Done(NamedTuple):
    status: object
    stdout: str


Run = Callable[..., Done]


@pytest.fixture
def run(
    embedded_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """The command, on a database with a binary message and one that can be reprocessed."""
    migrate(embedded_url)
    observed_at = (NOW - timedelta(seconds=5)).isoformat()
    good = json.dumps({"observed_at": observed_at, "latitude": 57, "longitude": 41}).encode()
    batch = Batch()
    for topic, payload in ((b"fleet/op/1/position", good), (b"fleet/op/2/position", b"\xff\x00")):
        message = Message(topic, payload, NOW)
        batch.add(message, *decode(*message, Rules(service_area=ServiceArea(0, 0, 1, 1))))
    with Writer(embedded_url, "ingest", "UTC") as writer:
        writer.write(batch)
    monkeypatch.setenv("FLEETGAUGE_DATABASE_URL", embedded_url)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr("sys.argv", ["fleetgauge", "rejected", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return Done(end.value.code, capsys.readouterr().out)

    return run


def _listed(run: Run, *arguments: str) -> dict[str, int]:
    document = json.loads(run("list", "--json", *arguments).stdout)
    counted = sum(count["messages"] for count in document["counts"])
    assert counted == len(document["messages"])
    return {message["reason"]: message["id"] for message in document["messages"]}


def test_list_bounds_and_counts(run: Run) -> None:
    """By reason, operator and time; as a table, and as one JSON document."""
    assert _listed(run).keys() == {"outside_area", "not_json"}
    assert _listed(run, "--reason", "not_json").keys() == {"not_json"}
    assert _listed(run, "--operator", "nobody") == {}
    assert _listed(run, "--since", (NOW + timedelta(seconds=1)).isoformat()) == {}
    assert _listed(run, "--until", "2020-01-01") == {}
    table = run("list").stdout
    assert "outside_area" in table
    assert "fleet/op/1/position" in table
    assert f"{NOW.astimezone(MOSCOW):%Y-%m-%d %H:%M:%S}" in table
    assert table.count("received (Europe/Moscow)") == 3
    for count in json.loads(run("list", "--json").stdout)["counts"]:
        assert count["first_received_at"] == NOW.isoformat()


def test_show_is_whole(run: Run) -> None:
    """Text as text, anything else in hexadecimal digits."""
    numbers = _listed(run)
    text = json.loads(run("show", "--json", str(numbers["outside_area"])).stdout)
    assert json.loads(text["payload"])["latitude"] == 57
    assert text["topic"] == "fleet/op/1/position"
    binary = run("show", str(numbers["not_json"])).stdout
    assert "payload_hex: ff00" in binary


def test_replay_lets_in_what_is_good(run: Run) -> None:
    """Here the correction is a service area that is no longer set."""
    done = run("replay")
    assert done.status == 0
    assert "2 messages reprocessed, 1 left the list; reports: 1 stored" in done.stdout
    assert _listed(run).keys() == {"not_json"}
    again = json.loads(run("replay", "--json", "--reason", "not_json").stdout)
    assert again == {
        "messages": 1,
        "left": 0,
        "stored": 0,
        "duplicate": 0,
        "contact": 0,
        "rejected": 1,
    }


@pytest.mark.parametrize("arguments", [("show", "12345"), ("replay", "12345")])
def test_an_unknown_number_is_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    """The process ends with 1, and says what is wrong."""
    assert run(*arguments).status == "fleetgauge: there is no rejected message 12345"


def test_a_wrong_time_is_wrong_usage(run: Run) -> None:
    """Exit 2."""
    assert run("list", "--since", "some day").status == 2
