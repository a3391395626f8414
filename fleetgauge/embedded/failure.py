"""The one error of the embedded servers."""

from pathlib import Path

from models.errors import Unavailable

LAST_LINES = 3


class EmbeddedPartFailed(Unavailable):
    """An embedded server cannot run; the message says which, why, and how its log ends."""

    def __init__(self, part: str, reason: str, log: Path | None = None) -> None:
        self.part = part
        self.reason = reason
        super().__init__(f"embedded {part}: {reason}{_end_of_log(log)}")


def _end_of_log(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    written = [line for line in lines if line][-LAST_LINES:]
    return f"; {log} ends with: {' | '.join(written)}" if written else f"; {log} is empty"
