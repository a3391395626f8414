"""Settings whose name or value is wrong stop the start, and say what would have been right."""

import os
from pathlib import Path
from typing import Any

import pytest

from fleetgauge.environment import OF_THE_TESTS, PREFIX, SettingsError
from fleetgauge.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def _load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    return load_settings()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("METRICS_ADDRES", "METRICS_ADDRESS"),
        ("DATABASE_URL_FILES", "DATABASE_URL_FILE"),
        ("DEAF_LIMIT", "DOWNTIME_LIMIT"),
        ("TEST_DATABASE", "READ_DATABASE_URL"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, name: str, nearest: str
) -> None:
    """A misspelt setting would otherwise be one that is silently not set."""
    with pytest.raises(SettingsError) as stopped:
        _load(monkeypatch, **{name: "x"})
    assert str(stopped.value) == (
        f"FLEETGAUGE_{name} is not a setting; did you mean FLEETGAUGE_{nearest}?"
    )


def test_every_unknown_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is near to nothing, too; in small letters it is read like any other."""
    monkeypatch.setenv("fleetgauge_topic", "fleet/#")
    with pytest.raises(SettingsError) as stopped:
        _load(monkeypatch, XYZZY="1")
    assert str(stopped.value).split("; ") == [
        "FLEETGAUGE_TOPIC is not a setting",
        "did you mean FLEETGAUGE_TOPICS?",
        "FLEETGAUGE_XYZZY is not a setting",
        ".env.example lists the settings",
    ]


def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the tests, and those that Kubernetes makes of a Service with our name."""
    for name in OF_THE_TESTS:
        monkeypatch.setenv(name, "x")
    for service in ("", "METRICS_"):
        monkeypatch.setenv(f"{PREFIX}{service}SERVICE_HOST", "10.0.0.11")
        monkeypatch.setenv(f"{PREFIX}{service}SERVICE_PORT_HTTP", "9108")
        monkeypatch.setenv(f"{PREFIX}{service}PORT_9108_TCP_ADDR", "10.0.0.11")
    assert _load(monkeypatch, WORKER="east").worker == "east"


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """docker-compose passes `NAME=` of an .env file on as an empty value."""
    (tmp_path / "worker").write_text("west\n")
    settings = _load(
        monkeypatch,
        WINDOWS="",
        LANGUAGE="",
        METRICS_ADDRES="",
        TOPICS_FILE="",
        WORKER="",
        WORKER_FILE=str(tmp_path / "worker"),
    )
    assert settings == Settings(worker="west")


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("39.5,56.3,43.3,57.8", True),
        ("157,61,-169,72", True),
        ("43.3,56.3,39.5,57.8", False),
        ("39.5,57.8,43.3,56.3", False),
        ("157,61,-190,72", False),
    ],
)
def test_a_service_area_may_lie_over_the_antimeridian(
    monkeypatch: pytest.MonkeyPatch, given: str, taken: bool
) -> None:
    """Chukotka does; a west and an east that were swapped elsewhere are an error."""
    if taken:
        area = _load(monkeypatch, SERVICE_AREA=given).service_area
        assert area == tuple(map(float, given.split(",")))
    else:
        with pytest.raises(Exception, match="expected west < east"):
            _load(monkeypatch, SERVICE_AREA=given)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("", ("cctv", "cashless")),
        ("cashless, cctv", ("cctv", "cashless")),
        ("air_conditioning,cctv,r2d2", ("cctv", "cashless", "air_conditioning", "r2d2")),
    ],
)
def test_built_in_equipment_is_always_there(
    monkeypatch: pytest.MonkeyPatch, given: str, taken: tuple[str, ...]
) -> None:
    """Before the other kinds, which keep their order."""
    assert _load(monkeypatch, EQUIPMENT=given).equipment == taken


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (
            "EQUIPMENT",
            "Ramp",
            "'Ramp'",
        ),
        ("EQUIPMENT", "2way_radio", "'2way_radio'"),
        ("EQUIPMENT", "air-conditioning", "'air-conditioning'"),
        ("EQUIPMENT", "x" * 33, "at most 32"),
        ("EQUIPMENT", "ramp,cctv,ramp", "ramp"),
        ("EQUIPMENT", ",".join(f"kind_{n}" for n in range(14)), "at most 15"),
        ("TRACKED_MINUTES", "1441", "less than or equal to 1440"),
        ("TRAILING_DAYS", "0", "greater than or equal to 1"),
        ("LIVE_MINUTES", "-1", "greater than or equal to 0"),
        ("LANGUAGE", "de", "'en' or 'ru'"),
    ],
)
def test_a_wrong_value_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    """With its variable, and what it takes."""
    with pytest.raises(SettingsError, match=f"^FLEETGAUGE_{name}: .*{told}"):
        _load(monkeypatch, **{name: value})


def test_defaults() -> None:
    """Of the figures' rules: ten minutes on one of seven days, received whenever."""
    settings = Settings()
    found: dict[str, Any] = {
        name: getattr(settings, name)
        for name in ("tracked_minutes", "trailing_days", "live_minutes", "language")
    }
    assert found == {
        "tracked_minutes": 10,
        "trailing_days": 7,
        "live_minutes": 0,
        "language": None,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL_FILE", "hunter2"),
        ("DATABASE_URL_FILE", "postgresql://me:hunter2@db/fleet"),
        ("MQTT_URL_FILE", "/x:hunter2@broker"),
        ("MQTT_CA_FILE", "hunter2"),
        ("MQTT_CERT_FILE", "hunter2"),
        ("DATABASE_URL", "postgresql://me:x@hunter2@db/fleet"),
        ("DATABASE_URL", "hunter2"),
        ("MQTT_URL", "mqtt://me:hunter2/@broker"),
        ("MQTT_URL", "ws://me:12/hunter2@broker/mqtt"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The complaint names the variable and what it takes, and not what it got."""
    with pytest.raises(SettingsError) as stopped:
        _load(monkeypatch, **{name: value})
    assert f"{PREFIX}{name}" in str(stopped.value)
    assert "hunter2" not in str(stopped.value)


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where it can only be a path."""
    with pytest.raises(SettingsError, match="No such file or directory") as stopped:
        _load(monkeypatch, DATABASE_URL_FILE=str(tmp_path / "url"))
    assert str(tmp_path / "url") in str(stopped.value)


@pytest.mark.parametrize(
    ("text", "taken"),
    [("2g", 2_147_483_648), ("512M", 536_870_912), ("1GB", 1_073_741_824), ("4096", 4096)],
)
def test_memory_as_docker_writes_it(monkeypatch: pytest.MonkeyPatch, text: str, taken: int) -> None:
    """MOSQUITTO_MEMORY of docker-compose.yml is read by Docker and by us, as the same number."""
    assert _load(monkeypatch, BROKER_MEMORY=text).broker_memory == taken


@pytest.mark.parametrize("text", ["0", "2 GB", "1.5g", "much", "-1"])
def test_memory_that_is_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The message says what is expected."""
    with pytest.raises(SettingsError) as stopped:
        _load(monkeypatch, BROKER_MEMORY=text)
    expected = f"expected memory such as 2g or 512m, got {text!r}"
    assert str(stopped.value) == f"FLEETGAUGE_BROKER_MEMORY: {expected}"
