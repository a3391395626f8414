"""``fleetgauge share``."""

import json
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from fleetgauge.commands.language import LanguageOption, chosen_language
from fleetgauge.commands.moment import (
    DEFAULT_WINDOW,
    At,
    By,
    Moment,
    Window,
    check_grouping,
    moment_asked,
)
from fleetgauge.settings import load_settings
from models.attribute import OPERATOR
from models.service_hours import ExpectedOut, expected_out
from models.share import Shares
from reports.share_document import share_document
from reports.share_terminal import share_terminal
from reports.tables import show
from storage.service_hours import operators_in_service
from storage.shares.shares import shares as count_shares
from storage.worker_uptime import downtime_at


def share(
    at: At = None,
    window: Window = DEFAULT_WINDOW,  # type: ignore[assignment]  # typer parses it
    by: By = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of a table.")
    ] = False,
    language: LanguageOption = None,
) -> None:
    """Show the indicators at a moment: counts, ratios, and what they are of."""
    settings = load_settings()
    with moment_asked(settings, at, window) as moment:
        check_grouping(moment.connection, by)
        shares = _counted(moment, window, by or OPERATOR)
        document = share_document(
            shares,
            window,
            by,
            settings.min_group_size,
            expected=_expected(moment, window, by, shares),
            downtime=downtime_at(
                moment.connection, moment.asked.at, window, settings.downtime_limit
            ),
        )
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        zone = ZoneInfo(settings.time_zone)
        show(share_terminal(document, chosen_language(language), zone))


def _counted(moment: Moment, window: timedelta, by: str) -> Shares:
    return count_shares(moment.connection, moment.asked, [window], by, window)


def _expected(
    moment: Moment, window: timedelta, by: str | None, shares: Shares
) -> ExpectedOut | None:
    in_service = operators_in_service(moment.connection, moment.asked.at)
    if all(known is None for known in in_service.values()):
        return None
    by_operator = by in (None, OPERATOR)
    of_operators = shares if by_operator else _counted(moment, window, OPERATOR)
    return expected_out(of_operators, in_service, window)
