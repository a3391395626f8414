"""``fleetgauge untrackable``."""

import json
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from fleetgauge.commands.language import LanguageOption, chosen_language
from fleetgauge.commands.moment import DEFAULT_WINDOW, At, Moment, Window, moment_asked
from fleetgauge.settings import load_settings
from reports.documents import UntrackableDocument
from reports.tables import show
from reports.untrackable_document import untrackable_document
from reports.untrackable_terminal import untrackable_terminal
from storage.registry.lookalikes import look_alikes
from storage.shares.shares import shares
from storage.shares.untrackable import untrackable as list_untrackable


def untrackable(
    at: At = None,
    window: Window = DEFAULT_WINDOW,  # type: ignore[assignment]  # typer parses it
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of a table.")
    ] = False,
    language: LanguageOption = None,
) -> None:
    """List each vehicle that is not trackable, why, and since when.

    never_seen: never heard in any way. Otherwise what was heard last within the window decides:
    a report rejected for its time is bad_clock, one rejected for another reason rejected, a
    contact no_fix, or late if a position was heard that is older than the window; silent if there
    was nothing. Where an unregistered vehicle of nearly the same name is heard, that is said.
    """
    settings = load_settings()
    with moment_asked(settings, at, window) as moment:
        document = _found(moment, window)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        zone = ZoneInfo(settings.time_zone)
        show(untrackable_terminal(document, chosen_language(language), zone))


def _found(moment: Moment, window: timedelta) -> UntrackableDocument:
    connection, asked = moment
    found = shares(connection, asked, [window], reason_window=window)
    vehicles = list_untrackable(connection, asked, window)
    # Who is unregistered now says nothing of a past moment.
    alike = [] if asked.past else look_alikes(connection, asked.at)
    publishing_as = {registered: unregistered for unregistered, registered in alike}
    return untrackable_document(found, window, vehicles, publishing_as)
