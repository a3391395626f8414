"""``fleetgauge simulate`` as a process, on a real broker."""

import json
import signal
from pathlib import Path

import pytest

from simulator.fleet import Fleet
from simulator.scenario import scenario_names
from tests.integration.simulator.program import Program
from tests.integration.simulator.subscriber import Subscriber

SMOKE = ("simulate", "--scenario", "smoke", "--interval", 1)


def test_its_counts_are_what_a_subscriber_gets(program: Program, mqtt_url: str) -> None:
    """One JSON document on stdout and nothing else anywhere."""
    with Subscriber(mqtt_url, "fleet/#") as subscriber:
        ended = program.run(*SMOKE, "--seconds", 2, "--json")
        document = json.loads(ended.stdout)
        subscriber.wait_for(document["published"])

    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(subscriber.live) == document["acknowledged"] == document["published"] > 0
    assert (document["vehicles"], document["refused"], document["unanswered"]) == (20, 0, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_its_counts(
    program: Program, mqtt_url: str, number: signal.Signals
) -> None:
    """Exit 0, one line; every bus that was online is offline, everything acknowledged."""
    with Subscriber(mqtt_url, "fleet/#") as subscriber:
        ended = program.run_until(lambda: subscriber.wait_for(60), *SMOKE, number=number)
        published = int(ended.stdout.split(" messages published")[0].rsplit(" ", 1)[1])
        subscriber.wait_for(published)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.endswith(f" {published} acknowledged\n")
    presence = {m.topic: m.payload for m in subscriber.live if m.topic.endswith("/status")}
    assert set(presence.values()) == {b"offline"}


def test_the_scenarios_are_listed() -> None:
    """A line each, without a broker."""
    ended = Program("mqtt://127.0.0.1:1").run("simulate", "--list")

    assert ended.returncode == 0
    assert [line.split()[0] for line in ended.stdout.splitlines()] == scenario_names()


def test_the_fleet_list_is_written(smoke: Fleet, tmp_path: Path) -> None:
    """A line for each vehicle of the registry under the header; nothing is published."""
    path = tmp_path / "fleet.csv"
    ended = Program("mqtt://127.0.0.1:1").run(
        "simulate", "--scenario", "smoke", "--write-registry", path
    )

    assert (ended.returncode, ended.stdout) == (0, f"20 vehicles written to {path}\n")
    assert len(path.read_text().splitlines()) == 1 + len(smoke.registry())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seconds", "1"], "broker 127.0.0.1:1: Connection refused"),
        (["--scenario", "mars"], "unknown scenario 'mars'"),
        (["--write-registry", "/nowhere/fleet.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], said: str) -> None:
    """An unreachable broker, an unknown scenario, a file that cannot be written: exit 1."""
    ended = Program("mqtt://127.0.0.1:1").run("simulate", *arguments)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("fleetgauge: ")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [["--interval", "0"], ["--seconds", "nan"], ["--vehicles", "0"], ["--seed", "x"], ["extra"]],
)
def test_wrong_usage(arguments: list[str]) -> None:
    """Exit 2, and nothing is tried."""
    ended = Program("mqtt://127.0.0.1:1").run("simulate", *arguments)

    assert (ended.returncode, ended.stdout) == (2, "")


def test_stdout_holds_one_kind_of_thing() -> None:
    """The fleet list on stdout is CSV: to ask for JSON beside it is wrong usage."""
    ended = Program("mqtt://127.0.0.1:1").run("simulate", "--write-registry", "-", "--json")

    assert (ended.returncode, ended.stdout) == (2, "")
