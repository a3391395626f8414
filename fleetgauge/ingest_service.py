"""From the settings to a worker."""

from prometheus_client import CollectorRegistry

from fleetgauge.broker_access import broker_access
from fleetgauge.settings import Settings
from ingest.instruments import Instruments
from ingest.service import BatchLimits, IngestService
from storage.writer import Writer


def ingest_service(settings: Settings, registry: CollectorRegistry) -> IngestService:
    """Make a worker that counts into the registry; ``run`` makes it work."""
    writer = Writer(
        settings.database_url.get_secret_value(),
        settings.worker,
        settings.time_zone,
        settings.rejected_kept_per_hour,
    )
    limits = BatchLimits(settings.batch_size, settings.batch_age)
    access = broker_access(settings)
    return IngestService(access, writer, settings.rules, limits, Instruments(registry))
