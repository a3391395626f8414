"""Server-sent events (HTML Living Standard, section 9.2): read as long as a page is open."""

from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import Response, StreamingResponse

_HEADERS: Final = {
    "Cache-Control": "no-store",
    # nginx would gather what is sent.
    "X-Accel-Buffering": "no",
}


def event_stream(events: AsyncIterator[bytes]) -> Response:
    """Return the answer that sends events as they come."""
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)
