"""The shares as metrics, computed when they are scraped."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from metrics import catalogue
from metrics.catalogue import Metric
from metrics.share_source import Computed, ShareSource
from models.indicator import TRACKABLE, TRACKABLE_ON_ROUTE, window_label
from models.share import Counts, Shares
from storage.errors import StorageError

OTHER: Final = "other"
"""The label of vehicles whose operator has none in the fleet."""

Value = tuple[tuple[str, ...], float | None]
"""The labels' values, and the metric's; None: the series is left out."""


class ShareCollector(Collector):
    """Expose the shares; while the database does not answer, only that."""

    def __init__(self, source: ShareSource, min_group_size: int) -> None:
        """Take the source of the shares, and the size below which a group has no ratio."""
        self._source = source
        self._min_group_size = min_group_size

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name the metrics, so that registering needs no database."""
        return (_family(metric, ()) for metric in catalogue.SHARES)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Compute the shares and yield their metrics."""
        computed = self._computed()
        yield _family(catalogue.SHARES_UP, [((), computed is not None)])
        if last := self._source.last:
            at = last.shares.at.timestamp()
            yield _family(catalogue.SHARES_COMPUTED_TIMESTAMP_SECONDS, [((), at)])
            yield _family(catalogue.SHARES_QUERY_SECONDS, [((), last.query_seconds)])
        if computed is not None:
            behind = computed.behind.total_seconds()
            yield _family(catalogue.SHARES_REPLICA_DELAY_SECONDS, [((), behind)])
            yield from self._families(computed)

    def _computed(self) -> Computed | None:
        try:
            return self._source.compute()
        except StorageError:
            return None  # the source has logged why

    def _families(self, computed: Computed) -> Iterator[GaugeMetricFamily]:
        shares = computed.shares
        values = _counts(shares) | _ratios(shares.fleet) | _expectations(computed)
        values |= _ratios_by_operator(shares, self._min_group_size)
        for metric, series in values.items():
            family = _family(metric, series)
            if family.samples:
                yield family


def _counts(shares: Shares) -> dict[Metric, Iterable[Value]]:
    operators = [(name or "", counts) for name, counts in shares.groups.items()]
    return {
        catalogue.VEHICLES: [((name,), counts.vehicles) for name, counts in operators],
        catalogue.VEHICLES_TRACKABLE: [
            ((name, window_label(window)), vehicles)
            for name, counts in operators
            for window, vehicles in counts.trackable.items()
        ],
        catalogue.VEHICLES_TRACKABLE_ON_ROUTE: [
            ((name, window_label(window)), vehicles)
            for name, counts in operators
            for window, vehicles in counts.trackable_on_route.items()
        ],
        catalogue.VEHICLES_EQUIPPED: [
            ((name, equipment), of_kind.equipped)
            for name, counts in operators
            for equipment, of_kind in counts.equipment.items()
        ],
        catalogue.VEHICLES_EQUIPMENT_WORKING: [
            ((name, equipment), of_kind.working)
            for name, counts in operators
            for equipment, of_kind in counts.equipment.items()
        ],
        catalogue.VEHICLES_UNTRACKABLE: [
            ((name, reason), vehicles)
            for name, counts in operators
            for reason, vehicles in counts.untrackable.items()
        ],
        catalogue.VEHICLES_UNREGISTERED: _unregistered(shares),
    }


def _expectations(computed: Computed) -> dict[Metric, Iterable[Value]]:
    operators = [name or "" for name in computed.shares.groups]
    return {
        catalogue.INDICATOR_TARGET_RATIO: [
            ((indicator,), planned) for indicator, planned in computed.targets.items()
        ],
        catalogue.OPERATOR_IN_SERVICE: [
            ((name,), computed.in_service.get(name) is not False) for name in operators
        ],
    }


def _unregistered(shares: Shares) -> Iterable[Value]:
    # Whoever may publish invents operators: each would be a series that Prometheus keeps.
    counted = Counter(dict.fromkeys((*(name or "" for name in shares.groups), OTHER), 0))
    for name, vehicles in shares.unregistered.items():
        counted[name if name in shares.groups else OTHER] += vehicles
    return [((name,), vehicles) for name, vehicles in counted.items()]


def _ratios(fleet: Counts) -> dict[Metric, Iterable[Value]]:
    return {
        catalogue.TRACKABLE_RATIO: [
            ((window_label(window),), fleet.ratio(TRACKABLE, window)) for window in fleet.trackable
        ],
        catalogue.TRACKABLE_ON_ROUTE_RATIO: [
            ((window_label(window),), fleet.ratio(TRACKABLE_ON_ROUTE, window))
            for window in fleet.trackable
        ],
        catalogue.EQUIPPED_RATIO: [
            ((equipment,), _equipped_ratio(fleet, equipment, 1)) for equipment in fleet.equipment
        ],
    }


def _ratios_by_operator(shares: Shares, minimum: int) -> dict[Metric, Iterable[Value]]:
    operators = [(name or "", counts) for name, counts in shares.groups.items()]
    return {
        catalogue.OPERATOR_TRACKABLE_RATIO: [
            ((name, window_label(window)), counts.ratio(TRACKABLE, window, minimum))
            for name, counts in operators
            for window in counts.trackable
        ],
        catalogue.OPERATOR_EQUIPPED_RATIO: [
            ((name, equipment), _equipped_ratio(counts, equipment, minimum))
            for name, counts in operators
            for equipment in counts.equipment
        ],
    }


def _equipped_ratio(counts: Counts, equipment: str, minimum: int) -> float | None:
    return counts.ratio(equipment, timedelta(), minimum)


def _family(metric: Metric, series: Iterable[Value]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.label_names)
    for labels, value in series:
        if value is not None:
            family.add_metric(labels, float(value))
    return family
