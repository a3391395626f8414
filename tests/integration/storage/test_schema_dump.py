"""What is generated from the versioned scripts is what they make."""

from tests.integration.storage.schema_dump import PATH, dump
from tests.servers.postgresql import PostgresServer
from tests.servers.userland import Userland


def test_schema_is_what_all_versions_make(
    timescaledb_server: PostgresServer, userland: Userland
) -> None:
    """The file is as new as the versions; and these need nothing of the repeatable files."""
    assert PATH.read_text("utf-8") == dump(timescaledb_server, userland), "run `make schema`"
