"""What the registry says of a vehicle beside its identity: described here once, kept as data.

To add one to those that are built in, add a line to ATTRIBUTES, and its titles to the texts. What
else a fleet list has in its columns is kept under the column's name, and can be grouped by too.
"""

from typing import Final, NamedTuple

OPERATOR: Final = "operator"
"""The grouping by operator, which is the vehicle's identity and not an attribute."""


class Attribute(NamedTuple):
    """One attribute: a column of a fleet list, and what the fleet can be grouped by."""

    name: str
    """In files, the database and JSON."""
    option: str
    """After ``--by``."""


ATTRIBUTES: Final = (
    Attribute("route_id", "route"),
    Attribute("depot", "depot"),
    Attribute("municipality", "municipality"),
    Attribute("vehicle_type", "vehicle_type"),
    Attribute("service_kind", "service_kind"),
)

GROUPINGS: Final = (OPERATOR, *(attribute.option for attribute in ATTRIBUTES))
"""What is offered to group by; any other column of a fleet list can be named as well."""


def attribute_of(grouping: str) -> str:
    """Return the name of the attribute behind a grouping; the operator's stays as it is."""
    names = {attribute.option: attribute.name for attribute in ATTRIBUTES}
    return names.get(grouping, grouping)
