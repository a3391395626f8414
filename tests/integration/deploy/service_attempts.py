"""Attempts on the services: over HTTP as anybody in the network, and by what is published."""

from http import HTTPStatus
from typing import Final, NamedTuple

from tests.integration.deploy.attempts import HARMLESS, REFUSED, Attempt

NOBODY: Final = "nobody"


class HttpRequest(NamedTuple):
    """A request to `fleetgauge web`, and how it is answered."""

    attempt: Attempt
    status: HTTPStatus
    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None


def _refused(
    attempt: str,
    status: HTTPStatus,
    path: str,
    method: str = "GET",
    headers: tuple[tuple[str, str], ...] = (),
    body: str | None = None,
) -> HttpRequest:
    outcome = f"{REFUSED}: {status.value}"
    return HttpRequest(Attempt(NOBODY, attempt, outcome), status, path, method, headers, body)


REQUESTS: Final = (
    _refused("open a staff page without the password", HTTPStatus.SEE_OTHER, "/now"),
    _refused("open the same, naming oneself in a proxy's header", HTTPStatus.SEE_OTHER, "/now",
             headers=(("X-Remote-User", "admin"),)),
    _refused("open the same, claiming to come from this machine", HTTPStatus.SEE_OTHER, "/now",
             headers=(("X-Forwarded-For", "127.0.0.1"),)),
    _refused("open the same with a session of one's own making", HTTPStatus.SEE_OTHER, "/now",
             headers=(("Cookie", "fleetgauge_session=9999999999.x.00"),)),
    _refused("follow the buses in the staff page's stream", HTTPStatus.SEE_OTHER, "/now/events"),
    _refused("fetch a vehicle's track of the day", HTTPStatus.SEE_OTHER,
             "/vehicle/track.geojson?operator=east&vehicle=1"),
    _refused("sign in from another site's form", HTTPStatus.FORBIDDEN, "/sign-in", "POST",
             (("Content-Type", "application/x-www-form-urlencoded"),), "password=x"),
    _refused("read a file of the server beside the pages' own", HTTPStatus.NOT_FOUND,
             "/static/..%2f..%2f..%2fetc/passwd"),
    _refused("put SQL into a feed's `operator`", HTTPStatus.NOT_FOUND,
             "/vehicles.geojson?operator=%27%20or%20true%20--"),
    _refused("ask a feed in another format", HTTPStatus.BAD_REQUEST,
             "/vehicles.geojson?format=../../etc/passwd"),
    _refused("change something through a feed", HTTPStatus.METHOD_NOT_ALLOWED,
             "/vehicles.geojson", "PUT", (), "{}"),
)  # fmt: skip

HALF_OPEN: Final = Attempt(
    NOBODY, "begin 2,000 requests and finish none", f"{HARMLESS}: /healthz answers within 2 s"
)
PLATES: Final = Attempt(NOBODY, "read number plates in the feeds", f"{HARMLESS}: there are none")
ADDRESS: Final = Attempt(
    NOBODY,
    "learn from /readyz where the database is, while it does not answer",
    f"{HARMLESS}: `database: unavailable`",
)
INVENTED: Final = Attempt(
    "traccar",
    "report for 3,000 invented operators",
    f"{HARMLESS}: 100 are added, the others' reports rejected and counted; a registered"
    " operator's bus that is new is stored",
)
GARBAGE: Final = Attempt(
    "ivpat-1",
    "publish 300 messages of 100 KB that cannot be read",
    f"{HARMLESS}: all counted, at most 4 MB kept, two times a minute on record; another operator's "
    "are kept as before",
)
PERSONAL: Final = Attempt(
    "ivpat-1",
    "have a driver's telephone number kept, in a message that is rejected",
    f"{HARMLESS}: it is overwritten",
)
QUERY: Final = Attempt(
    "ivpat-1",
    "name a bus `'; drop table report; --`",
    f"{HARMLESS}: a name like any other",
)
FORMULA: Final = Attempt(
    "ivpat-1",
    "name a bus like a formula, to be run by a spreadsheet that opens the export",
    f"{HARMLESS}: an apostrophe stands before it",
)

ATTEMPTS: Final = (
    *(request.attempt for request in REQUESTS),
    HALF_OPEN,
    PLATES,
    ADDRESS,
    INVENTED,
    GARBAGE,
    PERSONAL,
    QUERY,
    FORMULA,
)
