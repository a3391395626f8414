"""Where the feeds were before `fleetgauge web` served them: redirects, for one version."""

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from metrics.http import Answer, Request, Route

MOVED: Final = ("/gtfs-rt/vehicle-positions.pb", "/vehicles.geojson")
_HOST: Final = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?", re.ASCII)


def moved_feeds(web_port: int) -> dict[str, Route]:
    """Return routes that lead to the same path of the same host, on `fleetgauge web`'s port."""
    return {path: _moved(path, web_port) for path in MOVED}


def _moved(path: str, port: int) -> Route:
    def redirect(request: Request) -> Answer:
        asked = _HOST.fullmatch(request.headers.get("Host", ""))
        query = urlencode(request.query, doseq=True)
        where = f"http://{asked[1] if asked else 'localhost'}:{port}{path}"
        location = f"{where}?{query}" if query else where
        # Not 308, which older readers of feeds do not follow.
        status = HTTPStatus.MOVED_PERMANENTLY
        text = f"moved to {location}\n".encode()
        return Answer(text, status=status, headers={"Location": location})

    return redirect
