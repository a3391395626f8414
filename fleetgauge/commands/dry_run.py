"""A change of the registry that can be looked at before it is made."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, NamedTuple

import typer

from fleetgauge.commands.past_reports import altered_document, confirm_past
from fleetgauge.commands.printing import print_json
from fleetgauge.commands.registry_differences import difference_document, write_differences
from fleetgauge.commands.registry_tables import tabulate_differences
from models.vehicle import VehicleId
from storage.connection import Connection
from storage.registry.alterations import Alteration
from storage.registry.differences import Difference, rehearsed_differences

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Change nothing; report what would change.")
]
AsCsv = Annotated[
    bool, typer.Option("--csv", help="With --dry-run: print what would change as CSV.")
]


class Look(NamedTuple):
    """How a change is looked at."""

    dry_run: bool
    as_json: bool
    as_csv: bool

    def check(self) -> None:
        """Pass if these go together.

        Raises:
            typer.BadParameter: they do not.
        """
        if self.as_csv and (self.as_json or not self.dry_run):
            raise typer.BadParameter("goes with --dry-run, without --json.", param_hint="--csv")

    def confirmed(self, connection: Connection, make: Callable[[], object], *, yes: bool) -> "Seen":
        """Return what a change would do, once what it alters of past reports is confirmed.

        Raises:
            PastWouldChange: nobody can be asked.
            CommandError: the answer is no.
        """
        altered = confirm_past(connection, make, yes=yes or self.dry_run)
        found = rehearsed_differences(connection, make) if self.dry_run else ()
        return Seen(found, altered)

    def show(self, content: Mapping[str, object], seen: "Seen", words: Sequence[str]) -> None:
        """Print what was done, or would be.

        Args:
            content: of the JSON document, beside what is in all of them.
            words: for people, a line each.
        """
        if self.as_json:
            print_json({**content, "dry_run": self.dry_run, **seen.document})
        elif self.as_csv:
            write_differences(seen.differences)
        else:
            for line in words:
                typer.echo(line)
            tabulate_differences(seen.differences)


class Seen(NamedTuple):
    """What a change would do."""

    differences: Sequence[Difference]
    """Of a dry run; else nothing."""
    altered: Sequence[Alteration]

    @property
    def vehicles(self) -> Sequence[VehicleId]:
        """The vehicles that it would change, in order."""
        return list(dict.fromkeys(each.vehicle for each in self.differences))

    @property
    def document(self) -> dict[str, object]:
        """The same for scripts."""
        return {
            "differences": [difference_document(each) for each in self.differences],
            "alterations": altered_document(self.altered),
        }
