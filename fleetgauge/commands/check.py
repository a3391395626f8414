"""``fleetgauge check``."""

from datetime import UTC, datetime
from typing import Annotated, BinaryIO

import typer

from fleetgauge.checking.broker_log import broker_log_findings
from fleetgauge.checking.service import Service, service_finding
from fleetgauge.commands.language import LanguageOption, chosen_language
from fleetgauge.commands.printing import AsJson, print_json
from fleetgauge.commands.sizes import parse_size
from fleetgauge.settings import load_settings
from models.finding import Finding, Level, worst
from reports.check_document import check_document
from reports.check_terminal import check_terminal
from reports.tables import show


def check(
    as_json: AsJson = False,
    disk_free: Annotated[
        int | None,
        typer.Option(
            parser=parse_size,
            metavar="SIZE",
            help="Room on the database's disk, such as 500GB, where it cannot be seen from here.",
        ),
    ] = None,
    service: Annotated[
        Service | None,
        typer.Option(help="Only say whether this service of this machine is ready."),
    ] = None,
    broker_log: Annotated[
        typer.FileBinaryRead | None,
        typer.Option(
            metavar="FILE",
            help="Only say who was refused at the broker, by Mosquitto's log (- is stdin).",
        ),
    ] = None,
    language: LanguageOption = None,
) -> None:
    """Say what is wrong with this installation; exit 1 if anything is at fault.

    Looks at the settings, the broker, the database with its growth and upkeep, the clocks, the
    workers, and at Prometheus and Grafana where FLEETGAUGE_PROMETHEUS_URL and
    FLEETGAUGE_GRAFANA_URL name them. Nothing is changed.
    """
    found = _findings(service, disk_free, broker_log)
    chosen = chosen_language(language)
    if as_json:
        print_json(check_document(datetime.now(UTC), found, chosen))
    else:
        show(check_terminal(found, chosen))
    if worst(found) is Level.FAULT:
        raise typer.Exit(1)


def _findings(
    service: Service | None, disk_free: int | None, broker_log: BinaryIO | None
) -> list[Finding]:
    if broker_log is not None:
        return list(broker_log_findings(broker_log))
    if service is not None:
        return [service_finding(service, load_settings())]
    # A health check, every half minute, needs none of what this imports.
    from fleetgauge.checking.run import findings

    return list(findings(disk_free))
