"""What docker-compose.yml and deploy/ tell Grafana and the servers around it."""

import re
from typing import Any, Final

import yaml

from tests.unit.project.repository import text_of

SERVICES: Final[dict[str, dict[str, Any]]] = yaml.safe_load(text_of("docker-compose.yml"))[
    "services"
]


def test_the_links_of_alerts_have_their_addresses() -> None:
    """Prometheus has what its configuration takes from the environment, and may take it."""
    prometheus = SERVICES["prometheus"]
    taken = set(re.findall(r"\$\{(\w+)\}", text_of("deploy/prometheus/prometheus.yml")))
    assert taken == set(prometheus["environment"])
    assert "--enable-feature=expand-external-labels" in prometheus["command"]


def test_the_servers_know_their_own_address() -> None:
    """A link in a message leads to where people reach them, not to a container's name."""
    for name in ("prometheus", "alertmanager"):
        (address,) = (x for x in SERVICES[name]["command"] if x.startswith("--web.external-url="))
        assert re.fullmatch(r".+=\$\{[A-Z]+_URL:-http://localhost:\d+\}", address)


def test_every_variable_is_in_the_example() -> None:
    """What can be set for these servers is in .env.example, with its default."""
    for name in ("prometheus", "alertmanager", "grafana"):
        text = yaml.safe_dump(SERVICES[name])
        for variable in re.findall(r"\$\{([A-Z_]+):-", text):
            assert re.search(rf"^#{variable}=", text_of(".env.example"), re.MULTILINE), variable
