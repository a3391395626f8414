"""``fleetgauge replay``."""

import gzip
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from fleetgauge import logs
from fleetgauge.broker_access import publishing_access
from fleetgauge.commands.errors import CommandError
from fleetgauge.commands.numbers import positive
from fleetgauge.commands.printing import print_json
from fleetgauge.commands.progress import progress
from fleetgauge.commands.publishing import as_document, summary, under_way
from fleetgauge.commands.stopping import stop_on_signal
from fleetgauge.settings import load_settings
from simulator.connection import Counts
from simulator.replayer import Recording, survey
from simulator.replayer import replay as publish


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Lines `received_at topic payload`, plain or gzipped."),
    ],
    speed: Annotated[
        float | None,
        typer.Option(
            help="Speed relative to the recording, pauses cut to a minute (default: as fast as "
            "the broker acknowledges).",
            callback=positive,
        ),
    ] = None,
    shift: Annotated[
        bool,
        typer.Option(
            "--shift",
            help="Move every time in the lines by whole seconds so that the newest observation "
            "is now: of each file for itself, since reports older than 30 days are rejected and "
            "files may be years apart.",
        ),
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the lines as they were published, to replay them exactly again "
            "(gzipped if the name ends in .gz).",
        ),
    ] = None,
    skip_bad: Annotated[
        bool,
        typer.Option("--skip-bad", help="Skip and count lines that cannot be published."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of a line.")
    ] = False,
) -> None:
    """Publish recorded lines to the broker of FLEETGAUGE_MQTT_URL.

    The topic may contain spaces; the payload starts at the first " {" or " [". All files are
    checked before the first line is published.
    """
    began = time.monotonic()
    recordings, counts = _replay(files, speed, shift, save, skip_bad)
    _print(recordings, counts, time.monotonic() - began, as_json)
    _check_complete(sum(recording.messages for recording in recordings), counts)


def _replay(
    files: Sequence[Path], speed: float | None, shift: bool, save: Path | None, skip_bad: bool
) -> tuple[list[Recording], Counts]:
    settings = load_settings()
    logs.configure(settings, sys.stderr)
    with progress(None) as show:
        recordings = survey(
            files, skip_bad=skip_bad, on_line=lambda lines: show(lines, f"{lines:,} lines read")
        )
    if shift:
        now = datetime.now(UTC)
        recordings = [recording.shifted(now) for recording in recordings]
    total = sum(recording.messages for recording in recordings)
    with _saved_to(save, files) as saved, stop_on_signal() as stop, progress(total) as show:
        counts = publish(
            publishing_access(settings, "replay"),
            recordings,
            stop,
            speed=speed,
            save=saved,
            on_progress=lambda now: show(now.published, f"{under_way(now)} of {total:,}"),
        )
    return recordings, counts


@contextmanager
def _saved_to(path: Path | None, files: Sequence[Path]) -> Iterator[BinaryIO | None]:
    if path is None:
        yield None
        return
    if path.exists() and any(path.samefile(file) for file in files):
        raise CommandError(f"--save {path} is one of the files to replay")
    try:
        with gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb") as file:
            yield file  # type: ignore[misc]
    except OSError as error:
        raise CommandError(f"--save {path}: {error.strerror or error}") from error


def _print(recordings: Sequence[Recording], counts: Counts, elapsed: float, as_json: bool) -> None:
    bad = sum(recording.bad_lines for recording in recordings)
    if as_json:
        about = [
            {
                "file": str(recording.path),
                "messages": recording.messages,
                "skipped": recording.bad_lines,
                "shift_seconds": recording.shift_seconds,
            }
            for recording in recordings
        ]
        document: dict[str, Any] = {"files": about}
        document |= {"seconds": round(elapsed, 1), "skipped": bad} | as_document(counts)
        print_json(document)
        return
    skipped = f", {bad:,} bad lines skipped" if bad else ""
    for recording in recordings:
        if recording.shift_seconds:
            moved = timedelta(seconds=abs(recording.shift_seconds))
            direction = "forward" if recording.shift_seconds > 0 else "back"
            typer.echo(f"{recording.path}: moved {direction} by {moved}", err=True)
    number = len(recordings)
    typer.echo(f"{number:,} file{'s' * (number != 1)}, {elapsed:.1f} s, {summary(counts)}{skipped}")


def _check_complete(planned: int, counts: Counts) -> None:
    if counts.published < planned:
        raise CommandError(f"stopped after {counts.published:,} of {planned:,} messages")
    if counts.acknowledged < planned:
        raise CommandError(f"{planned - counts.acknowledged:,} messages were not acknowledged")
