"""What people state beside the figures, as a report's document holds it."""

from datetime import date

from models.stated import Entry, Stated
from models.target import Scope
from reports.documents import Official, Stamp, StatedMilestone, StatedNote


def deviations(stated: Stated, operator_id: str | None) -> list[StatedNote]:
    """Return the reasons of deviations; with an operator, its own alone."""
    return [
        {
            "indicator": note.indicator,
            "scope": note.scope.document,
            "from": note.period_from.isoformat(),
            "to": note.period_to.isoformat(),
            "text": note.text,
            **_entered(entry),
        }
        for note, entry in stated.notes
        if _is_of(note.scope, operator_id)
    ]


def official(stated: Stated, operator_id: str | None) -> list[Official]:
    """Return the official figures; with an operator, its own alone."""
    return [
        {
            "indicator": figure.indicator,
            "scope": figure.scope.document,
            "on": figure.day.isoformat(),
            "ratio": figure.ratio,
            "vehicles": figure.vehicles,
            "of": figure.fleet,
            "source": figure.source,
            **_entered(entry),
        }
        for figure, entry in stated.official
        if _is_of(figure.scope, operator_id)
    ]


def milestones(stated: Stated, on: date) -> list[StatedMilestone]:
    """Return the milestones with their state on a date."""
    return [
        {
            "name": milestone.name,
            "due": milestone.due.isoformat(),
            "done_on": milestone.done_on.isoformat() if milestone.done_on else None,
            "state": milestone.state(on),
            **_entered(entry),
        }
        for milestone, entry in stated.milestones
    ]


def _is_of(scope: Scope, operator_id: str | None) -> bool:
    return operator_id is None or scope.operator_id == operator_id


def _entered(entry: Entry) -> Stamp:
    return {"entered_by": entry.by, "entered_at": entry.at.isoformat()}
