"""The root of all errors that a user sees as one line, and their three kinds.

FleetgaugeError
├── Unavailable   a server is away, starting or full: the same may be tried again
├── Invalid       an input, a setting or a request is wrong: trying again cannot help
└── Bug           a fault of this program

A room's own errors are of its own root and of one of these: ``DatabaseUnavailable`` is a
``StorageError`` and ``Unavailable``.
"""


class FleetgaugeError(Exception):
    """Any of them; its text is the one line that the user sees."""


class Unavailable(FleetgaugeError):
    """A passing fault of something outside of this program."""


class Invalid(FleetgaugeError):
    """What was given cannot be taken."""


class Bug(FleetgaugeError):
    """A fault of this program."""
