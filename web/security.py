"""What a browser may do with our pages: nothing of another host's, and no script within a page."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    # MapLibre starts its worker from a blob of its own text.
    "worker-src": "'self' blob:",
    "base-uri": "'none'",
    "form-action": "'self'",
}

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def policy(*, embeddable: bool, tiles: str | None = None) -> str:
    """Return a page's Content-Security-Policy (level 3).

    Args:
        embeddable: whether another site may show it in a frame.
        tiles: the one other origin that it may ask, for pictures of the base map.
    """
    rules = {**_POLICY, "frame-ancestors": "*" if embeddable else "'none'"}
    if tiles is not None:
        rules["connect-src"] += f" {tiles}"
        rules["img-src"] += f" {tiles}"
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def default_headers() -> dict[str, str]:
    """Return the headers of whatever is no page."""
    return {**_HEADERS, "Content-Security-Policy": policy(embeddable=False)}


class SecurityHeaders:
    """Put the headers that every answer has on it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", policy(embeddable=False))
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
