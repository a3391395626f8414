"""`fleetgauge formats`: what is taken, and what a message would become, without any server."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fleetgauge.cli import app
from models.decode import FORMATS


def run(*arguments: str, payload: str = "") -> Result:
    return CliRunner().invoke(app, ["formats", *arguments], input=payload)


def test_formats_are_listed_with_their_examples() -> None:
    """Each with its topics."""
    listed = run()
    assert listed.exit_code == 0
    for each in FORMATS:
        assert f"{each.name}: {each.topic_filter}" in listed.stdout
        assert all(example.payload in listed.stdout for example in each.examples)
    assert [each["name"] for each in json.loads(run("--json").stdout)] == [f.name for f in FORMATS]


def test_every_listed_example_would_be_taken() -> None:
    """As somebody tries who copies it."""
    for each in FORMATS:
        for topic, payload in each.examples:
            told = run("check", topic, "-", "--received-at", "2026-11-21T12:01Z", payload=payload)
            assert told.exit_code == 0, told.output


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    """With the reason it would be rejected for, and exit 1."""
    file = tmp_path / "payload.json"
    file.write_text('[{"ts": "2026-11-21T12:00Z", "lat": 57, "lon": 41}, {"ts": 1}]')
    topic = "fleet/op/1/position"
    told = run("check", topic, str(file), "--received-at", "2026-11-21T12:01Z")
    assert told.exit_code == 1
    assert "stored: vehicle op/1" in told.stdout
    assert "rejected (element 1): schema: latitude: Field required" in told.stdout
    document = json.loads(
        run("check", topic, str(file), "--received-at", "2026-11-21T12:01Z", "--json").stdout
    )
    assert [each["outcome"] for each in document["reports"]] == ["stored"]
    assert [each["reason"] for each in document["rejections"]] == ["schema"]


def test_settings_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds of equipment, what Traccar calls things, what is subscribed to."""
    monkeypatch.setenv("FLEETGAUGE_EQUIPMENT", "lift")
    monkeypatch.setenv("FLEETGAUGE_TRACCAR_EQUIPMENT", "lift.working=!in2")
    monkeypatch.setenv("FLEETGAUGE_TRACCAR_OPERATORS", "7=north")
    monkeypatch.setenv("FLEETGAUGE_TOPICS", "fleet/#")
    payload = {
        "position": {
            "fixTime": "2026-11-21T12:00:00Z",
            "latitude": 57,
            "longitude": 41,
            "attributes": {"in2": 0, "cctv": "perhaps"},
        },
        "device": {"uniqueId": "1", "groupId": 7},
    }
    told = run(
        *("check", "traccar/positions", "-", "--received-at", "2026-11-21T12:01Z"),
        payload=json.dumps(payload),
    )
    assert "stored: vehicle north/1" in told.stdout
    assert "lift: fitted, working" in told.stdout
    assert "1 equipment keys were ignored" in told.stdout
    assert "no filter in FLEETGAUGE_TOPICS covers traccar/positions" in told.stderr


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("TRACCAR_OPERATORS", "north=7", "expected numbers of groups"),
        ("TRACCAR_OPERATORS", "7=north,7=south", "group 7 has two operators"),
        ("TRACCAR_EQUIPMENT", "cctv.broken=in1", "expected what attributes say"),
        ("TRACCAR_EQUIPMENT", "lift=in1", "FLEETGAUGE_EQUIPMENT has no lift"),
        ("OWNTRACKS_ACCURACY", "0", "greater than 0"),
        ("JSON_FORMATS", "x", "expected TOML"),
    ],
)
def test_a_wrong_setting_names_itself(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    """In one line, with what is expected."""
    monkeypatch.setenv(f"FLEETGAUGE_{variable}", value)
    told = run()
    assert told.exit_code == 1
    message = told.stderr or str(told.exception)
    assert message.count(f"FLEETGAUGE_{variable}") == 1
    assert words in message
