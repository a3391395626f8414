"""What each vehicle adds to the difference of two shares, so that the parts make up the whole."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple


class Part(NamedTuple):
    """Numerator and denominator of a share."""

    vehicles: int
    of: int


class Weights(NamedTuple):
    """By how many percentage points one vehicle more moves a share."""

    numerator: Fraction
    """One more that counts."""
    denominator: Fraction
    """One more in the fleet; negative, for it has to be shared with one more."""

    def points(self, numerator: int, denominator: int) -> Fraction:
        """Return by how many points so many vehicles move it; of fewer, negative numbers."""
        return self.numerator * numerator + self.denominator * denominator


def weights(before: Part, after: Part) -> Weights:
    """Return the weights by which vehicles make up the difference of two shares exactly.

    With n = r * d it holds that n2 - n1 = d * (r2 - r1) + r * (d2 - d1), where d and r are the
    means of both: so a vehicle counts (its change of n - r * its change of d) / d. Neither of the
    two comes first, and what has not changed counts nothing.

    Raises:
        ZeroDivisionError: one of the fleets is empty.
    """
    ratio = (Fraction(*before) + Fraction(*after)) / 2
    numerator = Fraction(200, before.of + after.of)
    return Weights(numerator, -ratio * numerator)


def adding_up(parts: Sequence[Fraction], digits: int) -> list[float]:
    """Round parts so that they add up to their rounded sum, by the largest remainders."""
    scale = 10**digits
    scaled = [part * scale for part in parts]
    floors = [number.__floor__() for number in scaled]
    lacking = round(sum(scaled, Fraction())) - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda place: floors[place] - scaled[place])
    for place in by_remainder[:lacking]:
        floors[place] += 1
    return [number / scale for number in floors]
