"""An account of the broker: whom it speaks for, and on which topics."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from models.vehicle import is_identifier

RESERVED: Final = frozenset({"ingest", "simulator", "fleetgauge", "access", "admin"})
"""Names of the stack's own accounts, and of the operator of the self-probe."""

HFP: Final = "hfp"
TRACCAR: Final = "traccar"

_NATIVE: Final = ("position", "equipment", "status")


class Account(NamedTuple):
    """Who may publish what."""

    name: str
    """Its user name: ``ivpat-1``, ``ivpat-1/101``, ``hfp`` or ``traccar``."""
    topics: tuple[str, ...]
    """Topic filters on which it may publish; it reads nothing."""


def account_of(name: str, operators: Sequence[str] = (), prefix: str = "") -> Account:
    """Return the account of an operator, of one vehicle, or of a feed.

    Args:
        name: ``OPERATOR``, ``OPERATOR/VEHICLE``, ``hfp`` or ``traccar``.
        operators: of the feed ``hfp``, those it may speak for.
        prefix: what stands before every topic at the broker.

    Raises:
        ValueError: the name is reserved or cannot be an account's, or the operators are not fit.
    """
    account = _account_of(name, operators)
    return account._replace(topics=tuple(prefix + topic for topic in account.topics))


def _account_of(name: str, operators: Sequence[str]) -> Account:
    if operators and name != HFP:
        raise ValueError(f"only {HFP} takes a list of operators: a topic names none of {name}'s")
    wrong = [operator for operator in operators if not is_identifier(operator)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} cannot be an operator's id")
    if name == HFP:
        if not operators:
            raise ValueError("hfp needs the operators that it may speak for")
        return Account(name, tuple(f"/hfp/v2/+/+/+/+/{operator}/#" for operator in operators))
    if name == TRACCAR:
        return Account(name, ("traccar/positions",))
    return _own(name)


def _own(name: str) -> Account:
    operator, slash, vehicle = name.partition("/")
    if operator in RESERVED or operator.startswith("$"):
        raise ValueError(f"{operator!r} is reserved")
    if not is_identifier(operator) or (slash and not is_identifier(vehicle)):
        raise ValueError(f"expected OPERATOR or OPERATOR/VEHICLE, got {name!r}")
    level = vehicle if slash else "+"
    native = (f"fleet/{operator}/{level}/{kind}" for kind in _NATIVE)
    return Account(name, (*native, f"owntracks/{operator}/{level}"))
