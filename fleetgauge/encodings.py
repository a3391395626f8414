"""Output to terminals and files whose encoding lacks some characters."""

import codecs
import io
import sys


def escape_unencodable() -> None:
    """Let stdout and stderr write what they cannot encode as JSON's escapes, such as \\u0418.

    JSON stays JSON that way, and a name can still be recognized. A file or pipe gets UTF-8: the
    same document has the same bytes in every locale.
    """
    codecs.register_error("json_escapes", _escaped)
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="json_escapes")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    escapes = [f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4)]
    return "".join(escapes), error.end
