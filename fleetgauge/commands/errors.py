"""The errors of the command line itself."""


class CommandError(Exception):
    """A command cannot be carried out; the message is the one line the user sees."""
