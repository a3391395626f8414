"""An installed program whose version changes in its place, as `pip install --upgrade` does it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
_PACKAGES: Final = (
    "models",
    "storage",
    "ingest",
    "metrics",
    "reports",
    "web",
    "simulator",
    "fleetgauge",
)
_REPEATABLE: Final = "storage/sql/repeatable"

# Each is what `create or replace` cannot undo, or what a later version knows nothing of.
OLDER: Final = {
    "50_kpi.sql": [
        # A column of a function's result had another name.
        ("returns table (reason text, last_day date)", "returns table (reason text, seen_on date)"),
    ],
    "60_grafana.sql": [
        # A view had a column more.
        (
            "       local_day(now(), time_zone) as today\nfrom operator;",
            "       local_day(now(), time_zone) as today, 'blue' as colour\nfrom operator;",
        ),
    ],
}
GONE: Final = """
create or replace function reading_on(vehicle integer) returns integer
language sql stable begin atomic select vehicle; end;
create or replace function reasons_of(vehicle integer) returns setof text
language sql stable begin atomic
    select reason from why_not_tracked(vehicle, current_date, 7, 10);
end;
create or replace function older_rule() returns integer
language sql stable begin atomic select 7; end;
"""
"""A function that had other parameters, one that rested on another, one that stood alone."""


class Installed:
    """The packages in a folder of their own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        for name in _PACKAGES:
            ignored = shutil.ignore_patterns("__pycache__", "tests")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        self.environment = {
            "PYTHONPATH": str(folder),
            # Not from the current folder, which is the working copy.
            "PYTHONSAFEPATH": "1",
            "FLEETGAUGE_DATABASE_URL": database_url,
        }

    def downgrade(self) -> None:
        """Install the older version."""
        for name, changes in OLDER.items():
            path = self._folder / _REPEATABLE / name
            text = path.read_text()
            for now, then in changes:
                assert text.count(now) == 1, now
                text = text.replace(now, then)
            path.write_text(text + GONE if name == "50_kpi.sql" else text)

    def upgrade(self) -> None:
        """Install this version in the place of the older one."""
        for name in OLDER:
            shutil.copy(ROOT / _REPEATABLE / name, self._folder / _REPEATABLE / name)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the version that is installed."""
        return subprocess.run(
            [sys.executable, "-m", "fleetgauge", *arguments],
            env=os.environ | self.environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
