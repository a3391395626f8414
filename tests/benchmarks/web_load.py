"""A process that opens event streams and fetches feeds at a steady rate, and counts.

``python -m tests.benchmarks.web_load PORT STREAMS RATE SECONDS``

A request's time runs from when it was due, so that a server that falls behind shows it. How late
this process itself wrote them is given beside: it shares the machine with the server.
"""

import asyncio
import gc
import json
import sys
import time
from typing import Final

CONNECTIONS: Final = 60
PATHS: Final = ("/gtfs-rt/vehicle-positions.pb", "/vehicles.geojson")
STREAMS: Final = ("/map/events", "/now/events")
PATIENCE_S: Final = 60


class Load:
    """What came of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open = 0
        self.events = 0
        self.errors = 0
        self.times: list[float] = []
        self.late: list[float] = []

    async def stream(self, path: str, started: asyncio.Event) -> None:
        """Read a stream until the task is cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(_request(path))
            if b" 200 " not in await reader.readline():
                self.errors += 1
                return
            self.open += 1
            started.set()
            while chunk := await reader.read(1 << 16):
                self.events += chunk.count(b"event: ")
            # It has ended, and none of them should.
            self.open -= 1
            self.errors += 1
        finally:
            writer.close()

    async def fetch(self, due: "asyncio.Queue[float | None]", number: int) -> None:
        """Fetch a feed at each moment that is due, over one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while (moment := await due.get()) is not None:
            self.late.append(time.monotonic() - moment)
            writer.write(_request(PATHS[number % 2]))
            try:
                await _answer(reader)
            except (OSError, ValueError, asyncio.IncompleteReadError):
                self.errors += 1
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            else:
                self.times.append(time.monotonic() - moment)
        writer.close()


def _request(path: str) -> bytes:
    return (f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n").encode()


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise ValueError(head)
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))


async def _run(port: int, streams: int, rate: int, seconds: int) -> dict[str, float]:
    # Looking for cycles among 2,000 streams took 0.1 s, in which no request was written.
    gc.disable()
    load = Load(port)
    listening = []
    for number in range(streams):
        started = asyncio.Event()
        listening.append(asyncio.create_task(load.stream(STREAMS[number % 2], started)))
        if number % 50 == 49:
            await asyncio.wait_for(started.wait(), PATIENCE_S)
    due: asyncio.Queue[float | None] = asyncio.Queue()
    fetching = [asyncio.create_task(load.fetch(due, each)) for each in range(CONNECTIONS)]
    began = time.monotonic()
    for number in range(rate * seconds):
        moment = began + number / rate
        await asyncio.sleep(max(0.0, moment - time.monotonic()))
        due.put_nowait(moment)
    for _ in fetching:
        due.put_nowait(None)
    await asyncio.wait_for(asyncio.gather(*fetching), PATIENCE_S)
    still_open = load.open
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    return {
        "open": still_open,
        "events": load.events,
        "answered": len(load.times),
        "errors": load.errors,
        "p50": _of_hundred(50, load.times),
        "p99": _of_hundred(99, load.times),
        "late": _of_hundred(99, load.late),
    }


def _of_hundred(number: int, seconds: list[float]) -> float:
    """Return, in ms, what so many of a hundred do not exceed."""
    return sorted(seconds)[len(seconds) * number // 100] * 1000


if __name__ == "__main__":
    json.dump(asyncio.run(_run(*map(int, sys.argv[1:]))), sys.stdout)
