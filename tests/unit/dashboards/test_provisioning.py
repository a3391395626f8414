"""What docker-compose.yml and deploy/ tell Grafana and the servers around it."""

import re
from typing import Any, Final

import pytest
import yaml

from dashboards.render import LANGUAGES
from tests.unit.project.repository import ROOT, text_of

SERVICES: Final[dict[str, dict[str, Any]]] = yaml.safe_load(text_of("docker-compose.yml"))[
    "services"
]
GRAFANA: Final[dict[str, str]] = SERVICES["grafana"]["environment"]


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


def test_grafana_begins_with_dispatch_in_the_readers_language() -> None:
    """Its own texts and dates follow the browser; the first page is in the chosen language."""
    assert GRAFANA["GF_USERS_DEFAULT_LANGUAGE"] == "detect"
    assert GRAFANA["GF_DATE_FORMATS_USE_BROWSER_LOCALE"] == "true"
    home = GRAFANA["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.startswith("/etc/fleetgauge/dashboards/${DASHBOARD_LANGUAGE:-en}/")
    for language in LANGUAGES:
        assert (ROOT / "dashboards" / language / home.split("/")[-1]).exists()


def test_grafana_calls_no_other_host() -> None:
    """Whatever it would fetch by itself is switched off."""
    off = {name for name, value in GRAFANA.items() if value == "false"}
    assert off >= {
        "GF_ANALYTICS_REPORTING_ENABLED",
        "GF_ANALYTICS_CHECK_FOR_UPDATES",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES",
        "GF_NEWS_NEWS_FEED_ENABLED",
        "GF_PLUGINS_PLUGIN_ADMIN_ENABLED",
        "GF_SNAPSHOTS_EXTERNAL_ENABLED",
    }
    assert GRAFANA["GF_SECURITY_DISABLE_GRAVATAR"] == "true"
    assert GRAFANA["GF_PLUGINS_PREINSTALL_DISABLED"] == "true"
    assert GRAFANA["GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED"] == "true"
    assert not re.search("https?://", yaml.safe_dump(GRAFANA))


def test_a_wall_may_look_and_no_more() -> None:
    """Without a log-in nobody sees anything unless that is set, and then changes nothing."""
    assert GRAFANA["GF_AUTH_ANONYMOUS_ENABLED"] == "${GRAFANA_ANONYMOUS:-false}"
    assert GRAFANA["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"


@pytest.mark.parametrize("kind", ["dashboards", "datasources", "plugins", "alerting"])
def test_every_kind_of_provisioning_has_its_file(kind: str) -> None:
    """Grafana logs an error at its start for each folder that is not there."""
    (file,) = (ROOT / "deploy/grafana/provisioning" / kind).glob("*.yml")
    assert yaml.safe_load(file.read_text("utf-8"))["apiVersion"] == 1
