"""The errors that end the worker.

IngestError
├── BrokerUnreachable    at its start the worker did not get as far as a subscription
├── BrokerRefused        the broker refused the connection for good, or every topic filter
├── ClientIdTaken        another worker on the same database uses the client id
├── SessionKept          a session could not be drained
└── NoSuchSession        the broker holds no session of the client id that is to be retired
"""


class IngestError(Exception):
    """The worker cannot work; the message is the one line the user sees."""


class BrokerUnreachable(IngestError):
    """At the start nothing answered, or not in time, or with passing refusals only."""


class BrokerRefused(IngestError):
    """The broker answers, and refuses: credentials, client id, subscription."""


class ClientIdTaken(IngestError):
    """Another worker on the same database uses the client id."""


class SessionKept(IngestError):
    """A session that was to be ended may still hold messages."""


class NoSuchSession(IngestError):
    """The broker holds no session of the client id that is to be retired."""
