"""The identity of a vehicle, and what an identifier may be made of."""

import re
from functools import lru_cache
from typing import NamedTuple

from models.legible import has_unseen

_IDENTIFIER = re.compile(r"(?!\s)[^/+#]{1,64}(?<!\s)")


class VehicleId(NamedTuple):
    """Name one vehicle; the vehicle number alone is not unique among operators."""

    operator_id: str
    vehicle_id: str

    def __str__(self) -> str:
        return f"{self.operator_id}/{self.vehicle_id}"


def is_identifier(text: str) -> bool:
    """Tell whether the text can be an operator's or a vehicle's id.

    1 to 64 characters, none that nobody sees, no white space at either end, and none of
    ``/ + #``, which mean something else in a topic.
    """
    return _IDENTIFIER.fullmatch(text) is not None and not has_unseen(text)


@lru_cache(maxsize=16_384)
def named(operator_id: str, vehicle_id: str) -> VehicleId:
    """Return the vehicle of these two names, the same object each time.

    A fleet's few thousand names come again with each message, so they are looked at once. Only
    good names are remembered, and these are short: hostile ones cannot fill the memory.

    Raises:
        ValueError: one of the two is not an identifier.
    """
    for text in (operator_id, vehicle_id):
        if not is_identifier(text):
            raise ValueError(f"{text[:80]!r} cannot be an operator's or a vehicle's id")
    return VehicleId(operator_id, vehicle_id)
