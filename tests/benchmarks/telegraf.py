"""Telegraf from the same flood, where its binary is: on the path, or named by TELEGRAF."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from storage.connection import Connection

CONFIGURATION: Final = Path(__file__).with_suffix(".conf")


def binary() -> str | None:
    """Return where it is; None: it is not measured."""
    return os.environ.get("TELEGRAF") or shutil.which("telegraf")


class Telegraf:
    """Its process, with a session of its own."""

    def __init__(self, executable: str, broker_port: int, database_url: str, client_id: str):
        variables = {
            "BROKER_PORT": str(broker_port),
            "DATABASE_URL": database_url,
            "CLIENT_ID": client_id,
        }
        self._process = subprocess.Popen(
            [executable, "--config", str(CONFIGURATION)],
            env=os.environ | variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self._process.pid

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(30)


def forget(connection: Connection) -> None:
    """Empty its table: what was stored before would be counted again at each look."""
    if connection.execute("select to_regclass('telegraf_position')").fetchone() != (None,):
        connection.execute("truncate telegraf_position")


def stored(connection: Connection) -> int:
    """Return how many positions it has committed since its table was emptied."""
    if connection.execute("select to_regclass('telegraf_position')").fetchone() == (None,):
        return 0
    row = connection.execute("select count(*) from telegraf_position").fetchone()
    return int(row[0]) if row else 0
