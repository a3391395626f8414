"""The runbooks, which an alert's link opens: docs/runbooks as pages."""

import re
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.pages import Pages

_TITLE: Final = re.compile(r"^# (.+)$", re.MULTILINE)
_NAME: Final = re.compile(r"[\w-]+\.md")


def routes(pages: Pages) -> list[Route]:
    """Return the route of the runbooks."""

    async def runbook(request: Request) -> Response:
        name = request.path_params.get("name") or "README.md"
        text = _text(name)
        if text is None:
            return pages.page(request, "not_found.html.j2", status=HTTPStatus.NOT_FOUND)
        title = _TITLE.search(text)
        shown = title[1] if title else name
        return pages.page(request, "runbook.html.j2", name=shown, html=_html(text))

    return [Route("/runbooks/", runbook), Route("/runbooks/{name}", runbook)]


@cache
def _folder() -> Traversable:
    # Part of an installed package, and in a working copy where its readers look for it.
    installed = files("web") / "runbooks"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "docs" / "runbooks"


@cache
def _text(name: str) -> str | None:
    file = _folder() / name
    if _NAME.fullmatch(name) is None or not file.is_file():
        return None
    return file.read_text(encoding="utf-8")


@cache
def _html(text: str) -> str:
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))
