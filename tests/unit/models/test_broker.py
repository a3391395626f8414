"""The description of the broker: what it reads, what it hides, what it hands over."""

import json
import logging
import ssl
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import structlog

from models.broker import (
    UNSUPPORTED_PROTOCOL_VERSION,
    BrokerAccess,
    BrokerUrl,
    MqttVersion,
    parse_broker_url,
)

PASSWORD = "open sesame"
URL = "mqtts://bus:open%20sesame@broker.example"


class Client:
    """A client that remembers what it is given."""

    def __init__(self) -> None:
        self.username: str | None = None
        self.password: str | None = None
        self.context: ssl.SSLContext | None = None
        self.path: str | None = None

    def username_pw_set(self, username: str | None, password: str | None = None) -> None:
        self.username, self.password = username, password

    def tls_set_context(self, context: ssl.SSLContext | None = None) -> None:
        self.context = context

    def ws_set_options(self, path: str = "/mqtt") -> None:
        self.path = path


@pytest.mark.parametrize(
    ("text", "host", "port", "tls", "shown"),
    [
        ("mqtt://broker", "broker", 1883, False, "mqtt://broker:1883"),
        ("mqtts://broker", "broker", 8883, True, "mqtts://broker:8883"),
        (" mqtt://a:b@broker:18/ ", "broker", 18, False, "mqtt://broker:18"),
        ("mqtt://[::1]:18", "::1", 18, False, "mqtt://[::1]:18"),
        ("ws://a:b@broker", "broker", 80, False, "ws://broker:80/mqtt"),
        ("wss://broker/", "broker", 443, True, "wss://broker:443/"),
        ("ws://broker:9001/a/b", "broker", 9001, False, "ws://broker:9001/a/b"),
    ],
)
def test_a_url_is_read_and_shown(text: str, host: str, port: int, tls: bool, shown: str) -> None:
    """With the protocol's usual port where none is given; shown without user and password."""
    url = parse_broker_url(text)
    assert (url.host, url.port, url.tls) == (host, port, tls)
    assert str(url) == str(BrokerAccess(url)) == shown


@pytest.mark.parametrize(
    "text", ["http://broker", "mqtt://", "broker:1883", "mqtt://broker/x", "ws://broker/?x"]
)
def test_what_is_not_such_a_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected mqtt\[s\]://"):
        parse_broker_url(text)


@pytest.mark.parametrize("character", ["#", "/", "?", "["])
def test_a_url_that_cannot_be_read_is_not_repeated(character: str) -> None:
    """Nor any part of it: what Python takes for the port may be the password's beginning."""
    with pytest.raises(ValueError, match=r"^expected mqtt") as refused:
        parse_broker_url(f"mqtt://bus:sesame{character}sesame@broker:1883")
    assert "sesame" not in str(refused.value)
    with pytest.raises(ValueError, match=r"^expected mqtt"):
        parse_broker_url(f"ws://bus:12{character}sesame@broker:1883")
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_the_password_is_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither by text or representation, nor by a logger that is given the whole object."""
    access = replace(BrokerAccess(parse_broker_url(URL)), client_id="x")
    logger = structlog.wrap_logger(
        structlog.PrintLogger(), processors=[structlog.processors.JSONRenderer(default=repr)]
    )
    logger.warning("event", access=access, url=access.url, fields=asdict(access))
    logging.getLogger("test").warning("%s %r %s", access, access, access.url)
    error = ValueError(access, access.url)
    shown = f"{access} {access!r} {access.url} {access.url!r} {error} {asdict(access)}"
    captured = capsys.readouterr()
    assert "sesame" not in shown + captured.out + captured.err
    assert "sesame" not in json.dumps(asdict(access), default=str)


def test_a_client_gets_what_lets_it_in(tmp_path: Path) -> None:
    """User and password as they are, and a context that checks the broker's name."""
    client = Client()
    BrokerAccess(parse_broker_url(URL)).authenticate(client)
    assert (client.username, client.password) == ("bus", PASSWORD)
    assert client.context is not None
    assert client.context.check_hostname
    with pytest.raises(OSError, match="No such file"):
        BrokerAccess(parse_broker_url(URL), ca_file=tmp_path / "ca.pem").authenticate(client)


def test_without_credentials_a_client_gets_none() -> None:
    client = Client()
    access = BrokerAccess(BrokerUrl("broker"))
    access.authenticate(client)
    assert (client.username, client.password, client.context) == (None, None, None)
    assert (client.path, access.transport) == (None, "tcp")


def test_over_websocket_a_client_gets_the_path() -> None:
    client = Client()
    access = BrokerAccess(parse_broker_url("ws://broker/ws"))
    access.authenticate(client)
    assert (client.path, access.transport) == ("/ws", "websockets")


def test_versions_are_the_levels_of_connect() -> None:
    """MQTT 5.0 and 3.1.1, section 3.1.2.2."""
    levels = {str(version): version.level for version in MqttVersion}
    assert levels == {"auto": 5, "5": 5, "3.1.1": 4}


def test_a_refused_mqtt_5_makes_it_3_1_1_once() -> None:
    """Where no version is pinned, and where that was the reason."""
    access = BrokerAccess(BrokerUrl("broker"))
    older = access.after_refusal(UNSUPPORTED_PROTOCOL_VERSION)
    assert older is not None
    assert older == replace(access, version=MqttVersion.V3_1_1)
    assert older.after_refusal(UNSUPPORTED_PROTOCOL_VERSION) is None
    assert access.after_refusal(0x87) is None
    pinned = replace(access, version=MqttVersion.V5)
    assert pinned.after_refusal(UNSUPPORTED_PROTOCOL_VERSION) is None
