"""When those who read streams have their turn."""

import asyncio
import threading
import time

from web.source import READ_SECONDS
from web.streams import ticks

READERS = 50


def test_readers_who_came_together_go_on_apart_and_once_a_second() -> None:
    """All at once, they would keep everybody else waiting while they are sent to."""
    stopping = threading.Event()

    async def read() -> list[float]:
        return [time.monotonic() async for _ in ticks(stopping)]

    async def together() -> list[list[float]]:
        readers = [asyncio.create_task(read()) for _ in range(READERS)]
        await asyncio.sleep(1.2 * READ_SECONDS)
        stopping.set()
        return await asyncio.gather(*readers)

    began = time.monotonic()
    turns = asyncio.run(together())
    lasted = time.monotonic() - began
    assert all(2 <= len(mine) <= 2 + lasted / READ_SECONDS for mine in turns)
    assert len({round(mine[1], 2) for mine in turns}) > 3
