"""The errors that end the worker.

IngestError
├── BrokerUnreachable    at its start the worker did not get as far as a subscription
├── BrokerRefused        the broker refused the connection for good, or every topic filter
├── ClientIdTaken        another worker on the same database uses the client id
├── SessionKept          a session could not be drained
└── NoSuchSession        the broker holds no session of the client id that is to be retired
"""

import ssl

from models.errors import FleetgaugeError, Invalid, Unavailable


def words_of(error: Exception) -> str:
    """Say what is wrong without Python's ``[Errno 111]`` and the line of OpenSSL's source."""
    if isinstance(error, ssl.SSLCertVerificationError):
        remedy = "" if error.verify_code not in _UNKNOWN_AUTHORITY else _NAME_IT
        return f"its certificate is not accepted: {error.verify_message}{remedy}"
    return getattr(error, "strerror", None) or str(error) or "no answer"


_UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
"""OpenSSL's X509_V_ERR of a chain that ends in a certificate nobody trusts."""
_NAME_IT = " (name the authority's in FLEETGAUGE_MQTT_CA_FILE)"


class IngestError(FleetgaugeError):
    """The worker cannot work; the message is the one line the user sees."""


class BrokerUnreachable(IngestError, Unavailable):
    """At the start nothing answered, or not in time, or with passing refusals only."""


class BrokerRefused(IngestError, Invalid):
    """The broker answers, and refuses: credentials, client id, subscription."""


class ClientIdTaken(IngestError, Invalid):
    """Another worker on the same database uses the client id."""


class SessionKept(IngestError, Unavailable):
    """A session that was to be ended may still hold messages."""


class NoSuchSession(IngestError, Invalid):
    """The broker holds no session of the client id that is to be retired."""
