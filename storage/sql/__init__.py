"""The SQL of this program: ``versioned/`` tables, ``repeatable/`` functions, ``queries/``, roles.

A file of queries holds any number of them, each under its name and what it is for::

    -- name: newest_probe
    -- When the newest self-probe that came through was observed.
    select observed_at from probe
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_QUERY = re.compile(r"^-- name: (\w+)\n((?:--[^\n]*\n)+)(.*?)(?=^-- name: |\Z)", re.M | re.S)


@cache
def queries(file: str) -> Mapping[str, LiteralString]:
    """Return the queries of ``queries/{file}.sql`` by name; binds are ``%(name)s``.

    They are as constant as the program: no value ever becomes a part of one.
    """
    text = files("storage.sql").joinpath("queries", f"{file}.sql").read_text(encoding="utf-8")
    return {name: cast("LiteralString", body.strip()) for name, _, body in _QUERY.findall(text)}


def scripts(folder: str) -> Mapping[str, str]:
    """Return the scripts of ``versioned`` or ``repeatable`` by name, in its order."""
    found = files("storage.sql").joinpath(folder).iterdir()
    return {
        each.name.removesuffix(".sql"): each.read_text(encoding="utf-8")
        for each in sorted(found, key=lambda each: each.name)
        if each.name.endswith(".sql")
    }


def roles() -> str:
    """Return the script that says who may do what."""
    return files("storage.sql").joinpath("roles.sql").read_text(encoding="utf-8")
