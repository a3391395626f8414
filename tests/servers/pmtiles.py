"""A small PMTiles archive (PMTiles specification, version 3), as a base map for tests."""

import gzip
import json
import struct
from collections.abc import Mapping
from typing import Any, Final

MVT: Final = 1
PNG: Final = 2
_GZIP: Final = 2


def pmtiles(tiles: Mapping[int, bytes], kind: int, metadata: Mapping[str, Any]) -> bytes:
    """Return an archive.

    Args:
        tiles: by their numbers on the Hilbert curve: 0 is the whole world, 1 to 4 its quarters.
        kind: of the tiles; vector tiles are compressed.
    """
    bodies = [gzip.compress(each) if kind == MVT else each for each in tiles.values()]
    directory = gzip.compress(_directory(list(tiles), [len(each) for each in bodies]))
    described = gzip.compress(json.dumps(metadata).encode())
    begins = 127 + len(directory) + len(described)
    data = b"".join(bodies)
    header = struct.pack(
        "<7sB 11Q 6B 4i B 2i",
        b"PMTiles",
        3,
        *(127, len(directory), 127 + len(directory), len(described), 0, 0, begins, len(data)),
        *(len(tiles), len(tiles), len(tiles)),
        *(1, _GZIP, _GZIP if kind == MVT else 1, kind, 0, int(max(tiles, default=0) > 0)),
        *(-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000),
        *(0, 0, 0),
    )
    return header + directory + described + data


def water() -> bytes:
    """Return a vector tile (Mapbox Vector Tile specification, version 2) that is all water."""
    square = bytes([9, 0, 0, 26]) + b"".join(map(_varint, (8192, 0, 0, 8192, 8191, 0))) + b"\x0f"
    feature = _field(3, 3) + _field(4, square)
    layer = _field(15, 2) + _field(1, b"water") + _field(2, feature) + _field(5, 4096)
    return _field(3, layer)


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _directory(numbers: list[int], lengths: list[int]) -> bytes:
    apart = [number - before for before, number in zip([0, *numbers], numbers, strict=False)]
    runs = [1] * len(numbers)
    # Of an offset 0 means: right behind the tile before.
    offsets = [1, *[0] * (len(numbers) - 1)] if numbers else []
    return b"".join(map(_varint, [len(numbers), *apart, *runs, *lengths, *offsets]))


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])
