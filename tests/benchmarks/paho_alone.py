"""paho alone, as a process: receives so many messages, says when it had the last one.

``python -m tests.benchmarks.paho_alone PORT CLIENT_ID 5|3.1.1 COUNT``
"""

import sys
import threading
import time

import paho.mqtt.client as paho

from tests.benchmarks import session


def main(port: str, client_id: str, protocol: str, count: str) -> None:
    """Receive with ``loop_start`` and automatic acknowledgement, counting and nothing else."""
    mqtt5 = protocol == "5"
    client = session.stock_client(client_id, mqtt5=mqtt5)
    received, wanted = 0, int(count)
    complete = threading.Event()

    def on_message(_client: paho.Client, _data: object, _message: paho.MQTTMessage) -> None:
        nonlocal received
        received += 1
        if received >= wanted:
            complete.set()

    client.on_message = on_message
    session.connect(client, int(port), mqtt5=mqtt5)
    client.loop_start()
    complete.wait()
    print(time.monotonic(), time.process_time(), flush=True)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
