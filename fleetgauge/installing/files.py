"""Each file of an installation without Docker: where it goes, and what is in it."""

import platform
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from fleetgauge.installing.shipped import names_in, text_of

PUBLIC: Final = 0o644
SECRET: Final = 0o600

_SYSTEMD: Final = "etc/systemd/system"
_OURS: Final = "etc/fleetgauge"
_SECRETS: Final = f"/{_OURS}/secrets"

_OF_THE_MACHINE: Final[Mapping[str, str]] = {
    # The services are on one machine and no longer in containers of their own.
    "ingest:9107": "127.0.0.1:9107",
    "metrics:9108": "127.0.0.1:9108",
    "alertmanager:9093": "127.0.0.1:9093",
    "http://prometheus:9090": "http://127.0.0.1:9090",
    "timescaledb:5432": "127.0.0.1:5432",
    "listener 1883\n": "listener 1883 127.0.0.1\n",
    "listener 1884\n": "listener 1884 127.0.0.1\n",
    # Their data and secrets are where Debian's packages have them.
    "/mosquitto/security/accounts.json": "/var/lib/mosquitto/fleetgauge-accounts.json",
    "/mosquitto/data/": "/var/lib/mosquitto/",
    "/mosquitto/tls/": f"/{_OURS}/tls/",
    "/run/fleetgauge/database_password": "/etc/grafana/fleetgauge_password",
    # What docker-compose.yml takes from .env.
    "${GRAFANA}": "http://localhost:3000",
    "${DASHBOARD_LANGUAGE}": "en",
    "${RUNBOOKS}": "http://localhost:9109/runbooks",
}

_PLUGIN: Final = "/usr/lib/mosquitto_dynamic_security.so"


class Written(NamedTuple):
    """A file to write."""

    path: str
    """Below the root of the file system."""
    text: str
    mode: int = PUBLIC


def all_files(program: str) -> Iterator[Written]:
    """Yield every file but the secrets and what is made from them.

    Args:
        program: the path of `fleetgauge`, for the units.
    """
    for folder in ("", "/mosquitto.service.d", "/prometheus.service.d"):
        for suffix in (".service", ".timer", ".conf"):
            for name in names_in(f"deploy/systemd{folder}", suffix):
                file = name.rpartition("/")[2]
                unit = text_of(name).replace("@PROGRAM@", program)
                yield Written(f"{_SYSTEMD}{folder}/{file}", unit)
    yield Written(f"{_OURS}/fleetgauge.env", _settings())
    yield Written(f"{_OURS}/README", text_of("deploy/systemd/README.md"))
    yield Written(f"{_OURS}/mosquitto.conf", _broker())
    yield Written(f"{_OURS}/prometheus.yml", _moved("deploy/prometheus/prometheus.yml"))
    yield from _folder("metrics/rules", ".yml", f"{_OURS}/rules")
    yield from _folder("deploy/alertmanager", "", f"{_OURS}/alertmanager")
    for kind in ("datasources", "dashboards"):
        provisioning = f"grafana/provisioning/{kind}"
        yield from _folder(f"deploy/{provisioning}", ".yml", f"etc/{provisioning}")
    for language in ("en", "ru"):
        yield from _folder(f"dashboards/{language}", ".json", f"{_OURS}/dashboards/{language}")


def roles(passwords: Mapping[str, str]) -> Written:
    """Return the script that makes the roles of the database, with their passwords in it."""
    script = text_of("deploy/timescaledb/100_roles.sql")
    for role, password in passwords.items():
        script = script.replace(f"`cat /run/fleetgauge/{role}`", f"'{password}'")
    return Written(f"{_OURS}/roles.sql", script, SECRET)


def _folder(source: str, suffix: str, target: str) -> Iterator[Written]:
    for name in names_in(source, suffix):
        if "." in name.rpartition("/")[2]:
            yield Written(f"{target}/{name.rpartition('/')[2]}", _moved(name))


def _broker() -> str:
    # Debian has a folder of libraries for each architecture.
    library = f"/usr/lib/{platform.machine()}-linux-gnu/mosquitto_dynamic_security.so"
    text = _moved("deploy/mosquitto/mosquitto.conf").replace(_PLUGIN, library)
    # The folder of listeners is docker-compose.yml's.
    return re.sub(r"# [^\n]*\ninclude_dir [^\n]*\n\n", "", text)


def _settings() -> str:
    # Without what is docker-compose.yml's alone.
    return text_of(".env.example").partition("# For docker-compose.yml only.")[0].rstrip() + "\n"


def _moved(name: str) -> str:
    text = text_of(name)
    for before, after in _OF_THE_MACHINE.items():
        text = text.replace(before, after)
    return text
