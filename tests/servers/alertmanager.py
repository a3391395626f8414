"""An Alertmanager, and amtool on the host's own files."""

import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.servers.http_service import HttpService
from tests.servers.userland import Userland, provide

NOBODY_TOLD: Final = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


class AlertmanagerServer(HttpService):
    """An Alertmanager of its own; `files` are put beside its configuration, by relative name."""

    def __init__(
        self,
        config_yaml: str = NOBODY_TOLD,
        *,
        files: Mapping[str, str] | None = None,
        userland: Userland | None = None,
    ) -> None:
        arguments = ["--config.file={folder}/alertmanager.yml", "--storage.path={folder}/data"]
        super().__init__(
            "prometheus-alertmanager",
            [*arguments, "--cluster.listen-address="],  # alone: no gossip port
            {**(files or {}), "alertmanager.yml": config_yaml},
            userland,
        )

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts it holds, as its API v2 gives them."""
        alerts: list[dict[str, Any]] = self.get_json("/api/v2/alerts")
        return alerts


def amtool(
    arguments: Sequence[str], text: str | None = None, *, userland: Userland | None = None
) -> subprocess.CompletedProcess[str]:
    """Run amtool on the host's files, `text` as its input; its exit status is not checked."""
    return (userland or provide()).run_on_host("amtool", arguments, text=text)
