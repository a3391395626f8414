"""A script that runs both parts as the demo does: `demo_like.py FOLDER [fork]`.

It prints a line with its database's URL and waits for Ctrl-C, after which it still publishes to the
broker and commits, prints "committed" and ends. With `fork`, a child of it holds its files open.
"""

import os
import signal
import sys
import time
from pathlib import Path

import psycopg
from paho.mqtt.enums import MQTTProtocolVersion

from fleetgauge.embedded.broker import EmbeddedBroker
from fleetgauge.embedded.database import EmbeddedDatabase
from tests.integration.embedded.paho_client import PahoClient


def main(folder: Path, *, fork: bool) -> None:
    # A shell ignores it for what it runs in the background, and that is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with (
        EmbeddedBroker(folder / "broker") as broker,
        EmbeddedDatabase(folder / "database") as database,
        PahoClient(broker.url, MQTTProtocolVersion.MQTTv5) as bus,
        psycopg.connect(database.url) as session,
    ):
        session.execute("CREATE TABLE IF NOT EXISTS bus (number int)")
        session.execute("INSERT INTO bus VALUES (1)")
        session.commit()
        if fork and os.fork() == 0:
            signal.pause()
        try:
            # Within: the interrupt may come as soon as the line is read.
            print(database.url, flush=True)
            while True:
                # Not signal.pause(): an interrupt just before it is not what it waits for.
                time.sleep(0.05)
        except KeyboardInterrupt:
            bus.publish("last", b"words")
            session.execute("INSERT INTO bus VALUES (2)")
            session.commit()
            print("committed", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), fork="fork" in sys.argv[2:])
