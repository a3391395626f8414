"""A window of the browser, and what no page may do in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from web.server import WebServer

PATIENCE_MS: Final = 30_000
"""A busy machine is slow, and no fault of the page."""

expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def visitor(browser: Browser, site: WebServer, **options: Any) -> Iterator[Page]:
    """Open a window; what a page may never do fails the test at its end."""
    options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options}
    context = browser.new_context(base_url=f"http://localhost:{site.port}", **options)
    context.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []

    def console(message: ConsoleMessage) -> None:
        # Chromium's own remark on how slowly a processor draws.
        if message.type in {"error", "warning"} and "GPU stall" not in message.text:
            complaints.append(message.text)

    def request(sent: Request) -> None:
        own = f"http://localhost:{site.port}/"
        if not sent.url.startswith((own, f"blob:{own}", "data:")):
            complaints.append(f"asked for {sent.url}")

    page = context.new_page()
    page.on("console", console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    context.on("request", request)
    try:
        yield page
    finally:
        context.close()
    assert complaints == []
