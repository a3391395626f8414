"""A browser, and the pages for it to open.

Chromium is the Debian package's, which `make servers` provides; none is downloaded. Without one the
tests fail under CI=true and skip otherwise.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.servers.embedded import EmbeddedServer
from tests.servers.fixtures import unavailable
from tests.servers.web_site import fill, serving
from web.server import WebServer

CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS: Final = (
    "--no-sandbox",  # as root it has none; it opens our own pages alone
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--disable-dev-shm-usage",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; closed after the file, since its event loop is in the way of others."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        unavailable("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def url(embedded_server: EmbeddedServer) -> Iterator[str]:
    """A database with the small fleet."""
    url = embedded_server.create_database()
    fill(url)
    yield url
    embedded_server.drop_database(url)


@pytest.fixture(scope="module")
def site(url: str) -> Iterator[WebServer]:
    """The server as it is by default."""
    with serving(url) as server:
        yield server


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, the script that finds what people with disabilities cannot use."""
    return (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
