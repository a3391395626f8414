"""The commands, one module each."""

import typer

from fleetgauge.commands.errors import CommandError

__all__ = ["CommandError", "register"]


def register(app: typer.Typer) -> None:
    """Add every command to the program."""
    from fleetgauge.commands import (
        demo,
        ingest,
        metrics,
        migrate,
        registry,
        rejected,
        replay,
        report,
        service_hours,
        share,
        simulate,
        target,
        untrackable,
    )

    app.command()(demo.demo)
    app.command()(migrate.migrate)
    app.command()(ingest.ingest)
    app.add_typer(registry.app, name="registry")
    app.command()(simulate.simulate)
    app.command()(replay.replay)
    app.command()(metrics.metrics)
    app.command()(share.share)
    app.command()(untrackable.untrackable)
    app.command()(report.report)
    app.add_typer(service_hours.app, name="service-hours")
    app.add_typer(target.app, name="target")
    app.add_typer(rejected.app, name="rejected")
