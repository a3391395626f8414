"""A process that publishes at a steady rate: each payload bears the moment it was sent.

``python -m tests.benchmarks.pacing PORT RATE SECONDS``
"""

import sys
import time

from tests.benchmarks.flood import OPERATORS, VEHICLES, FloodPublisher, Published

_PAYLOAD = (
    b'{"observed_at":"%s","latitude":56.99%04d,"longitude":40.97,"speed_mps":8.3,'
    b'"bearing_deg":120.5,"route_id":"12","trip_id":"t-9912"}'
)


def main(port: str, rate: str, seconds: str) -> None:
    """Publish, each message at its moment; print by how much the worst was late, in ms."""
    publisher = FloodPublisher(int(port))
    interval = 1 / int(rate)
    due = time.monotonic() + interval
    worst = 0.0
    for number in range(int(rate) * int(seconds)):
        time.sleep(max(0.0, due - time.monotonic()))
        worst = max(worst, time.monotonic() - due)
        publisher.publish([_position_now(number % VEHICLES)])
        due += interval
    publisher.close()
    print(worst * 1000)


def _position_now(vehicle: int) -> Published:
    microseconds = time.time_ns() // 1000
    seconds, fraction = divmod(microseconds, 1_000_000)
    clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    topic = b"fleet/op%d/%d/position" % (vehicle % OPERATORS, vehicle)
    return Published(topic, _PAYLOAD % (b"%s.%06dZ" % (clock.encode(), fraction), vehicle))


if __name__ == "__main__":
    main(*sys.argv[1:])
