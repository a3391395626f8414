"""Mosquitto with the configuration and the accounts of docker-compose.yml, and a client for it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import SecretStr

from fleetgauge.broker_accounts import broker_accounts
from models.account import account_of
from models.broker import BrokerAccess, BrokerUrl
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

DEPLOY: Final = Path(__file__).parents[3] / "deploy"
PLUGIN: Final = "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so"
WAIT_S: Final = 10.0
NOT_AUTHORIZED: Final = 135
TAKEN: Final = (0, 16)
"""Success; 16 where nobody has subscribed to the topic (MQTT 5.0, 3.4.2.1)."""

Login = tuple[str, str]


class ComposeBroker(MosquittoServer):
    """The shipped configuration; only its files and ports are elsewhere."""

    def __init__(self, userland: Userland, secrets: Path) -> None:
        script = str(DEPLOY / "secrets/make_secrets.py")
        subprocess.run([sys.executable, script, "--folder", str(secrets)], check=True)
        self._secrets = secrets
        overrides: dict[str, str | None] = {
            "plugin": PLUGIN,
            "include_dir": None,
            "plugin_opt_config_file": "{folder}/data/accounts.json",
        }
        super().__init__(
            ["log_dest topic"],  # which the tests' own log_dest replaced
            config_path=DEPLOY / "mosquitto/mosquitto.conf",
            overrides=overrides,
            files={"data/accounts.json": (secrets / "mosquitto/accounts.json").read_text()},
            userland=userland,
        )

    @property
    def inner_port(self) -> int:
        """The listener of the stack's own services."""
        return self.ports[1884]

    def login(self, service: str) -> Login:
        """Return user and password of a service of the stack."""
        url = urlsplit((self._secrets / service / "mqtt_url").read_text().strip())
        assert url.username
        assert url.password
        return url.username, url.password

    def url_of(self, login: Login) -> str:
        """Return the URL by which a service logs in."""
        return f"mqtt://{login[0]}:{login[1]}@{LOOPBACK}:{self.inner_port}"

    def access(self, service: str) -> BrokerAccess:
        """Say how a service of the stack gets in."""
        user, password = self.login(service)
        url = BrokerUrl(LOOPBACK, self.inner_port, user, SecretStr(password))
        return BrokerAccess(url, client_id=f"test-{service}")

    def add(self, name: str, *operators: str) -> Login:
        """Add an account as `fleetgauge access add` does; return user and password."""
        with broker_accounts(self.access("admin")) as accounts:
            accounts.add(account_of(name, operators), "a password", "added by the tests")
        return name, "a password"


@contextmanager
def compose_broker(userland: Userland, secrets: Path) -> Iterator[ComposeBroker]:
    """Run one."""
    with started(ComposeBroker(userland, secrets)) as broker:
        yield broker


class Client(paho.Client):
    """An MQTT 5 client that remembers what it was told."""

    def __init__(self, user: Login, client_id: str = "") -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        self.username_pw_set(*user)
        self.connected: list[int] = []
        self.subscribed: list[int] = []
        self.published: dict[int, int] = {}
        self.lost = 0
        self.payloads: list[bytes] = []
        self.properties: Properties | None = None
        self.on_connect = self._remember_connection
        self.on_subscribe = lambda _c, _d, _m, codes, _p: self.subscribed.extend(
            code.value for code in codes
        )
        self.on_publish = self._remember_publish
        self.on_disconnect = self._remember_loss
        self.on_message = lambda _c, _d, message: self.payloads.append(bytes(message.payload))

    def open(self, port: int, *, session_s: int = 0) -> "Client":
        """Connect, and return when the broker has answered."""
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = session_s
        self.connect("127.0.0.1", port, clean_start=not session_s, properties=properties)
        self.loop_start()
        wait_until(lambda: bool(self.connected), seconds=WAIT_S, what="an answer")
        return self

    def close(self) -> None:
        """Disconnect, and end the thread."""
        self.disconnect()
        self.loop_stop()

    def send(self, topic: str, payload: bytes) -> int:
        """Publish at QoS 1 and return the reason code of the PUBACK."""
        info = self.publish(topic, payload, qos=1)
        wait_until(lambda: info.mid in self.published, seconds=WAIT_S, what="a PUBACK")
        return self.published[info.mid]

    def listen(self, topic_filter: str) -> int:
        """Subscribe and return the reason code of the SUBACK."""
        self.subscribed.clear()
        self.subscribe(topic_filter, qos=1)
        wait_until(lambda: bool(self.subscribed), seconds=WAIT_S, what="a SUBACK")
        return self.subscribed[0]

    def _remember_connection(self, *told: object) -> None:
        code, self.properties = told[3], told[4]  # type: ignore[assignment]
        self.connected.append(code.value)  # type: ignore[attr-defined]

    def _remember_publish(self, *told: object) -> None:
        self.published[told[2]] = told[3].value  # type: ignore[index,attr-defined]

    def _remember_loss(self, *_told: object) -> None:
        self.lost += 1
