"""The errors that leave this room; psycopg's own stay inside.

StorageError
├── DatabaseUnavailable   the server is away, starting, stopping, full or read-only: try again
├── DataRejected           the database rejects a value: trying again cannot help
├── SchemaOutdated        `fleetgauge migrate` has not been run, or is older than this program
├── DatabaseUnusable      not a database that this program can work with; says what to change
└── StorageBug            anything else: a fault of this program
"""

import itertools
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors as sqlstate

from models.errors import Bug, FleetgaugeError, Invalid, Unavailable


class StorageError(FleetgaugeError):
    """Any failure of the database, in words; the cause is chained."""


class DatabaseUnavailable(StorageError, Unavailable):
    """A passing fault: the same work may be tried again, whole."""


class DataRejected(StorageError, Invalid):
    """A value that the database does not take; trying again cannot help."""


class SchemaOutdated(StorageError, Invalid):
    """The database's schema is not the one that this program needs."""


class DatabaseUnusable(StorageError, Invalid):
    """The database, its server or a pooler before it has to be set up otherwise."""


class StorageBug(StorageError, Bug):
    """A fault of this program: wrong SQL, a constraint that should have held."""


PASSING = (
    "08",  # connection exception
    "25006",  # read_only_sql_transaction: a standby, or an operator's emergency brake
    "40",  # transaction rollback: deadlock, serialization failure
    "53",  # insufficient resources: disk full, out of memory, too many connections
    "55P03",  # lock_not_available
    "57",  # operator intervention: shutdown, crash, cannot connect now, query canceled
    "58",  # system error: the operating system's input/output error
    "XX000",  # internal error: seen while a server is losing its disk
)
"""SQLSTATE prefixes of faults that pass (PostgreSQL, Appendix A)."""

REFUSED = (
    "22",  # data exception: out of range, invalid text
    "23",  # integrity constraint violation
    "54",  # program limit exceeded: an index row too large
)
"""SQLSTATE prefixes of faults that lie in the data."""

MISSING = (sqlstate.UndefinedTable, sqlstate.UndefinedColumn, sqlstate.UndefinedFunction)
"""What a schema that is older than this program does not have."""


NOT_PRELOADED = (
    "TimescaleDB is installed and not loaded: set shared_preload_libraries = 'timescaledb' in "
    "postgresql.conf and restart PostgreSQL"
)
NO_SESSION = (
    "the session was lost between two transactions, as through PgBouncer with "
    "pool_mode = transaction: name PostgreSQL itself in FLEETGAUGE_DATABASE_URL, "
    "or set pool_mode = session"
)

_CONNECTION_REMEDIES = {
    "pg_hba.conf": "the server's pg_hba.conf needs a line for this address, user and database; for "
    "one that says hostssl, add sslmode=require to FLEETGAUGE_DATABASE_URL",
    "SSL was required": "sslmode in FLEETGAUGE_DATABASE_URL asks for TLS, which the server has not "
    "got: turn it on there (ssl = on), or take sslmode out",
    "root certificate": "name the authority's certificate with sslrootcert in "
    "FLEETGAUGE_DATABASE_URL",
    "certificate verify failed": "the server's certificate is not of the authority in sslrootcert "
    "in FLEETGAUGE_DATABASE_URL",
    "no password supplied": "FLEETGAUGE_DATABASE_URL has no password, and the server wants one",
    "unsupported startup parameter": "PgBouncer takes options from FLEETGAUGE_DATABASE_URL only if "
    "its ignore_startup_parameters names them",
    "FATAL:": "see user, password and database in FLEETGAUGE_DATABASE_URL",
}
"""What to do where a connection is refused, by a part of libpq's words or the server's; the first
that is found. Servers speak the language of their lc_messages."""

_QUESTION = "Is the server running"
"""How libpq goes on where nothing listens or a socket is missing, to a person at a keyboard."""

_SESSION_LOST = (
    sqlstate.InvalidSqlStatementName,  # a statement that was prepared in it
    sqlstate.DuplicatePreparedStatement,
)

_UNBOUND = (UnicodeError, OverflowError, struct.error)
"""What psycopg raises, besides its own, of a value that cannot be sent."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn psycopg's errors into this room's.

    Raises:
        StorageError: one of its kinds, told apart by SQLSTATE class.
    """
    try:
        yield
    except (psycopg.Error, *_UNBOUND) as error:
        raise translate(error) from error


def translate(error: Exception) -> StorageError:
    """Say which kind of error of this room a driver's error is."""
    state = getattr(error, "sqlstate", None)
    text = _one_line(error)
    if (remedy := _remedy(error, text)) is not None:
        return DatabaseUnusable(remedy)
    if state is None and isinstance(error, (psycopg.DataError, *_UNBOUND)):
        return DataRejected(text)
    if state is None:
        # The server did not answer at all: rejected, reset, timed out, or no address.
        no_answer = isinstance(error, psycopg.OperationalError)
        return DatabaseUnavailable(_with_remedy(text)) if no_answer else StorageBug(text)
    if state.startswith(PASSING):
        return DatabaseUnavailable(text)
    if state.startswith(REFUSED):
        return DataRejected(text)
    if isinstance(error, MISSING):
        said = error.diag.message_primary or text
        return SchemaOutdated(
            f"the database's schema is missing or from another version ({said}): "
            "run `fleetgauge migrate`"
        )
    return StorageBug(f"{text} (SQLSTATE {state})")


def _remedy(error: Exception, text: str) -> str | None:
    if isinstance(error, sqlstate.InternalError_) and "must be preloaded" in text:
        return NOT_PRELOADED
    if isinstance(error, _SESSION_LOST) or (
        isinstance(error, sqlstate.UndefinedTable) and '"staged"' in text
    ):
        return NO_SESSION
    return None


def _with_remedy(text: str) -> str:
    refused = "connection to server" in text
    found = (remedy for part, remedy in _CONNECTION_REMEDIES.items() if refused and part in text)
    return ": ".join([text, *itertools.islice(found, 1)])


def _one_line(error: Exception) -> str:
    text, _, _ = str(error).partition(_QUESTION)
    return " ".join(text.split()) or type(error).__name__
