"""What ``fleetgauge target list`` gives: the plans, and what is stated beside the figures."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from fleetgauge.commands.local_times import LocalTimes
from models.stated import Entry, Milestone, Note, OfficialFigure, Stated
from reports.tables import heading, table
from storage.targets import KeptTarget


def targets_document(
    targets: Sequence[KeptTarget], stated: Stated, on: date
) -> dict[str, list[dict[str, Any]]]:
    """Return all of it for scripts; the milestones' state is that of a date."""
    return {
        "targets": [_target_document(each) for each in targets],
        "notes": [_note_document(note) | _entered(entry) for note, entry in stated.notes],
        "milestones": [
            milestone._asdict() | {"state": milestone.state(on)} | _entered(entry)
            for milestone, entry in stated.milestones
        ],
        "official": [
            _official_document(figure) | _entered(entry) for figure, entry in stated.official
        ],
    }


def target_tables(
    targets: Sequence[KeptTarget],
    stated: Stated,
    on: date,
    times: LocalTimes,
    *,
    history: bool,
) -> Iterator[RenderableType]:
    """Yield a table of each kind that there is, under its heading; that of the targets always."""
    tables = _Tables(times, history)
    yield heading(f"targets: {len(targets):,}")
    yield tables.targets(targets)
    for title, found, made in (
        ("reasons for deviations", stated.notes, tables.notes(stated.notes)),
        ("milestones", stated.milestones, tables.milestones(stated.milestones, on)),
        ("official figures", stated.official, tables.official(stated.official)),
    ):
        if found:
            yield heading(f"{title}: {len(found):,}")
            yield made


class _Tables:
    def __init__(self, times: LocalTimes, history: bool) -> None:
        self._times = times
        self._history = history

    def targets(self, targets: Sequence[KeptTarget]) -> Table:
        columns = ("indicator", "of", "period", "plan")
        entered = (
            self._times.heading("entered"), "author", "from", self._times.heading("claimed"),
        )  # fmt: skip
        rows = [
            (
                each.target.indicator,
                str(each.target.scope),
                f"{each.target.period_from} to {each.target.period_to}",
                f"{each.target.ratio * 100:.2f} %",
                self._times.second(each.known_from),
                each.set_by,
                each.source,
                self._times.second(each.claimed_at),
                *self._ended(Entry(each.set_by, each.known_from, each.known_to, each.ended_by)),
            )
            for each in targets
        ]
        return table((*columns, *entered, *self._ended_columns), rows, right=("plan",))

    def notes(self, notes: Sequence[tuple[Note, Entry]]) -> Table:
        rows = [
            (
                note.indicator,
                str(note.scope),
                f"{note.period_from} to {note.period_to}",
                note.text,
                *self._entry(entry),
            )
            for note, entry in notes
        ]
        return table(("indicator", "of", "period", "reason", *self._entry_columns), rows)

    def milestones(self, milestones: Sequence[tuple[Milestone, Entry]], on: date) -> Table:
        rows = [
            (
                milestone.name,
                f"{milestone.due}",
                f"{milestone.done_on or ''}",
                milestone.state(on),
                *self._entry(entry),
            )
            for milestone, entry in milestones
        ]
        return table(("milestone", "due", "done", f"on {on}", *self._entry_columns), rows)

    def official(self, figures: Sequence[tuple[OfficialFigure, Entry]]) -> Table:
        rows = [
            (
                figure.indicator,
                str(figure.scope),
                f"{figure.day}",
                f"{figure.ratio * 100:.2f} %",
                "" if figure.fleet is None else f"{figure.vehicles:,} of {figure.fleet:,}",
                figure.source,
                *self._entry(entry),
            )
            for figure, entry in figures
        ]
        columns = ("indicator", "of", "date", "share", "vehicles", "source", *self._entry_columns)
        return table(columns, rows, right=("share", "vehicles"))

    @property
    def _entry_columns(self) -> Sequence[str]:
        return (self._times.heading("entered"), "author", *self._ended_columns)

    @property
    def _ended_columns(self) -> Sequence[str]:
        # Without --history these are empty: they would only take the others' room.
        return (self._times.heading("ended"), "ended by") if self._history else ()

    def _entry(self, entry: Entry) -> Sequence[str]:
        return (self._times.second(entry.at), entry.by, *self._ended(entry))

    def _ended(self, entry: Entry) -> Sequence[str]:
        return (self._times.second(entry.known_to), entry.ended_by or "") if self._history else ()


def _target_document(kept: KeptTarget) -> dict[str, Any]:
    target = kept.target
    return {
        "indicator": target.indicator,
        "from": target.period_from,
        "to": target.period_to,
        "ratio": target.ratio,
        **target.scope._asdict(),
        "set_by": kept.set_by,
        "source": kept.source,
        "claimed_at": kept.claimed_at,
        "known_from": kept.known_from,
        "known_to": kept.known_to,
        "ended_by": kept.ended_by,
    }


def _note_document(note: Note) -> dict[str, Any]:
    return {
        "indicator": note.indicator,
        "from": note.period_from,
        "to": note.period_to,
        **note.scope._asdict(),
        "text": note.text,
    }


def _official_document(figure: OfficialFigure) -> dict[str, Any]:
    return {
        "indicator": figure.indicator,
        "on": figure.day,
        **figure.scope._asdict(),
        "ratio": figure.ratio,
        "vehicles": figure.vehicles,
        "of": figure.fleet,
        "source": figure.source,
    }


def _entered(entry: Entry) -> dict[str, Any]:
    return {
        "entered_by": entry.by,
        "known_from": entry.at,
        "known_to": entry.known_to,
        "ended_by": entry.ended_by,
    }
