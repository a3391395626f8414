"""How this program connects: one place for the session's settings."""

from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from storage.errors import StorageBug, translated

Connection = psycopg.Connection[TupleRow]

CONNECT_TIMEOUT_S = 5
TCP_USER_TIMEOUT_MS = 20_000
"""A half-open connection shows itself only when nobody acknowledges what was sent: after 20 s."""

_PLANNER = "-c jit=off -c timescaledb.enable_runtime_exclusion=off"
"""Costs more than it saves, and who connects may ask for it: compiling what looks costly takes
25 ms of a share's 100, for 100,000 vehicles; planning for each vehicle which chunks can be
left out takes 40 % of a share of the past, where constants have left them out already. Plain
PostgreSQL takes the second for a variable of somebody's."""


_SESSION = "-c timezone=UTC -c datestyle=ISO,MDY -c intervalstyle=postgres -c statement_timeout=0"
"""What this program rests on, whatever the server, the database, the role or the environment
say: psycopg reads no other form of dates and intervals (psycopg/psycopg#571, #1007)."""


_REPORTED: Final = {"TimeZone": "UTC", "DateStyle": "ISO, MDY", "IntervalStyle": "postgres"}
"""What of it a server tells as we connect."""


def connect(url: str, application: str, *, autocommit: bool = False) -> Connection:
    """Open a connection whose session speaks UTC.

    Args:
        url: ``postgresql://…`` or a libpq connection string.
        application: what the database's activity view shows.

    Raises:
        DatabaseUnavailable: nothing answers there, or it refuses the connection.
    """
    with translated():
        connection = psycopg.connect(conninfo(url, application), autocommit=True)
        for name, value in _REPORTED.items():
            # libpq sends what PGTZ and PGDATESTYLE say, and some poolers pass no options on.
            if connection.info.parameter_status(name) != value:
                connection.execute("select set_config(%s, %s, false)", (name, value))
        connection.autocommit = autocommit
        return connection


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
    """Complete a connection string: timeouts, keepalives, time zone, name, no compiling."""
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
    options = f"{_PLANNER} {given.pop('options', '') or ''} {_SESSION}"
    return make_conninfo(**(defaults | given), options=options, client_encoding="UTF8")
