"""The worker's metrics, made from the catalogue."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from metrics import catalogue
from models.report import Outcome
from storage.broker_session import BrokerSession
from storage.writing.batch import Batch, Written


class BulkHistogram(Collector):
    """A histogram that takes many values under one lock-free call, for one writing thread.

    prometheus_client takes a lock and walks the buckets for each value: 1.5 µs a report, a third
    of what decoding it costs.
    """

    def __init__(self, metric: catalogue.Metric, registry: CollectorRegistry) -> None:
        self._metric = metric
        self._bounds = metric.buckets
        self._counts = [0] * (len(metric.buckets) + 1)
        self._sum = 0.0
        registry.register(self)

    def observe_ages(self, moments: Sequence[datetime], now: datetime) -> None:
        """Count in how long ago each moment was, in seconds; one that is yet to come was now.

        Args:
            moments: in ascending order.
        """
        past = bisect_right(moments, now)
        older = len(moments)
        for place, bound in enumerate(self._bounds):
            before = bisect_left(moments, now - timedelta(seconds=bound))
            self._counts[place] += older - before
            older = before
        self._counts[-1] += older
        # A sum that falls looks like a restart to Prometheus.
        ages = map(now.__sub__, moments[:past])
        self._sum += sum(ages, timedelta()).total_seconds()

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield the cumulative buckets."""
        cumulative, buckets = 0, []
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            cumulative += count
            buckets.append(("+Inf" if bound == float("inf") else str(float(bound)), cumulative))
        yield HistogramMetricFamily(
            self._metric.name, self._metric.help, buckets=buckets, sum_value=self._sum
        )


class Instruments:
    """The worker's metrics; each method is called by one thread only."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._reports = catalogue.counter(catalogue.INGEST_REPORTS, registry)
        self._rejected = catalogue.counter(catalogue.INGEST_REJECTED, registry)
        self._received = catalogue.counter(catalogue.INGEST_MESSAGES_RECEIVED, registry)
        self._acknowledged = catalogue.counter(catalogue.INGEST_MESSAGES_ACKNOWLEDGED, registry)
        self._batch_reports = catalogue.histogram(catalogue.INGEST_BATCH_REPORTS, registry)
        self._commit_seconds = catalogue.histogram(catalogue.INGEST_COMMIT_SECONDS, registry)
        self._delay_seconds = BulkHistogram(catalogue.INGEST_DELAY_SECONDS, registry)
        self._ahead = catalogue.counter(catalogue.INGEST_REPORTS_AHEAD, registry)
        self._unknown_equipment = catalogue.counter(catalogue.INGEST_UNKNOWN_EQUIPMENT, registry)
        self._not_kept = catalogue.counter(catalogue.INGEST_REJECTED_NOT_KEPT, registry)
        self._turned_away = catalogue.counter(catalogue.INGEST_TURNED_AWAY, registry)
        self._unacknowledged = catalogue.gauge(catalogue.INGEST_UNACKNOWLEDGED_MESSAGES, registry)
        self._broker_connected = catalogue.gauge(catalogue.INGEST_BROKER_CONNECTED, registry)
        self._database_up = catalogue.gauge(catalogue.INGEST_DATABASE_UP, registry)
        self._last_commit = catalogue.gauge(
            catalogue.INGEST_LAST_COMMIT_TIMESTAMP_SECONDS, registry
        )
        self._sessions_lost = catalogue.counter(catalogue.INGEST_SESSIONS_LOST, registry)
        self._lost_at = catalogue.gauge(catalogue.INGEST_SESSION_LOST_TIMESTAMP_SECONDS, registry)
        self._taken_over_at = catalogue.gauge(
            catalogue.INGEST_SESSION_TAKEN_OVER_TIMESTAMP_SECONDS, registry
        )

    def received(self, messages: int, unacknowledged: int) -> None:
        """Count received messages."""
        self._received.inc(messages)
        self._unacknowledged.set(unacknowledged)

    def acknowledged(self, messages: int, unacknowledged: int) -> None:
        """Count acknowledged messages."""
        self._acknowledged.inc(messages)
        self._unacknowledged.set(unacknowledged)

    def broker_connected(self, connected: bool) -> None:
        """Set whether messages can arrive."""
        self._broker_connected.set(connected)

    def session_lost(self, session: BrokerSession) -> None:
        """Count a connection at which the broker no longer had the session and its messages."""
        self._sessions_lost.inc()
        self.session(session)

    def session(self, session: BrokerSession) -> None:
        """Set when the session was last lost or taken over, by this process or one before it."""
        self._lost_at.set(session.lost_at.timestamp() if session.lost_at else 0)
        self._taken_over_at.set(session.taken_over_at.timestamp() if session.taken_over_at else 0)

    def database_up(self, up: bool) -> None:
        """Set whether the last write reached the database."""
        self._database_up.set(up)

    def committed(
        self, batch: Batch, written: Written, seconds: float, committed_at: datetime
    ) -> None:
        """Count a committed batch."""
        for outcome, reports in (
            (Outcome.STORED, written.stored),
            (Outcome.DUPLICATE, written.duplicate),
            (Outcome.CONTACT, written.contact),
            (Outcome.REJECTED, written.rejected.total()),
        ):
            self._reports.labels(outcome).inc(reports)
        for reason, reports in written.rejected.items():
            self._rejected.labels(reason).inc(reports)
        self._batch_reports.observe(batch.received)
        self._commit_seconds.observe(seconds)
        moments = sorted([report.observed_at for report, _ in batch.reports])
        self._delay_seconds.observe_ages(moments, committed_at)
        self._ahead.inc(len(moments) - bisect_right(moments, committed_at))
        self._unknown_equipment.inc(batch.unknown_equipment)
        self._not_kept.inc(written.not_kept)
        self._turned_away.inc(written.turned_away)
        self._database_up.set(1)
        self._last_commit.set(committed_at.timestamp())
