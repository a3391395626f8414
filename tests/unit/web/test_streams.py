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
    turns: list[list[float]] = [[] for _ in range(READERS)]

    async def read(mine: list[float]) -> None:
        async for _ in ticks(stopping):
            mine.append(time.monotonic())

    async def together() -> float:
        began = time.monotonic()
        readers = [asyncio.create_task(read(mine)) for mine in turns]
        await asyncio.sleep(1.2 * READ_SECONDS)
        stopping.set()
        await asyncio.gather(*readers)
        return time.monotonic() - began

    lasted = asyncio.run(together())
    assert all(2 <= len(mine) <= 2 + lasted / READ_SECONDS for mine in turns)
    assert len({round(mine[1], 2) for mine in turns}) > 3
