"""What the query of an address holds: anything."""

from typing import Final

from starlette.requests import Request

_MOST: Final = 200
"""Characters of a value that are looked at."""


def asked(request: Request, name: str) -> str:
    """Return a value of the query, else an empty text.

    It has no NUL, which is in no name that is kept, and may be in no page (HTML Living Standard,
    section 13.2.3.5).
    """
    return request.query_params.get(name, "")[:_MOST].replace("\0", "")
