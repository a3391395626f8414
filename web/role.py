"""What somebody of the staff may see."""

from enum import IntEnum


class Role(IntEnum):
    """What somebody of the staff may see; each may what the one before may, too."""

    VIEWER = 1
    """The pages, without whatever lists people or the whole fleet."""
    ANALYST = 2
    """The files of the figures, the registry and its history, and rejected messages whole."""
