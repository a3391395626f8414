"""``fleetgauge replay`` as a process, on a real broker."""

import gzip
import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.decode import decode
from models.rules import Rules
from tests.integration.simulator.program import Program
from tests.integration.simulator.subscriber import Subscriber
from tests.unit.models.recording import real_recordings, recorded

GOOD = '2024-05-23T06:48:{:02}Z fleet/a/1/position {{"ts":1716446890,"lat":null,"lon":null}}\n'
NOWHERE = "mqtt://127.0.0.1:1"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Five good lines, a second apart."""
    path = tmp_path / "five.dump"
    path.write_text("".join(GOOD.format(second) for second in range(5)))
    return path


def test_the_real_recordings_arrive_as_they_are(program: Program, mqtt_url: str) -> None:
    """Without a shift, topic and payload of all 387 messages are those of the files, in order."""
    files = real_recordings()
    with Subscriber(mqtt_url, "/hfp/v2/#") as subscriber:
        ended = program.run("replay", *files)
        subscriber.wait_for(387)

    assert ended.returncode == 0
    assert ended.stdout.endswith("387 messages published, 387 acknowledged\n")
    sent = [(topic, payload) for path in files for _, topic, payload in recorded(path)]
    assert [(message.topic.encode(), message.payload) for message in subscriber.live] == sent


def test_moved_recordings_are_news_and_can_be_replayed_again(
    program: Program, mqtt_url: str, tmp_path: Path
) -> None:
    """With --shift nothing is too old or in the future; what --save wrote is exactly the same."""
    saved = tmp_path / "saved.gz"
    with Subscriber(mqtt_url, "/hfp/v2/#") as subscriber:
        first = program.run("replay", "--shift", "--save", saved, "--json", *real_recordings())
        second = program.run("replay", saved)
        subscriber.wait_for(2 * 387)

    assert (first.returncode, second.returncode) == (0, 0)
    assert json.loads(first.stdout)["acknowledged"] == 387
    messages = [(message.topic, message.payload) for message in subscriber.live]
    assert messages[:387] == messages[387:]
    now = datetime.now(UTC)
    decoded = [decode(topic.encode(), payload, now, Rules()) for topic, payload in messages]
    reports = [report for found in decoded for report in found.reports]
    assert len(reports) == 2 * 387
    for vehicle in {report.vehicle for report in reports}:
        newest = max(report.observed_at for report in reports if report.vehicle == vehicle)
        assert timedelta(0) <= now - newest < timedelta(seconds=60)


def test_nothing_is_published_where_a_line_is_bad(
    program: Program, mqtt_url: str, recording: Path, tmp_path: Path
) -> None:
    """Not even the good file before it; with --skip-bad the good lines are."""
    bad = tmp_path / "bad.dump"
    bad.write_text(GOOD.format(1) + "no line\n" + GOOD.format(2) + "no line\n")
    with Subscriber(mqtt_url, "fleet/#") as subscriber:
        refused = program.run("replay", recording, bad)
        skipped = program.run("replay", "--skip-bad", "--json", recording, bad)
        subscriber.wait_for(7)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"fleetgauge: {bad}: line 2: no payload")
    assert refused.stderr.count("\n") == 1
    document = json.loads(skipped.stdout)
    assert (document["published"], document["skipped"], len(subscriber.live)) == (7, 2, 7)


def test_bytes_that_are_no_text_arrive(program: Program, mqtt_url: str, tmp_path: Path) -> None:
    """A payload is what was recorded, JSON or not, also out of a gzip file and moved."""
    path = tmp_path / "odd.gz"
    payload = b'{"ts":1716446890,"x":"\xff\xfe\x00"} trailing \\'
    path.write_bytes(gzip.compress(b"2024-05-23T06:48:10Z fleet/a b/1/position " + payload))
    with Subscriber(mqtt_url, "fleet/#") as subscriber:
        program.run("replay", path)
        program.run("replay", "--shift", path)
        subscriber.wait_for(2)

    plain, moved = (message.payload for message in subscriber.live)
    assert plain == payload
    assert moved[:6] + moved[16:] == payload[:6] + payload[16:]
    assert subscriber.live[0].topic == "fleet/a b/1/position"


def test_a_pace_is_kept_and_a_signal_ends_it(
    program: Program, mqtt_url: str, recording: Path
) -> None:
    """At a tenth of the pace only the beginning has been sent; exit 1, saying how much."""
    with Subscriber(mqtt_url, "fleet/#") as subscriber:
        ended = program.run_until(
            lambda: subscriber.wait_for(1),
            "replay",
            "--speed",
            0.1,
            recording,
            number=signal.SIGTERM,
        )

    assert ended.returncode == 1
    assert ended.stdout.endswith("1 messages published, 1 acknowledged\n")
    assert ended.stderr == "fleetgauge: stopped after 1 of 5 messages\n"


def test_a_recording_is_not_written_over(recording: Path) -> None:
    """--save naming a file that is to be read: exit 1, and the file is as it was."""
    before = recording.read_bytes()
    ended = Program(NOWHERE).run("replay", recording, "--save", recording)

    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert recording.read_bytes() == before


def test_what_cannot_be_done_is_one_line(recording: Path, tmp_path: Path) -> None:
    """A missing file, a file that cannot be written, an unreachable broker: exit 1."""
    cases: list[tuple[list[object], str]] = [
        ([tmp_path / "missing"], "missing: cannot be read: No such file"),
        ([recording, "--save", tmp_path], "Is a directory"),
        ([recording], "broker 127.0.0.1:1: Connection refused"),
    ]
    for arguments, said in cases:
        ended = Program(NOWHERE).run("replay", *arguments)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert said in ended.stderr
        assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [[], ["--speed", "0"], ["--speed", "fast"], ["--speed", "inf"], ["--unknown"]]
)
def test_wrong_usage(recording: Path, arguments: list[str]) -> None:
    """Exit 2, and nothing is tried."""
    ended = Program(NOWHERE).run("replay", *arguments, *[recording][: len(arguments)])

    assert (ended.returncode, ended.stdout) == (2, "")


def test_the_help_tells_how_far_a_shift_reaches() -> None:
    """Per file, and why."""
    said = " ".join(Program(NOWHERE).run("replay", "--help").stdout.split())

    assert "of each file for itself, since reports older than 30 days are rejected" in said
