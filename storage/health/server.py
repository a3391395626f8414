"""The server and how it is set up: version, extension, role, encoding, settings."""

from collections.abc import Iterator
from typing import Any, Final

from models.finding import Finding, fault, ok, warning
from storage.connection import Connection
from storage.excess_rights import excess_rights
from storage.health.asking import row
from storage.migrate import missing_roles
from storage.retention.compressing import unused_version
from storage.schema import OLDEST

_CONNECTIONS_LEFT: Final = 0.1


def server_findings(connection: Connection) -> Iterator[Finding]:
    """Yield what is known before any table of ours is looked at.

    Raises:
        StorageError: the database cannot be asked.
    """
    server = row(connection, "server")
    if server.version_number < OLDEST * 10_000:
        yield fault("database.version_too_old", version=server.version, oldest=OLDEST)
    else:
        yield ok("database.version", version=server.version)
    encoding = connection.info.parameter_status("server_encoding")
    if encoding == "UTF8":
        yield ok("database.encoding", encoding=encoding)
    else:
        yield warning("database.other_encoding", encoding=encoding)
    if server.is_standby:
        yield fault("database.standby")
    yield from _settings(row(connection, "settings"), is_standby=server.is_standby)
    yield from _transport(connection)


def extension_findings(connection: Connection, *, compresses: bool) -> Iterator[Finding]:
    """Yield whether TimescaleDB is there, and used; the tables have to be there.

    Args:
        connection: the database.
        compresses: whether the settings say that positions are compressed.

    Raises:
        StorageError: the database cannot be asked.
    """
    extension = row(connection, "extension")
    if extension.version is None:
        if extension.is_offered:
            yield warning("database.timescaledb_not_used")
        else:
            yield ok("database.timescaledb_absent")
        return
    edition = "community" if extension.license == "timescale" else "Apache"
    yield ok("database.timescaledb", version=extension.version, edition=edition)
    if not extension.is_in_chunks:
        yield warning("database.no_chunks")
    if compresses and (version := unused_version(connection)) is not None:
        yield warning("database.not_compressed", version=version)


def unreadable_finding(connection: Connection) -> Finding | None:
    """Return which tables of ours our role may not read; None: it may read all there are.

    Raises:
        StorageError: the database cannot be asked.
    """
    unreadable = row(connection, "unreadable")
    if not unreadable.tables:
        return None
    return fault("database.unreadable", role=unreadable.role, tables=", ".join(unreadable.tables))


def role_findings(connection: Connection) -> Iterator[Finding]:
    """Yield who we are, and whether that is too much or too little; the tables have to be there.

    Raises:
        StorageError: the database cannot be asked.
    """
    server = row(connection, "server")
    if (excess := excess_rights(connection)) is not None:
        # The owner migrates, and a small installation has no other role.
        yield warning(f"database.connected_as_{excess}", role=server.role)
    else:
        groups = ", ".join(server.groups) or "–"
        yield ok("database.connected_as", role=server.role, groups=groups)
    if missing := missing_roles(connection):
        yield warning("database.groups_missing", roles=", ".join(missing))


def _settings(settings: Any, *, is_standby: bool) -> Iterator[Finding]:
    found = [
        fault(f"database.{name}")
        for name in ("fsync", "full_page_writes", "autovacuum")
        if not getattr(settings, name)
    ]
    if settings.synchronous_commit == "off":
        found.append(fault("database.synchronous_commit"))
    if settings.is_read_only and not is_standby:
        found.append(fault("database.read_only"))
    if not settings.data_checksums:
        found.append(warning("database.data_checksums"))
    found += _connections(settings)
    yield from found or [ok("database.settings")]


def _connections(settings: Any) -> Iterator[Finding]:
    left = settings.max_connections - settings.connections
    if left < settings.max_connections * _CONNECTIONS_LEFT:
        yield warning(
            "database.connections", used=settings.connections, limit=settings.max_connections
        )


def _transport(connection: Connection) -> Iterator[Finding]:
    address = connection.info.hostaddr
    is_local = not address or address in {"127.0.0.1", "::1"}
    if not (is_local or connection.pgconn.ssl_in_use):
        yield warning("database.without_tls", host=connection.info.host)
