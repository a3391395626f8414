"""The vehicles that are not trackable at a moment, as a table for a terminal."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from rich.console import RenderableType

from models.legible import plain
from models.lists.characters import letters
from reports import words
from reports.documents import UntrackableDocument, UntrackableVehicle
from reports.language import ABSENT, Language, offset
from reports.tables import heading, table


def untrackable_terminal(
    document: UntrackableDocument, language: Language, zone: tzinfo
) -> Iterator[RenderableType]:
    """Yield what is printed, from top to bottom, with times in the zone."""
    at = datetime.fromisoformat(document["at"]).astimezone(zone)
    vehicles = document["untrackable"]
    yield language.text(
        "not trackable within %(window)s at %(moment)s: %(part)s",
        window=language.window(document["window_seconds"]),
        moment=language.instant(at),
        part=words.part(language, len(vehicles), document["vehicles"]),
    )
    if vehicles:
        yield " + ".join(
            language.text(
                "%(number)s %(reason)s",
                number=language.number(found),
                reason=language.text(reason),
            )
            for reason, found in document["reasons"].items()
            if found
        )
        yield heading(
            language.text(
                "times in %(zone)s, %(offset)s unless another offset is shown",
                zone=zone,
                offset=offset(at),
            )
        )
        yield table(_columns(language), (_row(vehicle, at, language) for vehicle in vehicles))
    yield from _misspelt(vehicles, language)


def _misspelt(vehicles: Sequence[UntrackableVehicle], language: Language) -> Iterator[str]:
    """Say of which an unregistered vehicle of nearly the same name is heard."""
    for each in vehicles:
        if other := each["publishing_as"]:
            vehicle = f"{each['operator_id']}/{each['vehicle_id']}"
            heard = f"{other['operator_id']}/{other['vehicle_id']}"
            command = shlex.join(("fleetgauge", "registry", "match", heard, vehicle))
            # What looks the same on a screen differs in the alphabet of its letters.
            yield language.text(
                "%(vehicle)s is not heard, but %(heard)s is, unregistered: if that is the same "
                "bus, %(command)s",
                vehicle=plain(vehicle + letters(vehicle)),
                heard=plain(heard + letters(heard)),
                command=plain(command),
            )


def _columns(language: Language) -> Sequence[str]:
    text = language.text
    who = (text("operator"), text("vehicle"), text("reason"), text("not trackable since"))
    return (*who, text("last contact"), text("last fix"), text("last rejected"))


def _row(vehicle: UntrackableVehicle, at: datetime, language: Language) -> Sequence[str]:
    since, contact_at, fix_at, rejected_at = (
        local_time(vehicle[name] and datetime.fromisoformat(vehicle[name]), at, language)
        for name in ("since", "contact_at", "fix_at", "rejected_at")
    )
    rejected_reason = vehicle["rejected_reason"]
    return (
        vehicle["operator_id"],
        vehicle["vehicle_id"],
        language.text(vehicle["reason"]),
        since,
        contact_at,
        fix_at,
        f"{rejected_at} {language.text(rejected_reason)}" if rejected_reason else rejected_at,
    )


def local_time(moment: datetime | None, at: datetime, language: Language) -> str:
    """Return a time in the time zone of ``at``, with its offset where that is another."""
    if moment is None:
        return ABSENT
    local = moment.astimezone(at.tzinfo)
    same = local.utcoffset() == at.utcoffset()
    return language.moment(local) + ("" if same else offset(local))
