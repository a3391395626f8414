"""Errors in Mosquitto's log: its own, and not what a client does wrong."""

import pytest

from models.mosquitto_log import error_of


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"2026-11-27T03:18:41: Error: No space left on device.", "No space left on device."),
        (b"Error: Read-only file system.\n", "Read-only file system."),
        (b"OpenSSL Error[0]: error:0A000415:SSL routines::ssl/tls alert certificate expired", None),
        (b"Client <unknown> disconnected: Protocol error.", None),
        (b"", None),
    ],
)
def test_an_error_of_its_own(line: bytes, error: str | None) -> None:
    """With a time before it or without."""
    assert error_of(line) == error
