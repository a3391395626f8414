"""What lines of Mosquitto's log say, with a time stamp before them or without."""

import re
from typing import Final

# Mosquitto 2.0, src/loop.c (do_disconnect) and src/handle_publish.c. On a listener with
# use_username_as_clientid the client's id is its account's name.
_LOGIN: Final = re.compile(rb"Client (.*) disconnected, not authori[sz]ed\.\s*\Z", re.DOTALL)
_PUBLISH: Final = re.compile(rb"Denied PUBLISH from (.*?) \(d[01], q[0-2], r[01], m\d+, '")


_ERROR: Final = re.compile(rb"Error: (.*?)\s*\Z", re.DOTALL)
"""Its own, such as `Error: No space left on device.`; one of TLS is `OpenSSL Error[0]: …`."""


def refused_login(line: bytes) -> str | None:
    """Return the client id of a refused log-in; None where a line says something else."""
    return _name(_LOGIN.search(line))


def refused_publish(line: bytes) -> str | None:
    """Return the client id of a refused publish, told at the level of debugging alone."""
    return _name(_PUBLISH.search(line))


def error_of(line: bytes) -> str | None:
    """Return the error that a line of the error level tells; None where it is a client's."""
    return _name(_ERROR.search(line))


def _name(found: re.Match[bytes] | None) -> str | None:
    return None if found is None else found[1].decode(errors="replace")
