"""The warning of a service that is connected as somebody who may do more than it needs."""

import structlog

from storage.connection import connect
from storage.excess_rights import excess_rights

log = structlog.get_logger()


def warn_of_excess_rights(url: str, needed: str) -> None:
    """Warn once if the role of a URL is the superuser or the owner of our tables.

    Args:
        url: the database's.
        needed: the group whose rights are enough.

    Raises:
        StorageError: the database cannot be asked.
    """
    with connect(url, "fleetgauge check", autocommit=True) as connection:
        connected_as = excess_rights(connection)
    if connected_as is not None:
        log.warning("database_role_has_excess_rights", connected_as=connected_as, enough=needed)
