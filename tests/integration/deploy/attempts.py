"""What somebody with one of our accounts may try, and what comes of it: one row an attempt.

The tests make each attempt on a real server; docs/security.md has the same rows.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

REFUSED: Final = "refused"
HARMLESS: Final = "harmless"


class Attempt(NamedTuple):
    """A row of the table."""

    who: str
    """The account, as docker-compose.yml names it."""
    attempt: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.who}: {self.attempt}"


def table(attempts: Iterable[Attempt]) -> str:
    """Write attempts as docs/security.md has them."""
    rows = [f"| `{who}` | {attempt} | {outcome} |" for who, attempt, outcome in attempts]
    return "\n".join(["| account | attempt | outcome |", "| --- | --- | --- |", *rows])
