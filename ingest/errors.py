"""What ends the worker, in words.

IngestError
├── BrokerUnreachable    nothing answers at the broker's address when the worker starts
├── BrokerRefused        the broker does not let us in, or does not let us subscribe
├── SessionKept          a session could not be read out to its end
└── NoSuchSession        the broker holds no session of the client id that is to be retired
"""


class IngestError(Exception):
    """The worker cannot work; the message is the one line the user sees."""


class BrokerUnreachable(IngestError):
    """Nothing answers at the broker's address."""


class BrokerRefused(IngestError):
    """The broker answers, and refuses us: credentials, client id, subscription."""


class SessionKept(IngestError):
    """A session that was to be ended still holds messages."""


class NoSuchSession(IngestError):
    """The broker holds no session of the client id that is to be retired."""
