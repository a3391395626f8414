"""A report in a file, as ``report --json`` printed it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from fleetgauge.commands.errors import CommandError
from reports.documents import KpiDocument
from reports.kpi_document import VERSION, digest


def read_report(file: Path) -> dict[str, Any]:
    """Return a report, altered or not.

    Raises:
        CommandError: the file cannot be read, or is no report.
    """
    try:
        document = json.loads(content_of(file), object_pairs_hook=_object)
    except RecursionError as error:
        raise CommandError(f"{file}: is not a report: nested too deeply") from error
    except ValueError as error:
        raise CommandError(f"{file}: is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("report") != "fleetgauge kpi":
        raise CommandError(f"{file}: is not a report of `fleetgauge report --json`")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # RFC 8785 asks for I-JSON (RFC 7493, 2.3). Of a name that is there twice some readers take the
    # first value and some the last, and the SHA-256 is that of one.
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there twice in one object")
    return found


def whole_report(file: Path) -> KpiDocument:
    """Return a report that nobody has altered.

    Raises:
        CommandError: the file cannot be read, is no report, or an altered one.
    """
    document = read_report(file)
    if not is_whole(document) or document.get("version") != VERSION:
        raise CommandError(f"{file}: altered, or of another version of the layout")
    return cast("KpiDocument", document)


def is_whole(document: Mapping[str, Any]) -> bool:
    """Tell whether a report's SHA-256 is that of its data."""
    try:
        return digest(document) == document.get("sha256")
    except ValueError:
        # It has a number that no canonical JSON has.
        return False


def content_of(file: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: cannot be read: {error.strerror or error}") from error
