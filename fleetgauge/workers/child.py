"""One worker of several, as a process: ``python -m fleetgauge.workers.child 2 3 DESCRIPTOR``."""

import contextlib
import signal
import sys
import threading
from multiprocessing.connection import Connection

import structlog
from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest

from fleetgauge import logs
from fleetgauge.ingest_service import ingest_service
from fleetgauge.settings import load_settings
from fleetgauge.workers import link
from fleetgauge.workers.numbered import Place
from ingest.errors import IngestError
from ingest.service import IngestService
from storage.errors import StorageError


def main(number: str, workers: str, descriptor: str) -> int:
    """Work until the supervisor says stop or is gone; return the exit code."""
    supervisor = Connection(int(descriptor))
    settings = load_settings()
    logs.configure(settings, worker=f"{settings.worker}-{number}")
    disable_created_metrics()
    registry = CollectorRegistry()
    service = ingest_service(settings, registry, Place(int(number), int(workers)))
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: service.stop())
    listener = (supervisor, registry, service)
    threading.Thread(target=_listen, args=listener, name="supervisor", daemon=True).start()
    try:
        service.run()
    except (IngestError, StorageError) as error:
        _send_failure(supervisor, error, service)
        return 1
    structlog.get_logger().info("stopped")
    return 0


def _listen(supervisor: Connection, registry: CollectorRegistry, service: IngestService) -> None:
    try:
        while supervisor.recv_bytes() == link.METRICS_WANTED:
            link.send(supervisor, link.METRICS, generate_latest(registry).decode())
    except (EOFError, OSError):
        # The supervisor is gone, however it ended: nobody would restart this worker or count it.
        service.stop()


def _send_failure(supervisor: Connection, error: Exception, service: IngestService) -> None:
    what = link.FAILED if service.started else link.FAILED_AT_START
    with contextlib.suppress(OSError):
        link.send(supervisor, what, str(error))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
