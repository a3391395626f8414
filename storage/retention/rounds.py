"""One round of maintenance: all that is due, what is thrown away before what is compressed."""

from datetime import datetime

from models.retention import Retention
from storage.retention.compressing import compress
from storage.retention.shrinking import shrink_states
from storage.retention.throw_away import maintain


def maintain_round(url: str, kept: Retention, now: datetime) -> dict[str, int]:
    """Throw away, compress, give back the room between the vehicles' states; return what to log.

    Raises:
        BusyElsewhere: another process is at it.
        StorageError: the database did not do it; what was committed stays.
    """
    thrown_away = sum(each.bytes for each in maintain(url, kept, now))
    compressed = compress(url, kept, now)
    return {
        "bytes": thrown_away,
        "compressed_bytes": compressed.before - compressed.after,
        "shrunk_bytes": shrink_states(url),
    }
