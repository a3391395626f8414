"""Prometheus, Alertmanager and their tools answer."""

from pathlib import Path

from tests.servers.alertmanager import AlertmanagerServer
from tests.servers.fixtures import Tool, started
from tests.servers.prometheus import PrometheusServer
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

RULES = "groups: [{name: g, interval: 1s, rules: [{record: answer, expr: vector(42)}]}]\n"


def test_query_answers(prometheus_server: PrometheusServer) -> None:
    """A query's value comes as a number, no series as None."""
    assert prometheus_server.value("vector(1) + 1") == 2.0
    assert prometheus_server.value("no_such_metric") is None
    assert prometheus_server.query("vector(1)")[0]["metric"] == {}


def test_rule_files_are_read_and_data_survives_a_kill(userland: Userland) -> None:
    """Files lie beside the configuration, and what was recorded outlives SIGKILL."""
    config = "global: {evaluation_interval: 1s}\nrule_files: [rules/*.yml]\n"
    server = PrometheusServer(config, files={"rules/answer.yml": RULES}, userland=userland)
    with started(server):
        wait_until(lambda: server.value("answer") == 42.0, seconds=10, what="rule evaluated")
        server.kill()
        server.start()
        assert server.value("last_over_time(answer[1m])") == 42.0


def test_alertmanager_answers(alertmanager_server: AlertmanagerServer) -> None:
    """It starts alone and holds no alerts."""
    assert alertmanager_server.alerts() == []
    alertmanager_server.restart()
    assert alertmanager_server.running


def test_promtool_reads_the_hosts_files(promtool: Tool, tmp_path: Path) -> None:
    """promtool sees files by their own names, and its verdict is its exit status."""
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES)
    assert promtool(["check", "rules", str(rules)]).returncode == 0
    rules.write_text("groups: nonsense")
    assert promtool(["check", "rules", str(rules)]).returncode != 0


def test_promtool_reads_its_input(promtool: Tool) -> None:
    """promtool takes metrics on its input, too."""
    checked = promtool(["check", "metrics"], "# HELP up Up.\n# TYPE up gauge\nup 1\n")
    assert checked.returncode == 0, checked.stderr


def test_amtool_checks_a_configuration(amtool: Tool, tmp_path: Path) -> None:
    """amtool likewise."""
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    assert amtool(["check-config", str(config)]).returncode == 0
    config.write_text("route: {receiver: somebody}\n")
    assert amtool(["check-config", str(config)]).returncode != 0
