"""The base map: a PMTiles file that is served here, or the address of another host's tiles."""

import gzip
import json
import re
import struct
import zlib
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from models.errors import Invalid

PATH: Final = "/base-map.pmtiles"

_HEADER: Final = struct.Struct("<7sB 11Q 4B")
"""PMTiles, version 3, section 3: magic, version, eleven offsets and lengths, kinds."""
_VECTOR: Final = 1
_PICTURES: Final = (2, 3, 4, 5)
_GZIP: Final = 2
_MOST_METADATA: Final = 10_000_000
_SCHEMAS: Final = {"roads": "protomaps", "transportation": "openmaptiles"}
"""By the layer that has the streets."""


class BadBaseMap(Invalid):
    """A base map cannot be used; the message says why."""


class BaseMap(NamedTuple):
    """What the maps lie on."""

    attribution: str
    """Whom it is from, as text."""
    file: Path | None = None
    schema: str | None = None
    """How a file's tiles are made up; None: they are pictures."""
    address: str | None = None
    """Of pictures on another host, with {z}, {x} and {y}."""

    @property
    def host(self) -> str | None:
        """The origin that a browser has to ask for it, if it is not this server."""
        if self.address is None:
            return None
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def shown(self) -> dict[str, Any]:
        """What the pages' scripts need to know."""
        file = None if self.file is None else f"{PATH}?v={int(self.file.stat().st_mtime)}"
        return {
            "file": file,
            "schema": self.schema,
            "address": self.address,
            "attribution": self.attribution,
        }


def read_base_map(named: str, attribution: str | None) -> BaseMap:
    """Return the base map of a setting.

    Args:
        named: a PMTiles file, or an address such as https://tile.example/{z}/{x}/{y}.png.
        attribution: whom it is from; None: as the file has it.

    Raises:
        BadBaseMap: it is neither, or nothing that the pages can draw.
    """
    if "://" in named:
        return BaseMap(attribution or "", address=_checked(named))
    file = Path(named)
    try:
        metadata, is_vector = _read(file)
    except OSError as error:
        raise BadBaseMap(f"cannot be read: {error.strerror or error}") from error
    schema = _schema(metadata) if is_vector else None
    return BaseMap(attribution or _text(metadata.get("attribution")), file=file, schema=schema)


def routes(base_map: BaseMap | None) -> list[Route]:
    """Return the route of the file; none where there is no file."""
    if base_map is None or base_map.file is None:
        return []
    file = base_map.file

    async def send(request: Request) -> Response:
        stat = await run_sync(file.stat)
        for_ever = request.query_params.get("v") == str(int(stat.st_mtime))
        headers = {"Cache-Control": f"public, max-age={86400 if for_ever else 30}"}
        return FileResponse(
            file, headers=headers, media_type="application/vnd.pmtiles", stat_result=stat
        )

    return [Route(PATH, send)]


def _checked(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[\w.:\[\]-]+", parts.netloc):
        raise BadBaseMap("is not an http(s) address")
    missing = [each for each in ("{z}", "{x}", "{y}") if each not in address]
    if missing:
        raise BadBaseMap(f"has no {' and no '.join(missing)}")
    return address


def _read(file: Path) -> tuple[dict[str, Any], bool]:
    with file.open("rb") as opened:
        try:
            magic, version, *numbers = _HEADER.unpack(opened.read(_HEADER.size))
        except struct.error as error:
            raise BadBaseMap("is not a PMTiles file") from error
        if magic != b"PMTiles":
            raise BadBaseMap("is not a PMTiles file")
        if version != 3:
            raise BadBaseMap(f"is PMTiles version {version} (expected 3)")
        offset, length = numbers[2:4]
        compression, kind = numbers[12], numbers[14]
        if kind not in (_VECTOR, *_PICTURES):
            raise BadBaseMap("has tiles of an unknown kind")
        opened.seek(offset)
        return _metadata(opened.read(min(length, _MOST_METADATA)), compression), kind == _VECTOR


def _metadata(content: bytes, compression: int) -> dict[str, Any]:
    try:
        found = json.loads(gzip.decompress(content) if compression == _GZIP else content)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise BadBaseMap("has metadata that cannot be read") from error
    return found if isinstance(found, dict) else {}


def _schema(metadata: dict[str, Any]) -> str:
    layers = {each.get("id") for each in metadata.get("vector_layers", ())}
    for layer, schema in _SCHEMAS.items():
        if layer in layers:
            return schema
    raise BadBaseMap("has vector tiles of an unknown schema (expected Protomaps or OpenMapTiles)")


def _text(markup: object) -> str:
    return re.sub(r"<[^>]*>", "", markup) if isinstance(markup, str) else ""
