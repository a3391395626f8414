"""One worker for a client id: with MQTT 3.1.1 two would throw each other out for ever.

MQTT 5 tells a client that another one has taken its session over; 3.1.1 only hangs up. Both
reconnect, each is delivered what the other had in flight, and nothing says why. So a worker locks
its client id in the database before it connects to the broker, and the newcomer ends.
"""

import time
from collections.abc import Callable
from typing import Final

from ingest.errors import ClientIdTaken
from storage.broker_session import BrokerSession, broker_session
from storage.client_id_lock import check_lock, lock_client_id
from storage.connection import Connection, connect

PATIENCE_SECONDS: Final = 10.0
"""How long a worker that has just been stopped or killed may still seem to be there."""
_POLL_SECONDS: Final = 0.2


class ClientIdClaim:
    """A client id in a database, held by a connection that is open all the time.

    Behind a pooler there is another one beside it, to ask over.
    """

    def __init__(
        self, url: str, client_id: str, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Take the database, and the client id to claim."""
        self._url = url
        self.client_id = client_id
        self._patience_seconds = patience_seconds
        self._holder: Connection | None = None
        self._connection: Connection | None = None

    def take(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Claim the client id, waiting a while for one who is about to let it go.

        Args:
            interrupted: returns True to end the waiting early.

        Raises:
            ClientIdTaken: another worker has it.
            StorageError: the database cannot be asked.
        """
        deadline = time.monotonic() + self._patience_seconds
        while self.renew() is None:
            if interrupted() or time.monotonic() > deadline:
                raise self.taken()
            time.sleep(_POLL_SECONDS)

    def renew(self) -> Connection | None:
        """Return a connection in autocommit while the claim is held, taken again if it was lost.

        None: another worker has claimed the client id.

        Raises:
            StorageError: the database cannot be asked.
        """
        if self._holder is None or self._holder.closed:
            holder = connect(self._url, "fleetgauge heartbeat", autocommit=True)
            if not lock_client_id(holder, self.client_id):
                holder.close()
                return None
            self._holder = holder
        if not self._holder.pooled:
            return self._holder
        check_lock(self._holder)
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._url, "fleetgauge heartbeat", autocommit=True)
        return self._connection

    def session(self) -> BrokerSession:
        """Return what is known of the client id's session at the broker.

        Raises:
            StorageError: the database cannot be asked.
        """
        connection = self.renew()
        return BrokerSession() if connection is None else broker_session(connection, self.client_id)

    def taken(self) -> ClientIdTaken:
        """Make the error that names the client id."""
        return ClientIdTaken(
            f"another worker on this database uses the client id {self.client_id!r}: "
            "give each its own FLEETGAUGE_MQTT_CLIENT_ID"
        )

    def release(self) -> None:
        """Let another worker have it."""
        for connection in (self._holder, self._connection):
            if connection is not None:
                connection.close()
