"""``storage/sql/schema.sql``: the tables as all versions together make them, for people to read.

``python -m tests.integration.storage.schema_dump`` writes it, which ``make schema`` runs. Functions
and views are left out: they stand in ``repeatable/`` as they are.
"""

import re
from pathlib import Path
from typing import Final

from storage.connection import connect
from storage.sql import scripts
from tests.servers.fixtures import started
from tests.servers.postgresql import BIN, USER, PostgresServer
from tests.servers.userland import Userland, provide

PATH: Final = Path(__file__).parents[3] / "storage/sql/schema.sql"
HEADER: Final = (
    "-- The tables after all versions. Generated: `make schema`; a test holds it to them.\n"
)

_SESSION: Final = re.compile(r"^(--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict ).*\n", re.M)
"""What pg_dump says of itself, the server and the session; each release adds to it."""


def dump(server: PostgresServer, userland: Userland) -> str:
    """Return the schema that the versioned scripts make on plain PostgreSQL."""
    url = server.create_database()
    with connect(url, "schema", autocommit=True) as connection:
        for script in scripts("versioned").values():
            connection.execute(script.encode())
    options = ("--schema-only", "--no-owner", "--no-privileges")
    done = userland.run(f"{BIN}/pg_dump", *options, url, user=USER)
    server.drop_database(url)
    return HEADER + re.sub(r"\n{2,}", "\n\n", _SESSION.sub("", done.stdout)).rstrip() + "\n"


def main() -> None:
    """Write the file."""
    userland = provide()
    with started(PostgresServer(userland=userland)) as server:
        PATH.write_text(dump(server, userland), encoding="utf-8")


if __name__ == "__main__":
    main()
