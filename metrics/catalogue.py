"""The closed list of all metrics: name, kind, labels, meaning. Nothing else is exported."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from models.indicator import UntrackableReason
from models.rejection import RejectReason
from models.report import Outcome


class Kind(StrEnum):
    """Prometheus's own words."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Label:
    """A label; with ``values``, a closed set, each of which starts at 0."""

    name: str
    values: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as `/metrics` shows it."""

    name: str
    kind: Kind
    help: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels' names, in their order."""
        return tuple(label.name for label in self.labels)

    def closed_values(self) -> Iterator[tuple[str, ...]]:
        """Iterate over all label values, where all the labels' sets are closed; else over none."""
        return itertools.product(*(label.values or () for label in self.labels))


OPERATOR: Final = Label("operator")
WINDOW: Final = Label("window")
"""Open, because the windows are a setting."""
EQUIPMENT: Final = Label("equipment")
"""Open, because the kinds are a setting."""
UNTRACKABLE_REASON: Final = Label("reason", tuple(UntrackableReason))
REJECT_REASON: Final = Label("reason", tuple(RejectReason))
OUTCOME: Final = Label("outcome", tuple(Outcome))
INDICATOR: Final = Label("indicator")

VEHICLES: Final = Metric(
    "fleet_vehicles",
    Kind.GAUGE,
    "Vehicles of the fleet: in the registry and in service now. The denominator of every share.",
    (OPERATOR,),
)
VEHICLES_TRACKABLE: Final = Metric(
    "fleet_vehicles_trackable",
    Kind.GAUGE,
    "Vehicles of the fleet whose newest fix is no older than the window.",
    (OPERATOR, WINDOW),
)
VEHICLES_TRACKABLE_ON_ROUTE: Final = Metric(
    "fleet_vehicles_trackable_on_route",
    Kind.GAUGE,
    "Trackable vehicles whose route is known, from the fix or else from the registry.",
    (OPERATOR, WINDOW),
)
VEHICLES_EQUIPPED: Final = Metric(
    "fleet_vehicles_equipped",
    Kind.GAUGE,
    "Vehicles of the fleet whose newest report of the equipment says fitted; where none was ever"
    " reported, those declared in the registry.",
    (OPERATOR, EQUIPMENT),
)
VEHICLES_EQUIPMENT_WORKING: Final = Metric(
    "fleet_vehicles_equipment_working",
    Kind.GAUGE,
    "Equipped vehicles whose equipment's newest reported state is working.",
    (OPERATOR, EQUIPMENT),
)
VEHICLES_UNTRACKABLE: Final = Metric(
    "fleet_vehicles_untrackable",
    Kind.GAUGE,
    "Vehicles of the fleet that are not trackable within 5 minutes, each under exactly one reason.",
    (OPERATOR, UNTRACKABLE_REASON),
)
VEHICLES_UNREGISTERED: Final = Metric(
    "fleet_vehicles_unregistered",
    Kind.GAUGE,
    "Vehicles that publish and are not in the fleet, until they are accepted. In no share.",
    (OPERATOR,),
)
TRACKABLE_RATIO: Final = Metric(
    "fleet_trackable_ratio",
    Kind.GAUGE,
    "Trackable vehicles over vehicles, whole fleet; absent where the fleet is empty.",
    (WINDOW,),
)
TRACKABLE_ON_ROUTE_RATIO: Final = Metric(
    "fleet_trackable_on_route_ratio",
    Kind.GAUGE,
    "Trackable vehicles on a known route over vehicles, whole fleet; absent where it is empty.",
    (WINDOW,),
)
EQUIPPED_RATIO: Final = Metric(
    "fleet_equipped_ratio",
    Kind.GAUGE,
    "Equipped vehicles over vehicles, whole fleet; absent where the fleet is empty.",
    (EQUIPMENT,),
)
OPERATOR_TRACKABLE_RATIO: Final = Metric(
    "fleet_operator_trackable_ratio",
    Kind.GAUGE,
    "Trackable vehicles over vehicles of an operator; absent under the minimum group size.",
    (OPERATOR, WINDOW),
)
OPERATOR_EQUIPPED_RATIO: Final = Metric(
    "fleet_operator_equipped_ratio",
    Kind.GAUGE,
    "Equipped vehicles over vehicles of an operator; absent under the minimum group size.",
    (OPERATOR, EQUIPMENT),
)
INDICATOR_TARGET_RATIO: Final = Metric(
    "fleet_indicator_target_ratio",
    Kind.GAUGE,
    "Planned ratio of an indicator of the whole fleet for the current period.",
    (INDICATOR,),
)
OPERATOR_IN_SERVICE: Final = Metric(
    "fleet_operator_in_service",
    Kind.GAUGE,
    "1 where the operator's buses are expected out now, or no service hours are given; else 0.",
    (OPERATOR,),
)
SHARES_UP: Final = Metric(
    "fleet_shares_up",
    Kind.GAUGE,
    "1 where the shares of this scrape could be computed, 0 where the database did not give them.",
)
SHARES_QUERY_SECONDS: Final = Metric(
    "fleet_shares_query_seconds",
    Kind.GAUGE,
    "How long the last computation of the shares took in the database.",
)
SHARES_COMPUTED_TIMESTAMP_SECONDS: Final = Metric(
    "fleet_shares_computed_timestamp_seconds",
    Kind.GAUGE,
    "The moment that the shares describe.",
)

SHARES_REPLICA_DELAY_SECONDS: Final = Metric(
    "fleet_shares_replica_delay_seconds",
    Kind.GAUGE,
    "How long ago the newest commit was that a replica had when it was asked for the shares; "
    "next to 0 where the database itself is asked.",
)

INGEST_REPORTS: Final = Metric(
    "fleet_ingest_reports_total",
    Kind.COUNTER,
    "Received reports by what became of them; the four outcomes add up to what was received.",
    (OUTCOME,),
)
INGEST_REJECTED: Final = Metric(
    "fleet_ingest_rejected_total",
    Kind.COUNTER,
    "Rejected reports by reason.",
    (REJECT_REASON,),
)
INGEST_MESSAGES_RECEIVED: Final = Metric(
    "fleet_ingest_messages_received_total",
    Kind.COUNTER,
    "MQTT messages received, redelivered ones among them.",
)
INGEST_MESSAGES_ACKNOWLEDGED: Final = Metric(
    "fleet_ingest_messages_acknowledged_total",
    Kind.COUNTER,
    "MQTT messages acknowledged to the broker, each after its commit.",
)
INGEST_BATCH_REPORTS: Final = Metric(
    "fleet_ingest_batch_reports",
    Kind.HISTOGRAM,
    "Reports in a committed batch.",
    buckets=(1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000),
)
INGEST_COMMIT_SECONDS: Final = Metric(
    "fleet_ingest_commit_seconds",
    Kind.HISTOGRAM,
    "Time from a batch's first statement to its commit.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
INGEST_DELAY_SECONDS: Final = Metric(
    "fleet_ingest_delay_seconds",
    Kind.HISTOGRAM,
    "Age of a report at its commit: commit − observed_at.",
    # From a bus online (under a second) over the four windows to a stored backlog (a day).
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 90, 300, 900, 3_600, 21_600, 86_400),
)
INGEST_REPORTS_AHEAD: Final = Metric(
    "fleet_ingest_reports_ahead_total",
    Kind.COUNTER,
    "Reports observed, by their own clock, after their commit: a delay of 0 in the histogram.",
)
INGEST_UNKNOWN_EQUIPMENT: Final = Metric(
    "fleet_ingest_unknown_equipment_total",
    Kind.COUNTER,
    "Kinds of equipment named in reports that FLEETGAUGE_EQUIPMENT does not list, and unusable"
    " flags: ignored, the report is kept.",
)
INGEST_REJECTED_NOT_KEPT: Final = Metric(
    "fleet_ingest_rejected_not_kept_total",
    Kind.COUNTER,
    "Rejected messages that are counted and not kept: their operator's room for the hour is used"
    " up.",
)
INGEST_TURNED_AWAY: Final = Metric(
    "fleet_ingest_turned_away_total",
    Kind.COUNTER,
    "Reports of vehicles that are not in the fleet list, beyond the number of such that may appear"
    " in an hour: rejected as unknown_topic.",
)
INGEST_UNACKNOWLEDGED_MESSAGES: Final = Metric(
    "fleet_ingest_unacknowledged_messages",
    Kind.GAUGE,
    "MQTT messages received and not acknowledged yet.",
)
INGEST_BROKER_CONNECTED: Final = Metric(
    "fleet_ingest_broker_connected",
    Kind.GAUGE,
    "1 while connected to the broker and subscribed, else 0.",
)
INGEST_DATABASE_UP: Final = Metric(
    "fleet_ingest_database_up",
    Kind.GAUGE,
    "1 where the last write reached the database, else 0.",
)
INGEST_LAST_COMMIT_TIMESTAMP_SECONDS: Final = Metric(
    "fleet_ingest_last_commit_timestamp_seconds",
    Kind.GAUGE,
    "The moment of the last committed batch; 0 before the first.",
)
INGEST_SESSIONS_LOST: Final = Metric(
    "fleet_ingest_sessions_lost_total",
    Kind.COUNTER,
    "Connections at which the broker had forgotten the session, and what it held for us.",
)
INGEST_SESSION_LOST_TIMESTAMP_SECONDS: Final = Metric(
    "fleet_ingest_session_lost_timestamp_seconds",
    Kind.GAUGE,
    "When the broker had last forgotten a worker's session, kept over restarts; 0: never.",
)
INGEST_SESSION_TAKEN_OVER_TIMESTAMP_SECONDS: Final = Metric(
    "fleet_ingest_session_taken_over_timestamp_seconds",
    Kind.GAUGE,
    "When another client last took a worker's session over (MQTT 5), kept over restarts; 0: never.",
)

BROKER_LOGINS_REFUSED: Final = Metric(
    "fleet_broker_logins_refused_total",
    Kind.COUNTER,
    "Log-ins that the broker refused, by the operator of the account; `other` where it is none of"
    " the fleet list's.",
    (OPERATOR,),
)
BROKER_LOG_UP: Final = Metric(
    "fleet_broker_log_up",
    Kind.GAUGE,
    "1 while the broker lets us listen to its log, else 0, as another make than Mosquitto does;"
    " which says nothing there without `log_dest topic`.",
)

BROKER_ERRORS: Final = Metric(
    "fleet_broker_errors_total",
    Kind.COUNTER,
    "Errors in the broker's log, such as that it cannot save its sessions; not those of TLS.",
)
BROKER_KEPT_MESSAGES: Final = Metric(
    "fleet_broker_kept_messages",
    Kind.GAUGE,
    "Messages that Mosquitto keeps: retained ones, and what waits for a worker that is away or"
    " behind; absent with another broker.",
)
BROKER_KEPT_BYTES: Final = Metric(
    "fleet_broker_kept_bytes",
    Kind.GAUGE,
    "About how much memory they take: their payloads, and 350 bytes for each; absent likewise.",
)
BROKER_MEMORY_LIMIT: Final = Metric(
    "fleet_broker_memory_limit_bytes",
    Kind.GAUGE,
    "The memory that the broker may take, by FLEETGAUGE_BROKER_MEMORY; absent likewise.",
)

READER_SESSIONS_ENDED: Final = Metric(
    "fleet_reader_sessions_ended_total",
    Kind.COUNTER,
    "Database sessions of dashboards and pages that were ended, their transaction lasting over"
    " 60 seconds.",
)

MAINTENANCE_COMPLETED: Final = Metric(
    "fleet_maintenance_completed_timestamp_seconds",
    Kind.GAUGE,
    "When this process last threw away all that was old enough; 0: not since its start.",
)

PROBE_SECONDS: Final = Metric(
    "fleet_probe_seconds",
    Kind.GAUGE,
    "How long the last self-probe took from the broker into the database, or was waited for.",
)
PROBE_SUCCESS: Final = Metric(
    "fleet_probe_success",
    Kind.GAUGE,
    "1 where the last self-probe got into the database within 10 seconds, else 0.",
)

SHARES: Final = (
    VEHICLES,
    VEHICLES_TRACKABLE,
    VEHICLES_TRACKABLE_ON_ROUTE,
    VEHICLES_EQUIPPED,
    VEHICLES_EQUIPMENT_WORKING,
    VEHICLES_UNTRACKABLE,
    VEHICLES_UNREGISTERED,
    TRACKABLE_RATIO,
    TRACKABLE_ON_ROUTE_RATIO,
    EQUIPPED_RATIO,
    OPERATOR_TRACKABLE_RATIO,
    OPERATOR_EQUIPPED_RATIO,
    INDICATOR_TARGET_RATIO,
    OPERATOR_IN_SERVICE,
    SHARES_UP,
    SHARES_QUERY_SECONDS,
    SHARES_COMPUTED_TIMESTAMP_SECONDS,
    SHARES_REPLICA_DELAY_SECONDS,
)
"""What `fleetgauge metrics` exports of the shares."""

PROBE: Final = (PROBE_SECONDS, PROBE_SUCCESS)
"""What `fleetgauge metrics` exports beside it, where it probes."""

BROKER_MEMORY: Final = (BROKER_KEPT_MESSAGES, BROKER_KEPT_BYTES, BROKER_MEMORY_LIMIT)
BROKER: Final = (BROKER_LOGINS_REFUSED, BROKER_LOG_UP, BROKER_ERRORS, *BROKER_MEMORY)
"""What `fleetgauge metrics` exports of the broker, where it probes."""

READERS: Final = (READER_SESSIONS_ENDED,)
"""What `fleetgauge metrics` exports of those who read the database."""

MAINTENANCE: Final = (MAINTENANCE_COMPLETED,)
"""What `fleetgauge metrics` exports of what it throws away, where it may."""

INGEST: Final = (
    INGEST_REPORTS,
    INGEST_REJECTED,
    INGEST_MESSAGES_RECEIVED,
    INGEST_MESSAGES_ACKNOWLEDGED,
    INGEST_BATCH_REPORTS,
    INGEST_COMMIT_SECONDS,
    INGEST_DELAY_SECONDS,
    INGEST_REPORTS_AHEAD,
    INGEST_UNKNOWN_EQUIPMENT,
    INGEST_REJECTED_NOT_KEPT,
    INGEST_TURNED_AWAY,
    INGEST_UNACKNOWLEDGED_MESSAGES,
    INGEST_BROKER_CONNECTED,
    INGEST_DATABASE_UP,
    INGEST_LAST_COMMIT_TIMESTAMP_SECONDS,
    INGEST_SESSIONS_LOST,
    INGEST_SESSION_LOST_TIMESTAMP_SECONDS,
    INGEST_SESSION_TAKEN_OVER_TIMESTAMP_SECONDS,
)
"""What `fleetgauge ingest` exports."""

ALL: Final = SHARES + PROBE + BROKER + READERS + INGEST


def counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    """Make the counter of the catalogue's entry, all values of its closed sets at 0."""
    made = Counter(metric.name, metric.help, metric.label_names, registry=registry)
    if metric.labels:
        for values in metric.closed_values():
            made.labels(*values)
    return made


def gauge(metric: Metric, registry: CollectorRegistry) -> Gauge:
    """Make the gauge of the catalogue's entry, all values of its closed sets at 0."""
    made = Gauge(metric.name, metric.help, metric.label_names, registry=registry)
    if metric.labels:
        for values in metric.closed_values():
            made.labels(*values)
    return made


def histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    """Make the histogram of the catalogue's entry, with its buckets."""
    return Histogram(
        metric.name, metric.help, metric.label_names, registry=registry, buckets=metric.buckets
    )
