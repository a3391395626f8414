"""The one way in which an embedded part fails."""

from pathlib import Path

LAST_LINES = 3


class EmbeddedPartFailed(RuntimeError):
    """Say which embedded part cannot run, why, and what its own log said last."""

    def __init__(self, part: str, reason: str, log: Path | None = None) -> None:
        self.part = part
        self.reason = reason
        super().__init__(f"embedded {part}: {reason}{_last_words(log)}")


def _last_words(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    spoken = [line for line in lines if line][-LAST_LINES:]
    return f"; {log} ends with: {' | '.join(spoken)}" if spoken else f"; {log} is empty"
