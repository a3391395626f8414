"""Pages of HTML: made by Jinja2 on the server, in the reader's language and colours."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from models.legible import without_unseen
from reports import words
from reports.language import Language, LanguageCode, language
from web.assets import Assets
from web.options import Options
from web.role import Role
from web.security import policy

THEMES: Final = ("auto", "light", "dark")
_LANGUAGE: Final = "fleetgauge_language"
_THEME: Final = "fleetgauge_theme"
_A_YEAR_S: Final = 365 * 86400
_SHORT: Final = 60
"""Characters; a fleet list takes names of thousands."""


class Pages:
    """Render the templates for whoever asks."""

    def __init__(self, options: Options, assets: Assets) -> None:
        self._options = options
        self._assets = assets
        self._environment = cache(self._new_environment)
        self.role: Callable[[Request], Role | None] = lambda _request: None
        """What who asks may see of the staff pages, and is shown the way to."""

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        embeddable: bool = False,
        **values: Any,
    ) -> Response:
        """Return the page that a template makes of the values.

        Args:
            embeddable: whether another site may show it in a frame.
        """
        role = self.role(request)
        text = self.render(
            self.language(request),
            template,
            theme=_theme(request),
            here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            section=request.url.path.split("/")[1],
            is_staff=role is not None,
            is_analyst=role == Role.ANALYST,
            signed_in="fleetgauge_session" in request.cookies,
            **values,
        )
        headers = {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"}
        base_map = self._options.base_map
        tiles = None if base_map is None else base_map.host
        headers |= {"Content-Security-Policy": policy(embeddable=embeddable, tiles=tiles)}
        return HTMLResponse(text, status, headers)

    def render(self, spoken: Language, template: str, **values: Any) -> str:
        """Return what a template makes of the values in a language."""
        return self._environment(spoken).get_template(template).render(values)

    def language(self, request: Request) -> Language:
        """Return the language of a reader: chosen here, else set, else the browser's."""
        if (chosen := request.cookies.get(_LANGUAGE, "")) in set(LanguageCode):
            return language(LanguageCode(chosen))
        if self._options.language is not None:
            return language(self._options.language)
        return language(_accepted(request.headers.get("accept-language", "")))

    def routes(self) -> list[Route]:
        """Return the route by which a reader chooses language and colours."""
        return [Route("/choose", _choose)]

    def _new_environment(self, spoken: Language) -> Environment:
        environment = Environment(
            loader=PackageLoader("web"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        environment.filters |= {
            "number": spoken.number,
            "percent": spoken.percent,
            "points": spoken.points,
            "moment": self._moment(spoken),
            "sentence": words.sentence,
            "title": partial(words.title, spoken),
            "plain": without_unseen,
            "short": short,
            "date": spoken.date,
            "grouped": partial(words.grouped, spoken),
            "yes_no": spoken.yes_no,
        }
        base_map = self._options.base_map
        environment.globals |= {
            "language": spoken,
            "text": spoken.text,
            "plural": spoken.plural,
            "part": partial(words.part, spoken),
            "asset": self._assets.url,
            "link": link,
            "themes": THEMES,
            "languages": {"en": "English", "ru": "Русский"},
            "map_is_public": self._options.map_is_public,
            "has_map_file": base_map is not None and base_map.file is not None,
            "map_settings": json.dumps(
                {"base": base_map and base_map.shown, "texts": _map_texts(spoken)},
                ensure_ascii=False,
            ),
        }
        return environment

    def _moment(self, spoken: Language) -> Any:
        def moment(value: datetime) -> str:
            return spoken.moment(value.astimezone(self._options.zone))

        return moment


def _map_texts(spoken: Language) -> dict[str, str]:
    """Return what MapLibre says, by the names that it has for its texts."""
    return {
        "Map.Title": spoken.text("Map"),
        "NavigationControl.ZoomIn": spoken.text("Zoom in"),
        "NavigationControl.ZoomOut": spoken.text("Zoom out"),
        "Popup.Close": spoken.text("Close"),
        "Marker.Title": spoken.text("Place on the map"),
        "ScaleControl.Meters": spoken.text("m"),
        "ScaleControl.Kilometers": spoken.text("km"),
        "CooperativeGesturesHandler.WindowsHelpText": spoken.text("Ctrl and scroll zoom the map"),
        "CooperativeGesturesHandler.MacHelpText": spoken.text("⌘ and scroll zoom the map"),
        "CooperativeGesturesHandler.MobileHelpText": spoken.text("Two fingers move the map"),
    }


def short(name: str) -> str:
    """Return a name as a cell of a table has room for."""
    shown = without_unseen(name)
    return shown if len(shown) <= _SHORT else f"{shown[:_SHORT]}…"


def link(path: str, parameters: Mapping[str, object] | None = None, **more: object) -> str:
    """Return an address with a query, without what is empty in it."""
    given = {**(parameters or {}), **more}
    query = urlencode({name: value for name, value in given.items() if value not in (None, "")})
    return f"{path}?{query}" if query else path


def local_path(back: str) -> str:
    """Return a path of this site to go back to; the first page's where it is another's."""
    # Browsers take a backslash for a slash, and two slashes for the beginning of a host's name.
    if back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable():
        return back
    return "/"


async def _choose(request: Request) -> Response:
    response = RedirectResponse(
        local_path(request.query_params.get("back", "")), HTTPStatus.SEE_OTHER
    )
    for name, cookie, known in (
        ("language", _LANGUAGE, tuple(LanguageCode)),
        ("theme", _THEME, THEMES),
    ):
        if (value := request.query_params.get(name, "")) in known:
            response.set_cookie(cookie, value, _A_YEAR_S, samesite="lax", httponly=True)
    return response


def _theme(request: Request) -> str:
    chosen = request.cookies.get(_THEME, "auto")
    return chosen if chosen in THEMES else "auto"


def _accepted(header: str) -> LanguageCode:
    """Return the first language of an Accept-Language that there is; browsers sort by weight."""
    for each in header.split(","):
        code = each.partition(";")[0].strip().partition("-")[0].lower()
        if code in set(LanguageCode):
            return LanguageCode(code)
    return LanguageCode.EN
