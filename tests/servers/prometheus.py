"""A Prometheus, and promtool on the host's own files."""

import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.servers.http_service import HttpService
from tests.servers.userland import Userland, provide

NO_TARGETS: Final = "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"


class PrometheusServer(HttpService):
    """A Prometheus of its own; `files` are put beside its configuration, by relative name."""

    def __init__(
        self,
        config_yaml: str = NO_TARGETS,
        *,
        files: Mapping[str, str] | None = None,
        userland: Userland | None = None,
    ) -> None:
        arguments = ["--config.file={folder}/prometheus.yml", "--storage.tsdb.path={folder}/data"]
        super().__init__(
            "prometheus",
            [*arguments, "--web.enable-lifecycle", "--web.enable-admin-api"],
            {**(files or {}), "prometheus.yml": config_yaml},
            userland,
        )

    def query(self, promql: str, *, time: str | None = None) -> list[dict[str, Any]]:
        """Return the `result` of an instant query, now or at a time (RFC 3339 or epoch seconds)."""
        at = {"time": time} if time else {}
        answer = self.get_json("/api/v1/query", query=promql, **at)
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def value(self, promql: str) -> float | None:
        """Return the value of a query with one series, None if there is none."""
        result = self.query(promql)
        if len(result) > 1:
            raise ValueError(f"{len(result)} series: {promql}")
        return float(result[0]["value"][1]) if result else None


def promtool(
    arguments: Sequence[str], text: str | None = None, *, userland: Userland | None = None
) -> subprocess.CompletedProcess[str]:
    """Run promtool on the host's files, `text` as its input; its exit status is not checked."""
    return (userland or provide()).run_on_host("promtool", arguments, text=text)
