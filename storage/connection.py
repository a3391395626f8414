"""How this program connects: one place for the session's settings."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from storage.errors import StorageBug, translated

CONNECT_TIMEOUT_S = 5
TCP_USER_TIMEOUT_MS = 20_000
"""A half-open connection shows itself only when nobody acknowledges what was sent: after 20 s."""

_PLANNER: Final = {"jit": "off", "timescaledb.enable_runtime_exclusion": "off"}
"""Costs more than it saves, and who connects may ask for it: compiling what looks costly takes
25 ms of a share's 100, for 100,000 vehicles; planning for each vehicle which chunks can be
left out takes 40 % of a share of the past, where constants have left them out already. Plain
PostgreSQL takes the second for a variable of somebody's. What the URL's options say goes before."""

_COMPRESSED: Final = {"timescaledb.max_tuples_decompressed_per_dml_transaction": "0"}
"""No limit: late reports, or a vehicle that is to be forgotten, may touch more compressed rows than
the 100,000 that TimescaleDB takes for a mistake."""

_PATIENCE: Final = {"lock_timeout": "0"}
"""Where it may wait for a lock and how long is said there: what a database's administrator has set
for others ended a worker at its start."""

_SESSION: Final = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "array_nulls": "on",
}
"""What this program rests on, whatever the server, the database, the role or the environment
say: psycopg reads no other form of dates and intervals (psycopg/psycopg#571, #1007), and writes
what is not there as NULL in an array, which is a word to a server with array_nulls off."""

_REPORTED: Final = ("TimeZone", "DateStyle", "IntervalStyle")
"""What of it a server reports, and PgBouncer therefore keeps for us from server to server."""

# Not as options of the start: PgBouncer refuses those by its defaults. A server that is older than
# a setting does without it; an extension's is known once the extension is loaded.
_SET_UP: Final = """
select count(set_config(name, value, false))
from unnest(%(names)s::text[], %(values)s::text[]) as setting (name, value)
where name like '%%.%%' or current_setting(name, true) is not null
"""

# What the path names first may have a table `vehicle`, too. Where several schemas have ours, the
# path says which; where it names none of them, there may be just one.
_OURS_FIRST: Final = """
select set_config('search_path', concat_ws(', ', (
    select quote_ident(nspname) from pg_namespace
    where oid = coalesce(
        (select relnamespace from pg_class where oid = to_regclass('schema_script')),
        (select min(relnamespace::bigint) from pg_class
         where relname = 'schema_script' and relkind = 'r' having count(*) = 1)::oid
    )
), nullif(current_setting('search_path'), ''), '"$user", public'), false)
"""

_PID: Final = "select pg_backend_pid()"


class Connection(psycopg.Connection[TupleRow]):
    """A connection, and whether the server's session is its own."""

    pooled: bool = False
    """A pooler is before the server, and may give each transaction another session: nothing in a
    session outlives its transaction, but the settings that the server reports."""


def connect(url: str, application: str, *, autocommit: bool = False) -> Connection:
    """Open a connection whose session speaks UTC.

    Args:
        url: ``postgresql://…`` or a libpq connection string.
        application: what the database's activity view shows.

    Raises:
        DatabaseUnavailable: nothing answers there, or it refuses the connection.
    """
    with translated():
        connection = Connection.connect(conninfo(url, application), autocommit=True)
        (backend,) = connection.execute(_PID).fetchone() or (None,)
        # A pooler answers with a key of its own where the server has its process's number.
        connection.pooled = connection.info.backend_pid != backend
        if connection.pooled:
            # What is prepared is a session's.
            connection.prepare_threshold = None
        settings = _settings(url, connection.pooled)
        binds = {"names": list(settings), "values": list(settings.values())}
        connection.execute(_SET_UP, binds)
        if not connection.pooled:
            connection.execute(_OURS_FIRST)
        connection.autocommit = autocommit
        return connection


def _settings(url: str, pooled: bool) -> Mapping[str, str]:
    if pooled:
        # Others would stay with a session that is somebody else's next.
        return {name: _SESSION[name] for name in _REPORTED}
    options = str(conninfo_to_dict(url).get("options") or "")
    ours = _PLANNER | _COMPRESSED | _PATIENCE
    return {n: value for n, value in ours.items() if n not in options} | _SESSION


def is_connection_string(url: str) -> bool:
    """Tell whether libpq can read it: ``postgresql://…`` or ``host=… dbname=…``."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return False
    return True


def has_at_sign_in_host(url: str) -> bool:
    """Tell whether a connection string names a host with @: a password's, which was not escaped."""
    return "@" in str(conninfo_to_dict(url).get("host", ""))


def conninfo(url: str, application: str) -> str:
    """Complete a connection string: timeouts, keepalives, encoding, name."""
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        "tcp_user_timeout": TCP_USER_TIMEOUT_MS,
        "application_name": application,
    }
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # libpq repeats the string in its words, and the string may hold a password.
        raise StorageBug("the database's URL is not a connection string") from None
    return make_conninfo(**(defaults | given), client_encoding="UTF8")
