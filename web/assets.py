"""The files that pages need: scripts, styles, and MapLibre GL JS, which is kept here as it came."""

from http import HTTPStatus
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from web.answers import Encoded, answer, encoded

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}


class Assets:
    """Keep them in memory, compressed."""

    def __init__(self) -> None:
        self.files: Final[dict[str, Encoded]] = {}
        for folder in ("static", "vendor"):
            for file in files("web").joinpath(folder).iterdir():
                content_type = _TYPES.get(file.name.rpartition(".")[2])
                if content_type is not None:
                    self.files[file.name] = encoded(file.read_bytes(), content_type)

    def url(self, name: str) -> str:
        """Return the address of a file's present version."""
        return f"/static/{name}?v={self.files[name].etag}"

    def routes(self) -> list[Route]:
        """Return the route of the files."""
        return [Route("/static/{name}", self._file)]

    async def _file(self, request: Request) -> Response:
        found = self.files.get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("not found\n", HTTPStatus.NOT_FOUND)
        # An address that names the version means it for ever; a module names none in its imports.
        for_ever = request.query_params.get("v") == found.etag
        cached = "public, max-age=31536000, immutable" if for_ever else "no-cache"
        return answer(request, found, {"Cache-Control": cached})
