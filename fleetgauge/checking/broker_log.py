"""Who was refused at the broker, by Mosquitto's log."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from models.finding import Finding, ok, warning
from models.mosquitto_log import refused_login, refused_publish

SHOWN: Final = 20
"""Whoever fails to log in makes up names; the most frequent ones tell."""


def broker_log_findings(lines: Iterable[bytes]) -> Iterator[Finding]:
    """Yield how often which client was refused a log-in, and a publish; the most frequent first."""
    logins: Counter[str] = Counter()
    publishes: Counter[str] = Counter()
    number = 0
    for line in lines:
        number += 1
        if (client := refused_login(line)) is not None:
            logins[client] += 1
        elif (client := refused_publish(line)) is not None:
            publishes[client] += 1
    for client, times in logins.most_common(SHOWN):
        yield warning("broker.logins_refused", client=client, times=times)
    if others := _beyond_shown(logins):
        yield warning("broker.logins_refused_of_others", clients=len(others), times=sum(others))
    for client, times in publishes.most_common(SHOWN):
        yield warning("broker.publishes_refused", client=client, times=times)
    if others := _beyond_shown(publishes):
        yield warning("broker.publishes_refused_of_others", clients=len(others), times=sum(others))
    if not logins and not publishes:
        yield ok("broker.nobody_refused", lines=number)


def _beyond_shown(refused: Counter[str]) -> list[int]:
    return [times for _, times in refused.most_common()[SHOWN:]]
