"""Who may see the staff pages: this machine's users, who knows the password, whom a proxy names."""

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from web.options import Options
from web.pages import Pages, local_path

SESSION_SECONDS: Final = 12 * 3600
"""A shift."""
_SESSION: Final = "fleetgauge_session"
_FORM: Final = "fleetgauge_form"
_FORM_BYTES: Final = 10_000
_GUESSES: Final = 10
"""Wrong passwords a minute, of all who try; then nobody can sign in for a while."""
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")

Endpoint = Callable[[Request], Awaitable[Response]]


class Access(Enum):
    """What becomes of who asks for a staff page."""

    ALLOWED = auto()
    SIGN_IN = auto()
    FORBIDDEN = auto()


class Staff:
    """Let in whom the settings let in."""

    def __init__(self, options: Options, pages: Pages) -> None:
        self._options = options
        self._pages = pages
        password = (options.password or secrets.token_hex()).encode()
        # From the password, so that a session outlives a restart and not a new password.
        self._key = hashlib.scrypt(password, salt=b"fleetgauge web", n=2**14, r=8, p=1, dklen=32)
        pages.is_staff = lambda request: self.access(request) is Access.ALLOWED
        self._wrong: deque[float] = deque(maxlen=_GUESSES)

    def only(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint that answers those alone who may see the staff pages."""

        async def guarded(request: Request) -> Response:
            match self.access(request):
                case Access.ALLOWED:
                    return await endpoint(request)
                case Access.SIGN_IN:
                    where = request.url.path
                    if request.url.query:
                        where += f"?{request.url.query}"
                    target = f"/sign-in?{urlencode({'back': where})}"
                    return RedirectResponse(target, HTTPStatus.SEE_OTHER)
                case Access.FORBIDDEN:
                    return self._pages.page(
                        request, "forbidden.html.j2", status=HTTPStatus.FORBIDDEN
                    )

        return guarded

    def access(self, request: Request) -> Access:
        """Decide on a request."""
        named = self._options.user_header
        if named and request.headers.get(named) and self._is_from_proxy(request):
            return Access.ALLOWED
        if self._options.password:
            signed_in = self._is_session(request.cookies.get(_SESSION, ""))
            return Access.ALLOWED if signed_in else Access.SIGN_IN
        return Access.ALLOWED if not named and _is_local(request) else Access.FORBIDDEN

    def routes(self) -> list[Route]:
        """Return the routes of signing in and out."""
        return [
            Route("/sign-in", self._form),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
        ]

    async def _form(self, request: Request) -> Response:
        return self._show_form(request, request.query_params.get("back", ""), HTTPStatus.OK)

    async def _sign_in(self, request: Request) -> Response:
        fields = await _fields(request)
        back = fields.get("back", "")
        if not self._is_our_form(request, fields):
            return self._show_form(request, back, HTTPStatus.FORBIDDEN, problem="expired")
        if self._is_guessed():
            return self._show_form(request, back, HTTPStatus.TOO_MANY_REQUESTS, problem="later")
        given = hashlib.sha256(fields.get("password", "").encode()).digest()
        password = self._options.password or secrets.token_hex()
        if not hmac.compare_digest(given, hashlib.sha256(password.encode()).digest()):
            self._wrong.append(time.monotonic())
            return self._show_form(request, back, HTTPStatus.FORBIDDEN, problem="wrong")
        response = RedirectResponse(local_path(back), HTTPStatus.SEE_OTHER)
        ends = f"{int(time.time()) + SESSION_SECONDS}.{secrets.token_urlsafe(12)}"
        value = f"{ends}.{self._sign('session', ends)}"
        _set_cookie(request, response, _SESSION, value, SESSION_SECONDS)
        return response

    async def _sign_out(self, request: Request) -> Response:
        # Nobody else's page can send this: the cookie's SameSite keeps it at home.
        response = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
        response.delete_cookie(_SESSION)
        return response

    def _show_form(
        self, request: Request, back: str, status: HTTPStatus, problem: str = ""
    ) -> Response:
        nonce = request.cookies.get(_FORM) or secrets.token_urlsafe(16)
        response = self._pages.page(
            request,
            "sign_in.html.j2",
            status=status,
            back=local_path(back),
            form=self._sign("form", nonce),
            problem=problem,
        )
        _set_cookie(request, response, _FORM, nonce, SESSION_SECONDS)
        return response

    def _is_our_form(self, request: Request, fields: dict[str, str]) -> bool:
        expected = self._sign("form", request.cookies.get(_FORM, ""))
        return _FORM in request.cookies and hmac.compare_digest(
            fields.get("form", "").encode(), expected.encode()
        )

    def _is_session(self, cookie: str) -> bool:
        ends, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("session", ends).encode()):
            return False
        return int(ends.partition(".")[0]) > time.time()

    def _is_guessed(self) -> bool:
        full = len(self._wrong) == _GUESSES
        return full and time.monotonic() - self._wrong[0] < 60

    def _is_from_proxy(self, request: Request) -> bool:
        if request.client is None:
            return False
        address = ipaddress.ip_address(request.client.host)
        return any(address in network for network in self._options.proxies)

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def _is_local(request: Request) -> bool:
    # A proxy's client is local, too, and so is the browser that a hostile name sent here.
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    return _is_loopback(request.client.host) and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _set_cookie(request: Request, response: Response, name: str, value: str, age: int) -> None:
    secure = "https" in {request.url.scheme, request.headers.get("x-forwarded-proto")}
    response.set_cookie(name, value, max_age=age, httponly=True, samesite="strict", secure=secure)


async def _fields(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_BYTES:
            return {}
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}
