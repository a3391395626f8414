"""Whether Prometheus scrapes us and has our rules, and whether Grafana answers."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

from fleetgauge.settings import Settings
from metrics import catalogue
from models.finding import Finding, fault, ok, warning

_TIMEOUT_S: Final = 5
_CLOCK: Final = timedelta(seconds=5)
"""The header Date has whole seconds."""
_SERVICES: Final = {
    catalogue.SHARES_UP.name: "fleetgauge metrics",
    catalogue.INGEST_BROKER_CONNECTED.name: "fleetgauge ingest",
}
"""A metric of each service, which is gone a moment after it can be scraped no more."""
_OURS: Final = f'{{__name__=~"{"|".join(_SERVICES)}"}}'


def monitoring_findings(settings: Settings) -> Iterator[Finding]:
    """Yield what Prometheus and Grafana say of themselves."""
    if settings.prometheus_url:
        yield from _prometheus(settings.prometheus_url.rstrip("/"))
    if settings.grafana_url:
        yield from _grafana(settings.grafana_url.rstrip("/"))


def _prometheus(url: str) -> Iterator[Finding]:
    try:
        scraped, _ = _get(f"{url}/api/v1/query?{urlencode({'query': _OURS})}")
        rules, date = _get(f"{url}/api/v1/rules")
    except (OSError, ValueError) as error:
        yield fault("monitoring.prometheus_unreachable", url=url, error=str(error))
        return
    yield ok("monitoring.prometheus", url=url)
    found = {each["metric"]["__name__"] for each in scraped["data"]["result"]}
    yield from (
        fault("monitoring.not_scraped", service=_SERVICES[name])
        for name in _SERVICES.keys() - found
    )
    recorded = {rule["name"] for group in rules["data"]["groups"] for rule in group["rules"]}
    has_ours = any(name.startswith("fleet:") for name in recorded)
    yield ok("monitoring.rules") if has_ours else warning("monitoring.no_rules")
    if date is not None:
        yield _clock(parsedate_to_datetime(date))


def _grafana(url: str) -> Iterator[Finding]:
    try:
        health, _ = _get(f"{url}/api/health")
    except (OSError, ValueError) as error:
        yield fault("monitoring.grafana_unreachable", url=url, error=str(error))
        return
    is_well = health.get("database") == "ok"
    yield ok("monitoring.grafana", url=url) if is_well else fault("monitoring.grafana_ill", url=url)


def _clock(theirs: datetime) -> Finding:
    apart = abs(datetime.now(UTC) - theirs)
    say = ok if apart < _CLOCK else warning
    return say("clocks.prometheus", apart_seconds=round(apart.total_seconds()))


def _get(url: str) -> tuple[Any, str | None]:
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310 (http, by the setting)
        return json.load(answer), answer.headers.get("Date")
