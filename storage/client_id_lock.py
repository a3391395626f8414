"""The lock by which one worker at a time uses an MQTT client id."""

import zlib
from typing import Final

from storage.connection import Connection
from storage.errors import translated

_SPACE: Final = 0x666C6765
"""The first key of our advisory locks that have two."""

# Where the worker's machine dies, nobody closes the connection: the server has to ask for it, or
# the lock would stay for the two hours of TCP's default.
_LOCK_IN_SESSION: Final = """
select set_config('tcp_keepalives_idle', '10', false),
       set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false),
       pg_try_advisory_lock(%(space)s, %(key)s)
"""

# The transaction has nothing to do but to hold the lock. It has no snapshot: vacuum goes on.
_LOCK_IN_TRANSACTION: Final = """
select set_config('idle_in_transaction_session_timeout', '0', true),
       pg_try_advisory_xact_lock(%(space)s, %(key)s)
"""


def lock_client_id(connection: Connection, client_id: str) -> bool:
    """Lock a client id for as long as the connection lasts; False: another one holds it.

    Behind a pooler a session is the connection's own for one transaction only: there the
    connection is left in one, and can do nothing else.

    Args:
        connection: in autocommit.

    Raises:
        StorageError: the database cannot be asked.
    """
    keys = {"space": _SPACE, "key": zlib.crc32(client_id.encode()) - 2**31}
    with translated():
        if connection.pooled:
            connection.autocommit = False
        lock = _LOCK_IN_TRANSACTION if connection.pooled else _LOCK_IN_SESSION
        row = connection.execute(lock, keys).fetchone()
    return row is not None and bool(row[-1])


def check_lock(connection: Connection) -> None:
    """Pass if the transaction that holds a lock behind a pooler is still there.

    Raises:
        StorageError: it is not, or the database cannot be asked.
    """
    with translated():
        connection.execute("select")
