"""The lock by which one worker at a time uses an MQTT client id."""

import zlib
from typing import Final

from storage.connection import Connection
from storage.errors import translated

_SPACE: Final = 0x666C6765
"""The first key of our advisory locks that have two."""

# Where the worker's machine dies, nobody closes the connection: the server has to ask for it, or
# the lock would stay for the two hours of TCP's default.
_LOCK: Final = """
select set_config('tcp_keepalives_idle', '10', false),
       set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '3', false),
       pg_try_advisory_lock(%(space)s, %(key)s)
"""


def lock_client_id(connection: Connection, client_id: str) -> bool:
    """Lock a client id for as long as the connection lasts; False: another one holds it.

    Args:
        connection: in autocommit, and of a session of its own: not from a pooler.

    Raises:
        StorageError: the database cannot be asked.
    """
    key = zlib.crc32(client_id.encode()) - 2**31
    with translated():
        row = connection.execute(_LOCK, {"space": _SPACE, "key": key}).fetchone()
    return row is not None and bool(row[-1])
