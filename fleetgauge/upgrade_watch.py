"""A service that goes on as the new version, once program and schema are up to date.

An upgrade is two steps, whichever comes first: another version is installed in the place of this
one, and `fleetgauge migrate` has run. After both, a service of the old version stops cleanly and
begins again as the new one, in the same process. Until then it works on: what a migration does at
first is what the version before tolerates.
"""

import os
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Self

import structlog

from storage.errors import StorageError
from storage.migrate import SERVICE
from storage.reader import Reader
from storage.schema import applied, needed

INTERVAL: Final = timedelta(seconds=5)
_STATEMENT: Final = timedelta(seconds=4)

log = structlog.get_logger()


class UpgradeWatch:
    """Look from time to time whether both steps are done, while the context lasts."""

    def __init__(self, url: str, stop: Callable[[], None], interval: timedelta = INTERVAL) -> None:
        """Take the database, and what stops the service cleanly; called once, from a thread."""
        self._started_with = needed()
        # By this name a migration knows that a service of the version before still runs.
        self._reader = Reader(url, f"{SERVICE}{self._started_with.fingerprint}", _STATEMENT)
        self._stop = stop
        self._interval = interval
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upgrade", daemon=True)
        self.is_due = False
        """Both steps are done: the service is stopping, to begin again."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ending.set()
        self._thread.join(timeout=1)

    def begin_again_if_due(self) -> None:
        """Replace this process by the same command of the version that is installed now."""
        if self.is_due:
            log.info("restarting")
            sys.stdout.flush()
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606

    def _run(self) -> None:
        try:
            # At once, so that the session is there from the beginning.
            while not self._is_done():
                if self._ending.wait(self._interval.total_seconds()):
                    return
        finally:
            self._reader.close()
        self.is_due = True
        log.info("upgrade_found", version=needed().version)
        self._stop()

    def _is_done(self) -> bool:
        try:
            # Read from the files each time: those of the version that is installed by now.
            installed = needed()
            found = self._reader.ask(applied)
        except (StorageError, OSError) as error:
            # OSError: it is just being installed.
            log.debug("upgrade_not_seen", error=str(error))
            return False
        return found == installed != self._started_with
