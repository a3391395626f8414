"""What each finding of `fleetgauge check` says, and the names of what is looked at."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from models.finding import Finding, Level
from models.legible import plain
from reports.language import Language

AREAS: Final[Mapping[str, str]] = {
    "settings": "settings",
    "broker": "broker",
    "database": "database",
    "clocks": "clocks",
    "ingest": "ingest",
    "replica": "replica",
    "tasks": "upkeep",
    "monitoring": "monitoring",
    "service": "service",
}

LEVELS: Final[Mapping[Level, str]] = {
    Level.OK: "ok",
    Level.WARNING: "warning",
    Level.FAULT: "fault",
}

MESSAGES: Final[Mapping[str, str]] = {
    "settings.wrong": "%(complaint)s",
    "settings.plausible": "every variable is known, and no value is unusual",
    "settings.unusual_duration": "%(variable)s is %(value)s; usual is %(least)s to %(most)s (a "
    "number without a unit is seconds)",
    "settings.unusual_number": "%(variable)s is %(value)s; usual is %(least)s to %(most)s",
    "settings.dispatcher_window": "FLEETGAUGE_WINDOWS lacks 5m, which dashboards and alerts read",
    "settings.same_address": "%(variable)s and %(other)s are the same address, %(address)s: one of "
    "the services cannot listen there",
    "settings.probe_unheard": "no filter in FLEETGAUGE_TOPICS covers %(topic)s, so the self-probe "
    "fails",
    "settings.password_in_clear": "the broker's password goes to %(host)s without TLS: use "
    "mqtts://",
    "broker.reachable": "%(broker)s answers",
    "broker.unreachable": "%(broker)s: %(error)s",
    "broker.certificate": "its certificate is valid until %(valid_until)s",
    "broker.refused": "%(broker)s refused the connection: %(reason)s",
    "broker.accepted_anonymous": "accepts connections without an account, MQTT %(version)s: "
    "whoever reaches it may publish for any bus",
    "broker.accepted": "accepts the account %(account)s, MQTT %(version)s",
    "broker.not_tried": "account, limits and subscriptions were not tried, because a worker is "
    "connected: with the account %(account)s a second connection might end the worker's",
    "broker.session_of_account": "every connection of the account %(account)s gets the same "
    "session (Mosquitto: use_username_as_clientid): have services connect to a listener without "
    "that",
    "broker.mqtt_3_1_1": "no MQTT 5: the broker's limits are unknown, and several workers cannot "
    "share the messages",
    "broker.limits": "grants what was asked for",
    "broker.session_expiry_seconds": "keeps a session for %(granted)s and not for %(asked)s "
    "seconds: messages are lost if the worker is away for longer",
    "broker.maximum_qos": "takes QoS 0 only: messages are delivered at most once",
    "broker.wildcard_subscriptions": "takes no wildcards: filters with + or # receive nothing",
    "broker.shared_subscriptions": "offers no shared subscriptions: several workers cannot share "
    "the messages",
    "broker.subscriptions": "takes every filter in FLEETGAUGE_TOPICS",
    "broker.filter_refused": "does not let the account %(account)s subscribe to "
    "%(topic_filter)s: %(reason)s",
    "broker.granted_qos_0": "granted %(topic_filter)s at QoS 0 only: messages are delivered at "
    "most once",
    "broker.logins_refused": "log-ins of %(client)s refused: %(times)s",
    "broker.logins_refused_of_others": "log-ins of %(clients)s others refused: %(times)s",
    "broker.publishes_refused": "publishes of %(client)s refused: %(times)s",
    "broker.publishes_refused_of_others": "publishes of %(clients)s others refused: %(times)s",
    "broker.nobody_refused": "nobody was refused; lines of its log read: %(lines)s",
    "database.reachable": "%(host)s answers, database %(name)s",
    "database.failed": "%(error)s",
    "database.unusable": "%(error)s",
    "database.schema_outdated": "%(error)s",
    "database.schema": "the schema is up to date (version %(version)s)",
    "database.version": "PostgreSQL %(version)s",
    "database.version_too_old": "PostgreSQL %(version)s is too old: %(oldest)s or newer is needed",
    "database.timescaledb": "TimescaleDB %(version)s, %(edition)s edition",
    "database.timescaledb_absent": "no TimescaleDB: positions are in one table",
    "database.timescaledb_not_used": "the server offers TimescaleDB, and this database does not "
    "use it: positions are in one table",
    "database.no_chunks": "TimescaleDB is installed, and positions are in one table all the same: "
    "the schema was made without it",
    "database.not_compressed": "positions are not compressed: what TimescaleDB %(version)s "
    "compresses cannot be restored from a backup; 2.21 or later can",
    "database.encoding": "encoding %(encoding)s",
    "database.other_encoding": "encoding %(encoding)s: reports with letters that it lacks are "
    "rejected",
    "database.standby": "this is a replica, which takes no writes: name it in "
    "FLEETGAUGE_READ_DATABASE_URL, and the primary here",
    "database.fsync": "fsync is off: a power cut destroys the database",
    "database.full_page_writes": "full_page_writes is off: a power cut destroys the database",
    "database.synchronous_commit": "synchronous_commit is off: a crash loses reports that the "
    "broker has been told are stored",
    "database.autovacuum": "autovacuum is off: tables grow, and in the end the server stops",
    "database.read_only": "default_transaction_read_only is on: nothing can be written",
    "database.data_checksums": "data checksums are off: damage to the disk goes unnoticed",
    "database.connections": "%(used)s of %(limit)s connections are in use",
    "database.settings": "no setting that loses data or stops upkeep",
    "database.without_tls": "the connection to %(host)s is not encrypted: add sslmode=verify-full",
    "database.connected_as": "connected as %(role)s (groups: %(groups)s)",
    "database.connected_as_superuser": "connected as %(role)s, a superuser: services need a role "
    "of their own (docs/security.md)",
    "database.connected_as_owner": "connected as %(role)s, the owner of the tables: services need "
    "a role of their own (docs/security.md)",
    "database.unreadable": "%(role)s may not read %(tables)s: grant it a group of docs/security.md",
    "database.groups_missing": "no roles %(roles)s: run `fleetgauge migrate` with the right to "
    "make roles",
    "database.growth_unknown": "%(size)s; growth is unknown until reports have come for an hour",
    "database.growth": "%(size)s; grows by %(day)s a day and %(year)s a year (%(reports_a_day)s "
    "reports a day of %(report_bytes)s bytes, measured over %(measured)s)",
    "database.disk": "%(free)s free, enough for %(days)s days",
    "database.disk_free": "%(free)s free",
    "database.disk_unseen": "its disk cannot be seen from here: run this on the database's "
    "machine, or pass --disk-free",
    "database.upkeep": "vacuum keeps up, and nothing holds it back",
    "database.dead_rows": "%(table_name)s has %(dead)s dead rows beside %(live)s: vacuum does not "
    "keep up",
    "database.wraparound": "the oldest row is %(age)s transactions old; at 2 billion the server "
    "stops: look why vacuum does not freeze",
    "database.long_snapshot": "%(role)s (%(application)s) has had a transaction open for "
    "%(seconds)s: until it ends, vacuum removes nothing newer",
    "database.slot": "the replication slot %(name)s has no reader and holds %(held)s of "
    "write-ahead log: drop it, or let its standby come back",
    "database.prepared": "the prepared transaction %(name)s has not been ended: vacuum removes "
    "nothing newer",
    "database.sessions_hidden": "others' sessions are hidden from this role: grant it "
    "pg_read_all_stats to have long transactions found",
    "clocks.database": "the database's clock differs by %(apart)s",
    "clocks.prometheus": "Prometheus' clock differs by %(apart)s",
    "ingest.connected": "a worker is connected to the broker",
    "ingest.not_connected": "no worker has been connected to the broker since %(seen)s",
    "ingest.never_connected": "no worker has ever been connected to the broker",
    "ingest.receiving": "reports have come within the last hour",
    "ingest.silent": "no report has come since %(received_until)s",
    "ingest.nothing_received": "no report has ever come",
    "replica.reachable": "%(host)s answers, database %(name)s",
    "replica.failed": "%(error)s",
    "replica.behind": "its newest commit is %(behind)s old",
    "replica.takes_writes": "FLEETGAUGE_READ_DATABASE_URL names a server that takes writes, which "
    "is no replica",
    "tasks.backup": "the last backup was made at %(done)s",
    "tasks.no_backup": "there has never been a backup: `fleetgauge backup`",
    "tasks.archive": "positions were archived last at %(done)s",
    "tasks.maintenance": "the last maintenance was done at %(done)s",
    "tasks.no_maintenance": "there has never been maintenance: `fleetgauge maintain`",
    "service.ready": "%(service)s is ready (%(url)s)",
    "service.not_ready": "%(service)s is not ready (%(url)s): %(error)s",
    "monitoring.prometheus": "%(url)s answers",
    "monitoring.prometheus_unreachable": "%(url)s: %(error)s",
    "monitoring.not_scraped": "Prometheus has no series of `%(service)s`: it is down or not "
    "scraped",
    "monitoring.rules": "Prometheus has the recording and alert rules",
    "monitoring.no_rules": "Prometheus has no rules of fleetgauge: nobody is alerted",
    "monitoring.grafana": "%(url)s answers",
    "monitoring.grafana_unreachable": "%(url)s: %(error)s",
    "monitoring.grafana_ill": "%(url)s answers, and its own database does not",
}

_KILO: Final = 1000
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def message(language: Language, finding: Finding) -> str:
    """Return a finding in words, in one line."""
    values = dict(_said(language, name, value) for name, value in finding.values.items())
    return plain(" ".join(language.text(MESSAGES[finding.code], **values).split("\n")))


def size(language: Language, value: float) -> str:
    """Return 1.2 GB."""
    power = 0
    while value >= _KILO and power < len(_UNITS) - 1:
        value, power = value / _KILO, power + 1
    number = language.decimal(value, 1 if power and value < 100 else 0)
    match _UNITS[power]:
        case "B":
            return language.text("%(size)s B", size=number)
        case "kB":
            return language.text("%(size)s kB", size=number)
        case "MB":
            return language.text("%(size)s MB", size=number)
        case "GB":
            return language.text("%(size)s GB", size=number)
    return language.text("%(size)s TB", size=number)


def _said(language: Language, name: str, value: object) -> tuple[str, object]:
    match name.rpartition("_"), value:
        case (kind, _, "bytes"), int() if kind:
            return kind, size(language, value)
        case (kind, _, "seconds"), int() | float() if kind:
            return kind, _duration(language, value)
        case (kind, _, "at"), datetime() if kind:
            return kind, language.instant(value.astimezone(UTC))
    match value:
        case bool():
            return name, language.yes_no(value)
        case int():
            return name, language.number(value)
        case float() if name == "seconds":
            return name, _duration(language, value)
        case float():
            return name, language.decimal(value, 1)
    return name, value


def _duration(language: Language, seconds: float) -> str:
    days = seconds / 86_400
    if days >= 2:
        return language.text("%(days)s d", days=language.number(round(days)))
    return language.duration(round(seconds, 3))
