"""The archive of FLEETGAUGE_ARCHIVE; what it is read and written with is an extra."""

from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fleetgauge.commands.errors import CommandError
from fleetgauge.settings import Settings
from storage.connection import Connection

if TYPE_CHECKING:
    from storage.archive.store import Store


def archive_of(settings: Settings) -> "Store":
    """Return the archive.

    Raises:
        CommandError: none is set, or the extra is not installed.
        ArchiveUnusable: it is no folder and no bucket.
    """
    if settings.archive is None:
        raise CommandError("FLEETGAUGE_ARCHIVE is not set: a folder, or s3://bucket/folder")
    if find_spec("pyarrow") is None:
        raise CommandError("the archive needs pyarrow: pip install 'fleetgauge[archive]'")
    from storage.archive.store import Store  # an extra: nothing else may need it

    return Store(settings.archive)


def return_archived(
    connection: Connection, settings: Settings, at: datetime, within: timedelta
) -> bool:
    """Put what figures of a moment rest on, and was thrown away, into the running transaction.

    Returns whether all of it is there now; False: nothing of it was thrown away. The transaction
    must not be committed.

    Raises:
        PositionsNotKept: some of it is neither kept nor archived.
        ArchiveUnusable: a file is missing or damaged; the message names it.
    """
    store = archive_of(settings)
    from storage.archive.loading import return_for

    return return_for(connection, store, at, within)
