"""Settings that are taken and hardly meant: ``FLEETGAUGE_WINDOWS=5`` is five seconds."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from typing import Final

from paho.mqtt.client import topic_matches_sub

from fleetgauge.environment import variable_of
from fleetgauge.settings import Settings
from models.finding import Finding, ok, warning
from models.indicator import DISPATCHER_WINDOW
from models.probe import TOPIC
from models.topic_filter import unshared

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)

_DURATIONS: Final = {
    "windows": (30 * _SECOND, 7 * _DAY),
    "mqtt_session_expiry": (_HOUR, 90 * _DAY),
    "mqtt_start_timeout": (5 * _SECOND, 10 * _MINUTE),
    "batch_age": (0.01 * _SECOND, 10 * _SECOND),
    "max_age": (_DAY, 400 * _DAY),
    "max_skew": (5 * _SECOND, 10 * _MINUTE),
    "downtime_limit": (_MINUTE, _DAY),
    "probe_interval": (5 * _SECOND, 10 * _MINUTE),
    "web_feed_window": (30 * _SECOND, _HOUR),
}
"""What somebody may mean by a duration; a number without a unit is seconds."""

_NUMBERS: Final = {
    "mqtt_receive_maximum": (100, 65_535),
    "batch_size": (100, 100_000),
    "rejected_kept_per_hour": (10, 100_000),
    "min_group_size": (2, 100),
    "tracked_minutes": (2, 240),
}

_ADDRESSES: Final = ("ingest_address", "metrics_address", "web_address")


def settings_findings(settings: Settings) -> Iterator[Finding]:
    """Yield each value that is suspicious, or that all are plausible."""
    found = [*_out_of_range(settings), *_against_each_other(settings), *_in_clear(settings)]
    yield from found or [ok("settings.plausible")]


def _out_of_range(settings: Settings) -> Iterator[Finding]:
    for name, (least, most) in _DURATIONS.items():
        value = getattr(settings, name)
        for duration in value if isinstance(value, tuple) else (value,):
            # 0 turns a thing off.
            if duration and not least <= duration <= most:
                yield warning(
                    "settings.unusual_duration",
                    variable=variable_of(name),
                    value_seconds=duration.total_seconds(),
                    least_seconds=least.total_seconds(),
                    most_seconds=most.total_seconds(),
                )
    for name, (fewest, greatest) in _NUMBERS.items():
        number = getattr(settings, name)
        if not fewest <= number <= greatest:
            variable = variable_of(name)
            yield warning(
                "settings.unusual_number",
                variable=variable,
                value=number,
                least=fewest,
                most=greatest,
            )


def _against_each_other(settings: Settings) -> Iterator[Finding]:
    if DISPATCHER_WINDOW not in settings.windows:
        yield warning("settings.dispatcher_window")
    by_address: dict[object, str] = {}
    for name in _ADDRESSES:
        address = getattr(settings, name)
        if address.port and (other := by_address.setdefault(address, name)) != name:
            yield warning(
                "settings.same_address",
                variable=variable_of(name),
                other=variable_of(other),
                address=str(address),
            )
    filters = (unshared(name) for name in settings.topics)
    if settings.probe_interval and not any(topic_matches_sub(each, TOPIC) for each in filters):
        yield warning("settings.probe_unheard", topic=TOPIC)


def _in_clear(settings: Settings) -> Iterator[Finding]:
    url = settings.mqtt_url
    if url.password is not None and not url.tls and not _is_near(url.host):
        yield warning("settings.password_in_clear", host=url.host)


def _is_near(host: str) -> bool:
    # A name without a dot is a neighbour's, as that of a container's.
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host
