"""Share a total out in proportion: the largest remainder method (Hamilton)."""

from collections.abc import Sequence


def apportion(total: int, weights: Sequence[int], *, keep: bool = False) -> list[int]:
    """Return whole numbers in proportion to the weights that add up to the total.

    Equal remainders go to the earlier one. With ``keep`` no positive weight ends at 0 as long as
    the total allows it; the largest numbers give way.
    """
    whole = sum(weights)
    if whole <= 0:
        return [0] * len(weights)
    seats = [total * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in remainders[: total - sum(seats)]:
        seats[index] += 1
    if keep and total >= sum(weight > 0 for weight in weights):
        _lift_from_zero(seats, weights)
    return seats


def _lift_from_zero(seats: list[int], weights: Sequence[int]) -> None:
    for index, weight in enumerate(weights):
        if weight > 0 and seats[index] == 0:
            seats[seats.index(max(seats))] -= 1
            seats[index] = 1
