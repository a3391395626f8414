"""How to reach the broker: one description for all who connect to it. Nothing here connects."""

import ssl
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

UNSUPPORTED_PROTOCOL_VERSION: Final = 0x84
"""The reason code of a CONNACK that wants another version (MQTT 5.0, 3.2.2.2)."""

_EXPECTED: Final = "expected mqtt[s]://[user:password@]host[:port], or ws[s]://…[/path]"
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
_WEBSOCKET_PATH: Final = "/mqtt"
"""Where brokers usually have it."""


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
    path: str | None = None
    """Of MQTT over WebSocket; None: over TCP."""

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        """Write it without user and password."""
        scheme = "mqtt" if self.path is None else "ws"
        return f"{scheme}{'s' if self.tls else ''}://{self.address}{self.path or ''}"


class MqttClient(Protocol):
    """What an MQTT client offers to be given its credentials; the names are paho's."""

    def username_pw_set(self, username: str | None, password: str | None = None) -> None: ...

    def tls_set_context(self, context: ssl.SSLContext | None = None) -> None: ...

    def ws_set_options(self, path: str = "/mqtt") -> None: ...


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """Where the broker is, who we are there, and what we ask of it."""

    url: BrokerUrl
    ca_file: Path | None = None
    """Certificates to trust beside the system's."""
    cert_file: Path | None = None
    """Our own certificate, for a broker that asks for one, and its key unless that is apart."""
    key_file: Path | None = None
    topic_prefix: str = ""
    """What stands before every topic at this broker."""
    version: MqttVersion = MqttVersion.AUTO
    client_id: str = ""
    """Empty: the broker makes one up, and keeps no session."""
    topic_filters: tuple[str, ...] = ()
    """As the broker has them, with the prefix."""
    receive_maximum: int = 60_000
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

    @property
    def transport(self) -> Literal["tcp", "websockets"]:
        """What MQTT goes over, in paho's words."""
        return "tcp" if self.url.path is None else "websockets"

    def topic(self, topic: str) -> str:
        """Return a topic of ours as it is called at this broker."""
        return self.topic_prefix + topic

    def after_refusal(self, reason_code: int) -> "BrokerAccess | None":
        """Return how to connect to a broker that refused MQTT 5; None if that was not the reason.

        Nor is there another way where a version is pinned, or 3.1.1 was refused as well.
        """
        if reason_code != UNSUPPORTED_PROTOCOL_VERSION or self.version is not MqttVersion.AUTO:
            return None
        return replace(self, version=MqttVersion.V3_1_1)

    def authenticate(self, client: MqttClient) -> None:
        """Give a client the user, the password, the TLS context and the path.

        Raises:
            OSError: a file of certificates cannot be read.
        """
        if self.url.username is not None:
            password = self.url.password
            client.username_pw_set(
                self.url.username, password.get_secret_value() if password else None
            )
        if self.url.tls:
            client.tls_set_context(self.tls_context())
        if self.url.path is not None:
            client.ws_set_options(path=self.url.path)

    def tls_context(self) -> ssl.SSLContext:
        """Make the context by which the broker's certificate is checked, with ours in it.

        Raises:
            OSError: a file of certificates cannot be read.
        """
        context = ssl.create_default_context()
        if self.ca_file is not None:
            context.load_verify_locations(self.ca_file)
        if self.cert_file is not None:
            load_certificate(context, self.cert_file, self.key_file)
        return context


def load_certificate(context: ssl.SSLContext, cert_file: Path, key_file: Path | None) -> None:
    """Load a certificate with its key; one that is encrypted is not asked a password for.

    Raises:
        OSError: a file cannot be read, has no certificate or no key, or they do not fit.
    """
    context.load_cert_chain(cert_file, key_file, password=b"")


def parse_broker_url(text: str) -> BrokerUrl:
    """Read ``mqtt[s]://user:password@host:port``, or ``ws[s]://user:password@host:port/path``.

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
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(_EXPECTED)
    framed = parts.scheme.startswith("ws")
    # With an @ in it, what looks like a path is the end of a password.
    is_path = "@" not in parts.path if framed else parts.path in {"", "/"}
    if not is_path or parts.query or parts.fragment:
        raise ValueError(f"{_EXPECTED}, and nothing after it")
    return BrokerUrl(
        parts.hostname,
        port or _PORTS[parts.scheme],
        unquote(parts.username) if parts.username else None,
        SecretStr(unquote(parts.password)) if parts.password else None,
        tls=parts.scheme in {"mqtts", "wss"},
        path=(parts.path or _WEBSOCKET_PATH) if framed else None,
    )
