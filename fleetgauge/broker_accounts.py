"""The accounts of a Mosquitto with its dynamic-security plugin, over the plugin's own topics.

The broker keeps them, by a new file that it renames, and needs no reload; it disconnects whoever
is connected with an account that is changed. Its log says who changed what.
"""

import json
import queue
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from fleetgauge.commands.errors import CommandError
from models.account import Account
from models.broker import BrokerAccess

_COMMANDS: Final = "$CONTROL/dynamic-security/v1"
_ANSWERS: Final = f"{_COMMANDS}/response"
_PATIENCE_S: Final = 10.0
_NOT_MANAGED: Final = (
    "does not let this account manage others: it takes Mosquitto with the dynamic-security plugin, "
    "and the account `access` in FLEETGAUGE_MQTT_URL"
)

Document = Mapping[str, Any]


class Listed(NamedTuple):
    """An account as the broker has it."""

    name: str
    text: str
    """Who made it and when, or where it belongs."""
    topics: tuple[str, ...]
    """On which it may publish."""
    reads: tuple[str, ...]
    """To which it may subscribe."""


class BrokerAccounts:
    """Ask the plugin; one command at a time."""

    def __init__(self, access: BrokerAccess) -> None:
        """Take the broker, with the account that may manage others."""
        self._access = access
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=access.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            transport=access.transport,
        )
        access.authenticate(self._client)
        put = self._events.put
        self._client.on_connect = lambda _c, _d, _f, reason, _p: put(("connect", reason))
        self._client.on_subscribe = lambda _c, _d, _m, reasons, _p: put(("subscribe", reasons[0]))
        self._client.on_message = lambda _c, _d, message: put(("answer", message.payload))
        self._client.on_disconnect = lambda _c, _d, _f, reason, _p: put(("lost", reason))

    def open(self) -> None:
        """Connect.

        Raises:
            CommandError: the broker does not answer, or manages no accounts by us.
        """
        try:
            self._client.connect(self._access.url.host, self._access.url.port)
        except OSError as error:
            raise CommandError(f"{self._access}: {error}") from error
        self._client.loop_start()
        reason = self._next("connect")
        if reason.is_failure:
            raise CommandError(f"{self._access} refused the connection: {reason}")
        self._client.subscribe(_ANSWERS, qos=1)
        if self._next("subscribe").is_failure:
            raise CommandError(f"{self._access} {_NOT_MANAGED}")

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def add(self, account: Account, password: str, text: str) -> None:
        """Add an account.

        Raises:
            CommandError: there is one of this name, or the broker does not do it.
        """
        acls = [
            {"acltype": "publishClientSend", "topic": topic, "priority": 0, "allow": True}
            for topic in account.topics
        ]
        client = {
            "command": "createClient",
            "username": account.name,
            "password": password,
            "textname": text,
        }
        # First, so that nothing is touched of an account that is there. Its rights are a role of
        # its own name; one without an account may be left of an attempt that was broken off.
        self._ask(client)
        self._ask({"command": "deleteRole", "rolename": account.name}, tolerate=True)
        self._ask({"command": "createRole", "rolename": account.name, "acls": acls})
        self._ask({"command": "addClientRole", "username": account.name, "rolename": account.name})

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password; whoever is connected with it is disconnected.

        Raises:
            CommandError: there is none of this name, or the broker does not do it.
        """
        self._ask({"command": "setClientPassword", "username": name, "password": password})

    def remove(self, name: str) -> None:
        """Remove an account; whoever is connected with it is disconnected.

        Raises:
            CommandError: there is none of this name, or the broker does not do it.
        """
        self._ask({"command": "deleteClient", "username": name})
        self._ask({"command": "deleteRole", "rolename": name})

    def listed(self) -> list[Listed]:
        """Return all accounts, by name.

        Raises:
            CommandError: the broker does not tell.
        """
        clients = self._ask({"command": "listClients", "verbose": True})["clients"]
        roles = self._ask({"command": "listRoles", "verbose": True})["roles"]
        acls = {role["rolename"]: role.get("acls", []) for role in roles}
        return sorted(_listed(client, acls) for client in clients)

    def _ask(self, command: Document, *, tolerate: bool = False) -> Any:
        self._client.publish(_COMMANDS, json.dumps({"commands": [command]}), qos=1)
        (answer,) = json.loads(self._next("answer"))["responses"]
        if "error" in answer and not tolerate:
            name = command.get("username") or command.get("rolename")
            raise CommandError(f"{name}: {str(answer['error']).lower()}")
        return answer.get("data")

    def _next(self, wanted: str) -> Any:
        try:
            while True:
                kind, value = self._events.get(timeout=_PATIENCE_S)
                if kind == wanted:
                    return value
                if kind == "lost":
                    raise CommandError(f"{self._access} ended the connection: its log says why")
        except queue.Empty:
            raise CommandError(f"{self._access} {_NOT_MANAGED}") from None


def _listed(client: Document, acls: Mapping[str, Sequence[Document]]) -> Listed:
    own = [acl for role in client["roles"] for acl in acls[role["rolename"]] if acl["allow"]]
    topics = tuple(acl["topic"] for acl in own if acl["acltype"] == "publishClientSend")
    reads = tuple(acl["topic"] for acl in own if acl["acltype"].startswith("subscribe"))
    return Listed(client["username"], client.get("textname", ""), topics, reads)


@contextmanager
def broker_accounts(access: BrokerAccess) -> Iterator[BrokerAccounts]:
    """Yield the accounts of a broker.

    Raises:
        CommandError: the broker does not answer, or manages no accounts by us.
    """
    accounts = BrokerAccounts(access)
    try:
        accounts.open()
        yield accounts
    finally:
        accounts.close()
