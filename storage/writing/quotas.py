"""How much, and what, is kept of what anybody who may publish can invent, by operator and hour.

An operator has room of its own once it has a vehicle in the fleet list. All others share one room:
their names cost whoever publishes nothing.
"""

from typing import NamedTuple


class Quotas(NamedTuple):
    """What may be added in an hour; beyond it everything is counted, and nothing kept."""

    rejected_messages: int = 1_000
    rejected_bytes: int = 4_000_000
    """Of rejected messages: topics, payloads and lists of reports."""
    new_vehicles: int = 2_000
    """Of an operator, that are not in the fleet list."""
    new_operators: int = 100
    """Without a vehicle in the fleet list, of all."""
    personal: bool = False
    """Whether rejected messages are kept with what they say of people."""
