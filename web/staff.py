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
from web.role import Role

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
    """What becomes of who may not see a page."""

    SIGN_IN = auto()
    FORBIDDEN = auto()


class Staff:
    """Let in whom the settings let in."""

    def __init__(self, options: Options, pages: Pages) -> None:
        self._options = options
        self._pages = pages
        self._passwords = {
            role: password
            for role, password in (
                (Role.ANALYST, options.password),
                (Role.VIEWER, options.viewer_password),
            )
            if password
        }
        self._keys = {role: _key(password) for role, password in self._passwords.items()}
        self._form_key = next(iter(self._keys.values()), secrets.token_bytes(32))
        pages.role = self.role
        self._wrong: deque[float] = deque(maxlen=_GUESSES)

    def only(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint that answers those alone who may see the staff pages."""
        return self._guarded(endpoint, Role.VIEWER)

    def analysts(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint that answers analysts alone."""
        return self._guarded(endpoint, Role.ANALYST)

    def _guarded(self, endpoint: Endpoint, least: Role) -> Endpoint:
        async def guarded(request: Request) -> Response:
            found = self._access(request)
            if isinstance(found, Role) and found < least:
                found = Access.FORBIDDEN
            match found:
                case Role():
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

    def role(self, request: Request) -> Role | None:
        """Return who asks; None: nobody of the staff."""
        found = self._access(request)
        return found if isinstance(found, Role) else None

    def _access(self, request: Request) -> Role | Access:
        header = self._options.user_header
        user = request.headers.get(header) if header else None
        if user and self._is_from_proxy(request):
            analysts = self._options.analysts
            return Role.ANALYST if analysts is None or user in analysts else Role.VIEWER
        if self._passwords:
            return self._session(request.cookies.get(_SESSION, "")) or Access.SIGN_IN
        return Role.ANALYST if not header and _is_local(request) else Access.FORBIDDEN

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
        role = self._whose(fields.get("password", ""))
        if role is None:
            self._wrong.append(time.monotonic())
            return self._show_form(request, back, HTTPStatus.FORBIDDEN, problem="wrong")
        response = RedirectResponse(local_path(back), HTTPStatus.SEE_OTHER)
        ends = f"{int(time.time()) + SESSION_SECONDS}.{secrets.token_urlsafe(12)}"
        value = f"{ends}.{_sign(self._keys[role], f'session:{ends}')}"
        _set_cookie(request, response, _SESSION, value, SESSION_SECONDS)
        return response

    async def _sign_out(self, request: Request) -> Response:
        # Nobody else's page can send this: the cookie's SameSite keeps it at home, and a browser
        # says where a form is from.
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return self._pages.page(request, "forbidden.html.j2", status=HTTPStatus.FORBIDDEN)
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
            form=_sign(self._form_key, f"form:{nonce}"),
            problem=problem,
        )
        _set_cookie(request, response, _FORM, nonce, SESSION_SECONDS)
        return response

    def _is_our_form(self, request: Request, fields: dict[str, str]) -> bool:
        expected = _sign(self._form_key, f"form:{request.cookies.get(_FORM, '')}")
        return _FORM in request.cookies and hmac.compare_digest(
            fields.get("form", "").encode(), expected.encode()
        )

    def _whose(self, given: str) -> Role | None:
        """Return the role that a password gives; each is compared, so that time tells nothing."""
        digest = hashlib.sha256(given.encode()).digest()
        fits = [
            role
            for role, password in self._passwords.items()
            if hmac.compare_digest(digest, hashlib.sha256(password.encode()).digest())
        ]
        return max(fits, default=None)

    def _session(self, cookie: str) -> Role | None:
        ends, _, signature = cookie.rpartition(".")
        for role, key in self._keys.items():
            if hmac.compare_digest(signature.encode(), _sign(key, f"session:{ends}").encode()):
                return role if int(ends.partition(".")[0]) > time.time() else None
        return None

    def _is_guessed(self) -> bool:
        full = len(self._wrong) == _GUESSES
        return full and time.monotonic() - self._wrong[0] < 60

    def _is_from_proxy(self, request: Request) -> bool:
        if request.client is None:
            return False
        address = ipaddress.ip_address(request.client.host)
        return any(address in network for network in self._options.proxies)


def _key(password: str) -> bytes:
    # From the password, so that a session outlives a restart and not a new password.
    return hashlib.scrypt(password.encode(), salt=b"fleetgauge web", n=2**14, r=8, p=1, dklen=32)


def _sign(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


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
