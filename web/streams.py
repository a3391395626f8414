"""Server-sent events (HTML Living Standard, section 9.2): read as long as a page is open."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from math import ceil
from typing import Final

from starlette.responses import Response, StreamingResponse

from web.source import READ_SECONDS

_HEADERS: Final = {
    "Cache-Control": "no-store",
    # nginx would gather what is sent.
    "X-Accel-Buffering": "no",
}


def event_stream(events: AsyncIterator[bytes]) -> Response:
    """Return the answer that sends events as they come."""
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)


async def ticks(stopping: threading.Event) -> AsyncIterator[int]:
    """Yield 0, 1, 2, … once a second until the server stops, to each reader at its own moments.

    Without them, readers who once waited for the same thing would go on together: with 2,000 of
    them, one request in a hundred then waited four times as long.
    """
    clock = asyncio.get_running_loop().time
    due = clock() - random.random() * READ_SECONDS  # noqa: S311
    tick = 0
    while not stopping.is_set():
        yield tick
        tick += 1
        due += READ_SECONDS * max(1, ceil((clock() - due) / READ_SECONDS))
        await asyncio.sleep(due - clock())
