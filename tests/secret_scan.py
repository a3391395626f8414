"""Secrets in the files of the repository: part of ``make check``; exit 1 with each place."""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

TOKENS: Final = (
    "AWSKeyDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "TelegramBotTokenDetector",
)
"""What is looked for everywhere. Looking for what is merely random would find checksums."""

PASSWORDS: Final = ("BasicAuthDetector", "KeywordDetector")
"""What is looked for outside the tests, which make up passwords as they need them."""

STAND_INS: Final = r"secret|password|PASSWORD|fleetgauge|\{\w+\}|FLEETGAUGE_\w+_FILE=\S+"
"""What stands for a password in documents, and what names where it is."""

GENERATED: Final = (
    *("dashboards/*.json", "docs/*.json", "requirements/*", "fleetgauge.cdx.json"),
    *("web/vendor/*", "*.po", "*.mo", "*.png", "*.csv"),
)
"""Lines that nobody writes by hand: the half of all."""

Found = tuple[str, int, str]
"""File, line, and what it looks like; not the secret itself."""


def tracked_files() -> list[str]:
    """Return what git has of the folder that we are in, but for what is generated."""
    excluded = [f":(exclude){pattern}" for pattern in GENERATED]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *excluded],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [name for name in listed.stdout.split("\0") if name]


def scan(files: Sequence[str]) -> list[Found]:
    """Return what looks like a secret in files."""
    tests = [file for file in files if Path(file).parts[0] == "tests"]
    others = [file for file in files if Path(file).parts[0] != "tests"]
    return [*_scanned(tests, TOKENS), *_scanned(others, TOKENS + PASSWORDS)]


def _scanned(files: Sequence[str], detectors: Sequence[str]) -> list[Found]:
    found = SecretsCollection()
    stand_ins = {
        "path": "detect_secrets.filters.regex.should_exclude_secret",
        "pattern": [f"^({STAND_INS})$"],
    }
    plugins = [{"name": name} for name in detectors]
    with transient_settings({"plugins_used": plugins, "filters_used": [stand_ins]}):
        for file in files:
            # A file that is deleted and not yet committed is not there.
            if Path(file).is_file():
                found.scan_file(file)
    return [(each.filename, each.line_number, each.type) for _, each in found]


def main() -> int:
    """Scan all files on all cores."""
    files = tracked_files()
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as pool:
        found = [each for part in pool.map(scan, _parts(files, 4 * cores)) for each in part]
    for file, line, kind in sorted(found):
        sys.stderr.write(f"{file}:{line}: looks like a secret: {kind}\n")
    return 1 if found else 0


def _parts(files: Sequence[str], count: int) -> list[Sequence[str]]:
    return [files[start::count] for start in range(count)]


if __name__ == "__main__":
    sys.exit(main())
