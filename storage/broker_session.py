"""Who the workers are at the broker, and what is known of their sessions there."""

import secrets
from datetime import datetime
from typing import Final, NamedTuple

from storage.connection import Connection
from storage.errors import translated
from storage.sql import queries

_SQL: Final = queries("broker_session")


class Installation(NamedTuple):
    """Names that whoever knows them could do harm with at a broker that lets him in."""

    client_id: str
    """With it a client takes the worker's session over, and what is queued in it."""
    share_group: str
    """With it a subscriber gets a share of the workers' messages."""


class BrokerSession(NamedTuple):
    """What is known of a worker's session at the broker."""

    known: bool = False
    """It was there once: where it is missing, it was lost."""
    lost_at: datetime | None = None
    taken_over_at: datetime | None = None


def installation(connection: Connection) -> Installation:
    """Return the names of this installation, drawn at random the first time.

    Args:
        connection: in autocommit.

    Raises:
        StorageError: the database cannot be asked.
    """
    drawn = Installation(f"fleetgauge-{secrets.token_hex(8)}", f"fleetgauge-{secrets.token_hex(8)}")
    with translated():
        row = connection.execute(_SQL["installation"]).fetchone()
        if row is None:
            connection.execute(_SQL["begin_installation"], drawn._asdict())
            row = connection.execute(_SQL["installation"]).fetchone()
    return Installation(*row) if row else drawn


def broker_session(connection: Connection, client_id: str) -> BrokerSession:
    """Return what is known of a client id's session.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        row = connection.execute(_SQL["session"], {"client_id": client_id}).fetchone()
    return BrokerSession(True, *row) if row else BrokerSession()


def keep_session(connection: Connection, client_id: str, session: BrokerSession) -> None:
    """Keep that the session is there, and what has happened to it.

    Raises:
        StorageError: the database cannot be asked.
    """
    binds = session._asdict() | {"client_id": client_id}
    with translated():
        connection.execute(_SQL["keep_session"], binds)


def forget_session(connection: Connection, client_id: str) -> None:
    """Miss no session that was ended.

    Raises:
        StorageError: the database cannot be asked.
    """
    with translated():
        connection.execute(_SQL["forget_session"], {"client_id": client_id})
