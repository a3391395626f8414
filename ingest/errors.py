"""The errors that end the worker.

IngestError
├── BrokerUnreachable    nothing answers at the broker's address when the worker starts
├── BrokerRefused        the broker refused the connection, or the subscription
├── SessionKept          a session could not be drained
└── NoSuchSession        the broker holds no session of the client id that is to be retired
"""


class IngestError(Exception):
    """The worker cannot work; the message is the one line the user sees."""


class BrokerUnreachable(IngestError):
    """Nothing answers at the broker's address."""


class BrokerRefused(IngestError):
    """The broker answers, and refuses: credentials, client id, subscription."""


class SessionKept(IngestError):
    """A session that was to be ended may still hold messages."""


class NoSuchSession(IngestError):
    """The broker holds no session of the client id that is to be retired."""
