"""The shipped configurations of Prometheus and Alertmanager are valid."""

from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Final

DEPLOY: Final = Path(__file__).parents[3] / "deploy"

Tool = Callable[[Sequence[str]], CompletedProcess[str]]


def test_prometheus_configuration(promtool: Tool) -> None:
    """`promtool check config` has nothing to say."""
    done = promtool(["check", "config", str(DEPLOY / "prometheus/prometheus.yml")])
    assert done.returncode == 0, done.stdout + done.stderr


def test_alertmanager_configuration(amtool: Tool) -> None:
    """`amtool check-config` has nothing to say."""
    done = amtool(["check-config", str(DEPLOY / "alertmanager/alertmanager.yml")])
    assert done.returncode == 0, done.stdout + done.stderr
