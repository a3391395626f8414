"""Scenarios: what they say, how they scale, how a wrong one is reported."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.fleet import Fleet
from simulator.scaling import scaled
from simulator.scenario import (
    SCENARIOS,
    FailureMode,
    ScenarioError,
    load_scenario,
    scenario_names,
)

YEAR_2024 = load_scenario("ivanovo-2024")


def test_the_scenarios_that_come_with_the_package() -> None:
    """They are listed by name, and each one loads."""
    assert scenario_names() == ["ivanovo-2023", "ivanovo-2024", "operator-drop", "smoke"]
    assert all(load_scenario(name).vehicles for name in scenario_names())


@pytest.mark.parametrize(
    ("name", "trackable", "cctv"), [("ivanovo-2024", 980, 969), ("ivanovo-2023", 397, 821)]
)
def test_the_region_s_figures(name: str, trackable: int, cctv: int) -> None:
    """The annual report's figures, with every way to fail among the rest."""
    scenario = load_scenario(name)

    assert (scenario.vehicles, scenario.trackable) == (1140, trackable)
    assert scenario.equipment.cctv.fitted == cctv
    assert scenario.equipment.cashless.fitted == 1140
    assert all(scenario.failures[mode] > 0 for mode in FailureMode)
    assert any(operator.vehicles < 5 for operator in scenario.operators)


def test_both_years_have_the_same_buses() -> None:
    """Vehicles, plates, routes and depots are the same; only the equipment has changed."""
    before, after = (
        [entry._replace(equipment={}) for entry in Fleet.build(year).registry()]
        for year in (load_scenario("ivanovo-2023"), YEAR_2024)
    )

    assert before == after


def test_its_own_size_changes_nothing() -> None:
    """Scaled to the number it has, a scenario is the same."""
    assert scaled(YEAR_2024, 1140) == YEAR_2024


@given(st.integers(1, 3_000))
def test_scaling_keeps_the_proportions(vehicles: int) -> None:
    """Any size adds up, and each share is within one and a half vehicles or one kept mode."""
    scenario = scaled(YEAR_2024, vehicles)

    assert scenario.vehicles == vehicles
    assert scenario.trackable + sum(scenario.failures.values()) == vehicles
    assert abs(scenario.trackable - vehicles * 980 / 1140) <= 1 + len(FailureMode)
    assert abs(scenario.equipment.cctv.fitted - vehicles * 969 / 1140) < 1
    assert scenario.equipment.cashless.fitted == vehicles
    if vehicles >= 6:
        assert all(scenario.failures[mode] > 0 for mode in FailureMode)


@given(st.sampled_from(scenario_names()), st.integers(1, 60), st.integers(0, 5))
def test_a_small_fleet_can_always_be_built(name: str, vehicles: int, seed: int) -> None:
    """Down to one vehicle, what is built is what the scaled scenario says."""
    scenario = scaled(load_scenario(name), vehicles)
    expected = Fleet.build(scenario, seed).expected()

    assert (expected.vehicles, expected.trackable) == (vehicles, scenario.trackable)
    assert expected.cctv == scenario.equipment.cctv.fitted
    assert expected.cashless == scenario.equipment.cashless.fitted


@pytest.mark.parametrize("vehicles", [0, -1, 140_001])
def test_an_impossible_size_is_refused(vehicles: int) -> None:
    """One line says what is taken."""
    with pytest.raises(ScenarioError, match=r"^vehicles: expected 1 to 140,000, got"):
        scaled(YEAR_2024, vehicles)


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    """The error names what there is."""
    with pytest.raises(
        ScenarioError, match=r"unknown scenario 'ivanovo-1913'; known are ivanovo-2023"
    ):
        load_scenario("ivanovo-1913")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """The error names the file and what is wrong with it."""
    with pytest.raises(ScenarioError, match=r"mine\.toml: cannot be read: No such file"):
        load_scenario(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("vehicles = 20", "vehicles = ", r"not TOML: "),
        ("vehicles = 20", 'vehicles = "20"', r"vehicles: Input should be a valid integer"),
        ("vehicles = 20", "", r"vehicles: Field required"),
        ("trackable = 10", "trackable = 11", r"vehicles: 20, but trackable and failures give 21"),
        ("vehicles = 9", "vehicles = 8", r"vehicles: 20, but the operators have 19"),
        ("silent = 2", "asleep = 2", r"failures\.asleep: Input should be 'never_seen'"),
        ("silent = 2", "silent = -2", r"failures\.silent: Input should be greater than"),
        ("fitted = 16", "fitted = 20", r"equipment\.cctv\.fitted: more than the 20 vehicles"),
        ("fitted = 16", "fitted = 1", r"equipment\.cctv\.fitted: less than observed_only"),
        ("observed = 0.9", "observed = 0.1", r"equipment\.cctv: needs 3 buses that report"),
        ('"ivpat-1"', '"ivpat-9"', r"operators: unknown operator ivpat-9"),
        ('"ivpat-1"', '"yuzha-marshrut"', r"operators: duplicate id"),
        ('"ivpat-1"', '"a/b"', r"operators\.0\.id: 'a/b' cannot be a level of a topic"),
        ("trouble = 2.0", "trouble = 0", r"operators\.1\.trouble: Input should be greater than 0"),
        ("trouble = 2.0", "touble = 2.0", r"operators\.1\.touble: Extra inputs are not permitted"),
        (
            "Europe/Moscow",
            "Europe/Ivanovo",
            r"time_zone: 'Europe/Ivanovo' is not a known",
        ),
        ('"ivanovo"', '"atlantis"', r"network: unknown network 'atlantis'"),
        ('"ivanovo"', "7", r"network: expected the name of a network"),
    ],
)
def test_a_wrong_file_is_told_in_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    """The line names the file and the field, and says what it takes."""
    text = (SCENARIOS / "smoke.toml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ScenarioError, match=rf"^\S*mine\.toml: {said}") as told:
        load_scenario(str(file))

    assert "\n" not in str(told.value)


def test_a_file_may_bring_its_own_network(tmp_path: Path) -> None:
    """A network named with .toml is looked for beside the scenario."""
    own = (SCENARIOS / "smoke.toml").read_text(encoding="utf-8").replace('"ivanovo"', '"my.toml"')
    (tmp_path / "mine.toml").write_text(own, encoding="utf-8")
    networks = Path(str(SCENARIOS)).parent / "networks"
    (tmp_path / "my.toml").write_bytes((networks / "ivanovo.toml").read_bytes())

    assert load_scenario(tmp_path / "mine.toml") == load_scenario("smoke")
