"""``fleetgauge share``."""

import json
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from fleetgauge.commands.language import LanguageOption, chosen_language
from fleetgauge.commands.moment import DEFAULT_WINDOW, At, Moment, Window, moment_asked
from fleetgauge.settings import load_settings
from models.indicator import Grouping
from models.service_hours import ExpectedOut, expected_out
from models.share import Shares
from reports.share_document import share_document
from reports.share_terminal import share_terminal
from reports.tables import show
from storage.service_hours import operators_in_service
from storage.shares import shares_at, shares_now
from storage.worker_uptime import deaf_at


def share(
    at: At = None,
    window: Window = DEFAULT_WINDOW,  # type: ignore[assignment]  # typer parses it
    by: Annotated[
        Grouping | None, typer.Option("--by", help="Tell of each group of the fleet, too.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of a table.")
    ] = False,
    language: LanguageOption = None,
) -> None:
    """Show the indicators at a moment: counts, ratios, and what they are of."""
    settings = load_settings()
    with moment_asked(settings, at) as moment:
        shares = _counted(moment, window, by)
        document = share_document(
            shares,
            window,
            by,
            settings.min_group_size,
            expected=_expected(moment, window, by, shares),
            downtime=deaf_at(moment.connection, moment.at, window, settings.deaf_limit),
        )
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        zone = ZoneInfo(settings.time_zone)
        show(share_terminal(document, chosen_language(language), zone))


def _counted(moment: Moment, window: timedelta, by: Grouping | None) -> Shares:
    count = shares_at if moment.is_past else shares_now
    return count(moment.connection, moment.at, [window], by or Grouping.OPERATOR, window)


def _expected(
    moment: Moment, window: timedelta, by: Grouping | None, shares: Shares
) -> ExpectedOut | None:
    in_service = operators_in_service(moment.connection, moment.at)
    if all(known is None for known in in_service.values()):
        return None
    by_operator = by in (None, Grouping.OPERATOR)
    of_operators = shares if by_operator else _counted(moment, window, Grouping.OPERATOR)
    return expected_out(of_operators, in_service, window)
