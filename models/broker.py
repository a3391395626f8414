"""How to reach the broker: one description for all who connect to it. Nothing here connects."""

import ssl
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

UNSUPPORTED_PROTOCOL_VERSION: Final = 0x84
"""The reason code of a CONNACK that wants another version (MQTT 5.0, 3.2.2.2)."""

_EXPECTED = "expected mqtt[s]://[user:password@]host[:port]"


class MqttVersion(StrEnum):
    """The version of MQTT to speak."""

    AUTO = "auto"
    """5, and 3.1.1 with a broker that refuses 5."""
    V5 = "5"
    V3_1_1 = "3.1.1"

    @property
    def level(self) -> int:
        """The protocol's level in a CONNECT packet (MQTT 5.0, 3.1.2.2)."""
        return 4 if self is MqttVersion.V3_1_1 else 5


class BrokerUrl(NamedTuple):
    """Where the broker is, and who we are there."""

    host: str
    port: int = 1883
    username: str | None = None
    password: SecretStr | None = None
    tls: bool = False

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        """Write it without user and password."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.address}"


class MqttClient(Protocol):
    """What an MQTT client offers to be given its credentials; the names are paho's."""

    def username_pw_set(self, username: str | None, password: str | None = None) -> None: ...

    def tls_set_context(self, context: ssl.SSLContext | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """Where the broker is, who we are there, and what we ask of it."""

    url: BrokerUrl
    ca_file: Path | None = None
    """Certificates to trust beside the system's."""
    version: MqttVersion = MqttVersion.AUTO
    client_id: str = ""
    """Empty: the broker makes one up, and keeps no session."""
    topic_filters: tuple[str, ...] = ()
    receive_maximum: int = 20_000
    """How many messages the broker may have in flight to us; MQTT 5 alone can say so."""
    session_expiry: timedelta = timedelta(days=7)
    keepalive: timedelta = timedelta(seconds=30)
    start_timeout: timedelta = timedelta(seconds=30)
    """How long the broker may take at the start until it accepts us and our subscription."""

    def __str__(self) -> str:
        return str(self.url)

    @property
    def mqtt5(self) -> bool:
        """Tell whether MQTT 5 is spoken."""
        return self.version.level == 5

    @property
    def shared_filters(self) -> tuple[str, ...]:
        """The filters that are shared subscriptions."""
        return tuple(name for name in self.topic_filters if name.startswith("$share/"))

    def after_refusal(self, reason_code: int) -> "BrokerAccess | None":
        """Return how to connect to a broker that refused MQTT 5; None if that was not the reason.

        Nor is there another way where a version is pinned, or 3.1.1 was refused as well.
        """
        if reason_code != UNSUPPORTED_PROTOCOL_VERSION or self.version is not MqttVersion.AUTO:
            return None
        return replace(self, version=MqttVersion.V3_1_1)

    def authenticate(self, client: MqttClient) -> None:
        """Give a client the user, the password and the TLS context.

        Raises:
            OSError: the file of certificates cannot be read.
        """
        if self.url.username is not None:
            password = self.url.password
            client.username_pw_set(
                self.url.username, password.get_secret_value() if password else None
            )
        if self.url.tls:
            client.tls_set_context(tls_context(self.ca_file))


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Make the context by which the broker's certificate is checked.

    Raises:
        OSError: the file of certificates cannot be read.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def parse_broker_url(text: str) -> BrokerUrl:
    """Read ``mqtt[s]://user:password@host:port``.

    Raises:
        ValueError: it is not such a URL. The message repeats nothing of it: it may hold a password.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        # Python's own message shows what it takes for the port: with an unescaped # or / in it,
        # the beginning of the password.
        raise ValueError(
            f"{_EXPECTED}; / ? # @ in a password are written %2F %3F %23 %40"
        ) from None
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise ValueError(_EXPECTED)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"{_EXPECTED}, and nothing after the port")
    tls = parts.scheme == "mqtts"
    return BrokerUrl(
        parts.hostname,
        port or (8883 if tls else 1883),
        unquote(parts.username) if parts.username else None,
        SecretStr(unquote(parts.password)) if parts.password else None,
        tls,
    )
