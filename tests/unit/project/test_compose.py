"""docker-compose.yml runs pinned, bounded, unprivileged services; one of them is for all to see."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleetgauge.environment import PREFIX, known_variables, variable_of
from fleetgauge.setting_values import parse_memory
from fleetgauge.settings import Settings
from tests.unit.project.repository import ROOT, text_of

COMPOSE: dict[str, Any] = yaml.safe_load(text_of("docker-compose.yml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
VARIABLES = {variable_of(name) for name in Settings.model_fields}

# Set by the compose file itself, or of no use in it.
NOT_PASSED_THROUGH = {
    f"{PREFIX}{name}"
    for name in (
        *("MQTT_URL", "MQTT_CA_FILE", "MQTT_CERT_FILE", "MQTT_KEY_FILE"),
        *("DATABASE_URL", "READ_DATABASE_URL"),
        *("INGEST_ADDRESS", "METRICS_ADDRESS", "WEB_ADDRESS"),
        *("WEB_PASSWORD", "WEB_VIEWER_PASSWORD"),
        *("PROMETHEUS_URL", "GRAFANA_URL"),
    )
}

each_service = pytest.mark.parametrize("name", SERVICES)


@each_service
def test_image_is_pinned(name: str) -> None:
    """The same file runs the same versions tomorrow."""
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*", SERVICES[name]["image"])


@each_service
def test_service_is_bounded(name: str) -> None:
    """It has a limit of memory and of its log, and says what happens when it ends."""
    service = SERVICES[name]
    assert service["mem_limit"]
    assert service["restart"]
    assert service["logging"]["options"]["max-size"]


def test_the_alert_knows_the_memory_of_the_broker() -> None:
    """One variable sets both, by the default of the setting; the systemd unit has the same."""
    told = SERVICES["metrics"]["environment"]["FLEETGAUGE_BROKER_MEMORY"]
    assert told == SERVICES["mosquitto"]["mem_limit"]
    unit = text_of("deploy/systemd/mosquitto.service.d/fleetgauge.conf")
    defaults = (told.removeprefix("${MOSQUITTO_MEMORY:-")[:-1], *re.findall("MemoryMax=(.+)", unit))
    default = Settings.model_fields["broker_memory"].default
    assert [parse_memory(text) for text in defaults] == [default, default]


@each_service
def test_service_has_no_privilege(name: str) -> None:
    """No capability, no way to new ones, and a user other than root."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "build" in service or not service["user"].startswith("0")


@each_service
def test_root_is_read_only(name: str) -> None:
    """But for the database, whose image writes in several places."""
    assert SERVICES[name].get("read_only", False) is (name != "timescaledb")


@each_service
def test_service_has_a_health_check(name: str) -> None:
    """It has one, or says that it has none to have."""
    assert SERVICES[name]["healthcheck"]


def test_our_image_is_not_run_by_root() -> None:
    """The Dockerfile's last user is an ordinary one."""
    users = re.findall(r"^USER (\d+)", text_of("Dockerfile"), flags=re.MULTILINE)
    assert users
    assert users[-1] != "0"


def test_only_grafana_and_tls_are_published_beyond_loopback() -> None:
    """Without a variable set, every other port is the machine's own; on 8883 nothing listens."""
    beyond = {
        name if name == "grafana" else _by_default(port)
        for name, service in SERVICES.items()
        for port in service.get("ports", ())
        if not _by_default(port).startswith("127.0.0.1:")
    }
    assert beyond == {"grafana", "0.0.0.0:8883:8883"}


def test_no_password_stands_in_the_file() -> None:
    """Passwords come from files, and no variable has one as its default."""
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|(MQTT|DATABASE)_URL", variable):
                assert variable.endswith("_FILE"), name
                assert str(value).startswith("/run/fleetgauge/"), name
    assert not re.search(r"\$\{[A-Z_]*(PASSWORD|SECRET)", text_of("docker-compose.yml"))


def test_each_service_mounts_its_own_secrets_alone() -> None:
    """The one with the feeds holds neither the owner's password nor ingest's."""
    mounted = {
        name: [mount.split(":")[0] for mount in service.get("volumes", ()) if "secrets-" in mount]
        for name, service in SERVICES.items()
        if name != "secrets"
    }
    assert mounted.pop("simulator-registry") == ["secrets-admin"]
    assert mounted.pop("maintain") == ["secrets-migrate"]
    holders = [volume for volumes in mounted.values() for volume in volumes]
    assert len(holders) == len(set(holders))
    assert mounted["metrics"] == ["secrets-metrics"]


def test_every_setting_goes_through() -> None:
    """A setting of .env reaches the services; a variable that is none is not there."""
    passed = set(COMPOSE["x-settings"])
    assert {name for name in passed if not name.endswith("_FILE")} == VARIABLES - NOT_PASSED_THROUGH
    everywhere = {
        variable
        for service in SERVICES.values()
        for variable in service.get("environment", {})
        if variable.startswith(PREFIX)
    }
    assert everywhere <= known_variables(Settings.model_fields)


def test_every_volume_and_dependency_exists() -> None:
    """What is mounted is in the repository or a named volume; what is waited for is a service."""
    for name, service in SERVICES.items():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            known = (ROOT / source).exists() if source.startswith("./") else source in _volumes()
            assert known, f"{name}: {mount}"
        assert set(service.get("depends_on", {})) <= set(SERVICES), name


def test_start_order() -> None:
    """Secrets, then servers, then the schema, then what works on it."""
    assert _waits_for("mosquitto") == {"secrets"}
    assert _waits_for("timescaledb") == {"secrets"}
    assert _waits_for("migrate") == {"timescaledb"}
    assert _waits_for("ingest") == {"mosquitto", "migrate"}
    assert _waits_for("metrics") == {"migrate"}
    assert _waits_for("web") == {"migrate"}


def test_image_has_what_the_wheel_is_made_of() -> None:
    """The Dockerfile copies every package of pyproject.toml; .dockerignore leaves them in."""
    dockerfile, ignored = text_of("Dockerfile"), text_of(".dockerignore")
    for copied in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, flags=re.MULTILINE):
        for source in copied.split()[:-1]:
            assert (ROOT / source).exists(), source
            folder = source if source.endswith("/") or "/" not in source else _folder(source)
            parts = [parent for parent in Path(folder).parents if parent.name]
            above = [f"!{parent}/" for parent in parts]
            assert any(line in ignored for line in (f"!{folder}", *above)), source
    packages = re.search(r"^packages = (\[.+\])$", text_of("pyproject.toml"), flags=re.MULTILINE)
    assert packages
    for package in yaml.safe_load(packages[1]):
        assert f"COPY {package}/ {package}/" in dockerfile


def _folder(source: str) -> str:
    return f"{Path(source).parent}/"


def _volumes() -> set[str]:
    return set(COMPOSE["volumes"])


def _waits_for(name: str) -> set[str]:
    return set(SERVICES[name]["depends_on"])


def _by_default(port: str) -> str:
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", port)


@each_service
def test_service_has_a_limit_of_processes(name: str) -> None:
    """A fork bomb in one is nobody else's trouble."""
    assert SERVICES[name]["pids_limit"] <= 512


def test_networks_are_apart() -> None:
    """The pages do not reach the broker, nor the broker the database, which has no way out."""
    networks = {name: set(each.get("networks", ())) for name, each in SERVICES.items()}
    assert not networks["web"] & networks["mosquitto"]
    assert not networks["grafana"] & networks["mosquitto"]
    assert not networks["mosquitto"] & networks["timescaledb"]
    assert not networks["caddy"] & networks["timescaledb"]
    assert networks["timescaledb"] == {"database"}
    assert COMPOSE["networks"]["database"]["internal"] is True
    assert all(networks[name] or name == "secrets" for name in SERVICES)
    needed = {host for name in SERVICES for host in SERVICES[name].get("depends_on", ())}
    for name, each in SERVICES.items():
        for host in set(each.get("depends_on", ())) & needed - {"secrets", "migrate"}:
            if host not in {"simulator-registry", "ingest"}:
                assert networks[name] & networks[host], f"{name} needs {host}"
