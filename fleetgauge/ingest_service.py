"""From the settings to a worker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from prometheus_client import CollectorRegistry

from fleetgauge.broker_access import broker_access
from fleetgauge.commands.database import database
from fleetgauge.figure_rules import recorded_settings
from fleetgauge.settings import Settings
from fleetgauge.workers.numbered import Place, client_id_of, named, numbered, shared
from ingest.client_id_claim import ClientIdClaim
from ingest.heartbeat import Heartbeat
from ingest.instruments import Instruments
from ingest.queue import MessageQueue
from ingest.retirement import RetiringSubscriber
from ingest.service import BatchLimits, IngestService
from ingest.subscriber import Subscriber
from models.broker import BrokerAccess, MqttVersion
from storage.broker_session import Installation, forget_session, installation
from storage.rules import record
from storage.writing.keys import learn_kinds
from storage.writing.writer import Writer


def ingest_service(
    settings: Settings, registry: CollectorRegistry, place: Place | None = None
) -> IngestService:
    """Make a worker that counts into the registry; ``run`` makes it work.

    Args:
        settings: of a worker alone.
        registry: gets its metrics.
        place: which of several it is; None: it is alone.
    """
    names = _names(settings)
    settings = named(settings, names) if place is None else numbered(settings, names, place)
    access = broker_access(settings)
    claim = _claim(settings, access)
    heartbeat = Heartbeat(claim, settings.worker)

    def make_subscriber(
        access: BrokerAccess, queue: MessageQueue, instruments: Instruments
    ) -> Subscriber:
        subscriber = Subscriber(access, queue, instruments, claim)
        heartbeat.on_taken = subscriber.fail
        return subscriber

    return _service(settings, access, registry, make_subscriber, heartbeat)


@contextmanager
def retiring_service(settings: Settings, worker: str) -> Iterator[IngestService]:
    """Yield a worker that stores what a session still holds, and ends the session.

    Args:
        settings: of a worker alone.
        worker: whose session it is: its name, or the session's client id.
    """
    names = _names(settings)
    access = broker_access(settings)
    # The session may be of a worker alone or of one of several.
    of_several = [shared(name, names.share_group) for name in access.topic_filters]
    filters = dict.fromkeys((*access.topic_filters, *of_several))
    client_id = client_id_of(worker, settings, names)
    access = replace(
        access, client_id=client_id, topic_filters=tuple(filters), version=MqttVersion.V5
    )
    claim = _claim(settings, access)

    yield _service(
        settings,
        access,
        CollectorRegistry(),
        lambda access, queue, instruments: RetiringSubscriber(access, queue, instruments, claim),
    )
    with database(settings, "ingest") as connection:
        forget_session(connection, client_id)


def _names(settings: Settings) -> Installation:
    with database(settings, "ingest") as connection:
        return installation(connection)


def _claim(settings: Settings, access: BrokerAccess) -> ClientIdClaim:
    return ClientIdClaim(settings.database_url.get_secret_value(), access.client_id)


def _service(
    settings: Settings,
    access: BrokerAccess,
    registry: CollectorRegistry,
    make_subscriber: Callable[[BrokerAccess, MessageQueue, Instruments], Subscriber],
    heartbeat: Heartbeat | None = None,
) -> IngestService:
    writer = Writer(
        settings.database_url.get_secret_value(),
        settings.worker,
        settings.time_zone,
        settings.quotas,
    )
    limits = BatchLimits(settings.batch_size, settings.batch_age)
    instruments = Instruments(registry)
    with database(settings, "ingest") as connection:
        record(connection, recorded_settings(settings), f"fleetgauge ingest ({settings.worker})")
        rules = settings.rules._replace(kinds=learn_kinds(connection, settings.equipment))
    return IngestService(access, writer, rules, limits, instruments, make_subscriber, heartbeat)
