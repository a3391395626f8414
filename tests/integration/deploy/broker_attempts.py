"""Attempts on the broker, each by somebody with an account of ours, or without one."""

from typing import Final, NamedTuple

from tests.integration.deploy.attempts import REFUSED, Attempt


class Filter(NamedTuple):
    """A subscription."""

    attempt: Attempt
    topic_filter: str


class Publish(NamedTuple):
    """A message."""

    attempt: Attempt
    topic: str


def _filter(who: str, topic_filter: str, what: str) -> Filter:
    return Filter(Attempt(who, f"subscribe to `{topic_filter}`: {what}", REFUSED), topic_filter)


def _publish(who: str, topic: str, what: str) -> Publish:
    return Publish(Attempt(who, f"publish on `{topic}`: {what}", REFUSED), topic)


OPERATOR: Final = "ivpat-1"
VEHICLE: Final = "ivpat-1/101"

FILTERS: Final = (
    _filter(OPERATOR, "#", "everybody's positions"),
    _filter(OPERATOR, "fleet/#", "everybody's positions"),
    _filter(OPERATOR, "fleet/ivpat-1/101/position", "one's own"),
    _filter(OPERATOR, "$share/fleetgauge/fleet/#", "a share of the workers' messages"),
    _filter(OPERATOR, "$SYS/#", "the broker's figures"),
    _filter(OPERATOR, "$CONTROL/#", "what is answered to who manages accounts"),
    _filter(VEHICLE, "fleet/ivpat-1/+/position", "the operator's other buses"),
    _filter("hfp", "/hfp/v2/#", "the feeds of others"),
    _filter("simulator", "fleet/#", "everybody's positions"),
    _filter("fleetgauge", "fleet/#", "everybody's positions, with the account of the self-probe"),
    _filter("ingest", "$CONTROL/#", "what is answered to who manages accounts"),
    _filter("ingest", "$SYS/#", "the broker's figures"),
    _filter("access", "fleet/#", "everybody's positions"),
)

PUBLISHES: Final = (
    _publish(OPERATOR, "fleet/ivpat-2/101/position", "another operator's bus"),
    _publish(OPERATOR, "owntracks/ivpat-2/101", "another operator's bus"),
    _publish(OPERATOR, "fleet/ivpat-1/101/command", "what no bus publishes"),
    _publish(OPERATOR, "fleet/fleetgauge/probe/position", "the self-probe"),
    _publish(OPERATOR, "traccar/positions", "a payload that names any bus"),
    _publish(OPERATOR, "/hfp/v2/journey/ongoing/vp/bus/0018/00423/", "any bus"),
    _publish(OPERATOR, "$CONTROL/dynamic-security/v1", "a command that makes an account"),
    _publish(OPERATOR, "$SYS/broker/uptime", "the broker's figures"),
    _publish(VEHICLE, "fleet/ivpat-1/102/position", "the operator's other bus"),
    _publish(VEHICLE, "owntracks/ivpat-1/102", "the operator's other bus"),
    _publish("hfp", "/hfp/v2/journey/ongoing/vp/bus/0022/00423/", "an operator not in its list"),
    _publish("hfp", "fleet/ivpat-1/101/position", "in another format"),
    _publish("traccar", "fleet/ivpat-1/101/position", "in another format"),
    _publish("fleetgauge", "fleet/ivpat-1/101/position", "a bus, with the self-probe's account"),
    _publish("simulator", "$CONTROL/dynamic-security/v1", "a command that makes an account"),
    _publish("ingest", "fleet/ivpat-1/101/position", "a bus"),
    _publish("ingest", "$CONTROL/dynamic-security/v1", "a command that makes an account"),
)

NO_PASSWORD: Final = Attempt("nobody", "connect without a password", REFUSED)
WRONG_PASSWORD: Final = Attempt("nobody", "connect with a wrong password", REFUSED)
LAST_WILL: Final = Attempt(
    OPERATOR, "leave a last will on another operator's topic, and break off", "not published"
)
THEFT: Final = Attempt(
    OPERATOR,
    "take over the worker's session with its client id, while 1,000 messages wait in it",
    "it gets a session of its own name; 1,000 of 1,000 are stored",
)
ENDING: Final = Attempt(
    OPERATOR,
    "end that session, with a clean start and an expiry of 0",
    "it ends its own; 1,000 of 1,000 are stored",
)
THROWING_OUT: Final = Attempt(
    OPERATOR,
    "throw another operator's gateway out with its client id",
    "the other stays connected",
)
SHARE: Final = Attempt(
    OPERATOR,
    "draw away a share of two workers' messages, knowing their group's name",
    "refused; 1,000 of 1,000 acknowledged are stored",
)
REVOKED: Final = Attempt(
    VEHICLE, "go on after the account was revoked", "disconnected at once, and not let in again"
)
OVERSIZE: Final = Attempt(OPERATOR, "publish a message of 4 MiB", "cut off; no part of it is kept")
FLOOD: Final = Attempt(
    OPERATOR,
    "fill the broker's memory while ingest is away, with messages of 256 KiB",
    "not prevented up to `MOSQUITTO_MEMORY`; others publish, and all that was acknowledged is"
    " delivered",
)

ATTEMPTS: Final = (
    NO_PASSWORD,
    WRONG_PASSWORD,
    *(each.attempt for each in FILTERS),
    *(each.attempt for each in PUBLISHES),
    LAST_WILL,
    THEFT,
    ENDING,
    THROWING_OUT,
    SHARE,
    REVOKED,
    OVERSIZE,
    FLOOD,
)
