"""The demo's broker and database: those named in the environment, else the embedded ones."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fleetgauge.embedded import EmbeddedBroker, EmbeddedDatabase
from fleetgauge.environment import is_set, variable_of


@dataclass(frozen=True)
class Servers:
    """Where the parts of the demo meet."""

    environment: dict[str, str]
    """Variables that lead every part to them."""
    folder: Path
    """For the parts' logs."""
    embedded: tuple[EmbeddedBroker | EmbeddedDatabase, ...]

    def raise_if_failed(self) -> None:
        """Raise EmbeddedPartFailed where an embedded server has ended by itself."""
        for server in self.embedded:
            server.raise_if_failed()


@contextmanager
def servers(data: Path | None) -> Iterator[Servers]:
    """Provide both servers while the context lasts.

    Args:
        data: a folder in which the demo's data stay; None: dropped at the end.

    Raises:
        EmbeddedPartFailed: a server does not start.
    """
    with ExitStack() as stack:
        folder = _folder(stack, data)
        # The demo's figures are those of its fleet alone, and are checked to the last report.
        environment = {variable_of("probe_interval"): "0"}
        embedded: list[EmbeddedBroker | EmbeddedDatabase] = []
        if not is_set("database_url"):
            database = stack.enter_context(EmbeddedDatabase(folder / "database"))
            environment[variable_of("database_url")] = database.url
            embedded.append(database)
        if not is_set("mqtt_url"):
            (folder / "broker").mkdir(exist_ok=True)
            broker = stack.enter_context(EmbeddedBroker(folder / "broker"))
            environment[variable_of("mqtt_url")] = broker.url
            environment[variable_of("mqtt_protocol")] = "5"
            # rumqttd has no more than these in flight: to wait for a larger batch is in vain.
            environment[variable_of("batch_size")] = str(EmbeddedBroker.MAX_UNACKNOWLEDGED)
            embedded.append(broker)
        yield Servers(environment, folder, tuple(embedded))


def _folder(stack: ExitStack, data: Path | None) -> Path:
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        return data
    folder = Path(tempfile.mkdtemp(prefix="fleetgauge-demo-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    # The embedded database runs under another account, which has to get through.
    folder.chmod(0o711)
    return folder
