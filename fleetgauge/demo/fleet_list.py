"""The scenario's fleet list, imported into the demo's database."""

from collections.abc import Collection

from fleetgauge.commands.errors import CommandError
from fleetgauge.settings import Settings
from simulator.fleet import Fleet
from storage.connection import Connection
from storage.registry.importing import import_registry


def load_registry(
    connection: Connection,
    scenario: str,
    fleet: Fleet,
    settings: Settings,
    registered: Collection[str | None],
) -> None:
    """Import the scenario's fleet, unless somebody else's is there already.

    Args:
        registered: the operators whose vehicles the registry has in service now.

    Raises:
        CommandError: the database has a fleet that is not the scenario's.
    """
    entries = fleet.registry()
    ours = {entry.vehicle.operator_id for entry in entries}
    others = sorted(str(name) for name in set(registered) - ours)
    if others:
        raise CommandError(
            f"the database already has a fleet of {', '.join(others[:3])}: the demo needs a "
            "database of its own: name one in FLEETGAUGE_DATABASE_URL"
        )
    import_registry(
        connection,
        entries,
        time_zone=settings.time_zone,
        changed_by="fleetgauge demo",
        source=f"scenario {scenario}",
        yes=True,
    )
