"""A streaming replica of a PostgreSQL of ours."""

from collections.abc import Mapping

from tests.servers.postgresql import BIN, USER, PostgresServer
from tests.servers.userland import Userland


class StandbyServer(PostgresServer):
    """A copy of a running server, on a port of its own, that follows what is written there."""

    def __init__(self, primary: PostgresServer, *, userland: Userland | None = None) -> None:
        self._primary = primary
        super().__init__(userland=userland)

    def _initialize(self, data: str, options: Mapping[str, str]) -> None:
        copy = ["--pgdata", data, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        self._userland.run(
            f"{BIN}/pg_basebackup", *copy, "--dbname", self._primary.url(), user=USER
        )
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(f"port = {options['port']}\n")
