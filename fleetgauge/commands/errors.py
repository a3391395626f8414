"""The errors of the command line itself."""

from models.errors import Invalid


class CommandError(Invalid):
    """A command cannot be carried out; the message is the one line the user sees."""
