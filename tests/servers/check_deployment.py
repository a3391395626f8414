"""What the makers of Prometheus, Alertmanager and Compose say of our files: `make check` runs it.

promtool, amtool and docker-compose come from the tests' userland. Where that cannot be had the
check is left out, saying so; under CI=true that is a failure.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

from tests.servers.alertmanager import amtool
from tests.servers.prometheus import promtool
from tests.servers.userland import Unavailable, provide

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run every check; return the exit code."""
    try:
        failed = [done for done in _checks() if done.returncode != 0]
    except Unavailable as error:
        print(f"rules and configurations not checked: {error}", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else 0
    for done in failed:
        print(f"{' '.join(done.args[3:])}\n{done.stdout}{done.stderr}", file=sys.stderr)
    return 1 if failed else 0


def _checks() -> Iterator[CompletedProcess[str]]:
    yield promtool(["check", "rules", *_files("metrics/rules")])
    yield promtool(["test", "rules", *_files("metrics/rules/tests")])
    yield promtool(["check", "config", str(ROOT / "deploy/prometheus/prometheus.yml")])
    yield amtool(["check-config", str(ROOT / "deploy/alertmanager/alertmanager.yml")])
    compose = ["--file", str(ROOT / "docker-compose.yml"), "--profile", "*", "config", "--quiet"]
    yield provide().run_on_host("docker-compose", compose)


def _files(folder: str) -> list[str]:
    return sorted(str(path) for path in (ROOT / folder).glob("*.yml"))


if __name__ == "__main__":
    sys.exit(main())
