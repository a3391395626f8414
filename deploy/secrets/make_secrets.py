"""Make the passwords of an installation: random, once, as files in one folder per reader.

Both docker-compose.yml and `fleetgauge install` run it, the first with a volume for each folder.

Without a command it makes what is missing and changes nothing that is there; `show FILE` prints a
secret. Operators and vehicles are let into the broker by `fleetgauge access`.
"""

import argparse
import base64
import hashlib
import json
import os
import secrets
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

ITERATIONS = 101  # as Mosquitto; the passwords are random, so there is nothing to stretch

BROKER = "mosquitto:1884"
DATABASE = "timescaledb:5432/fleetgauge"
ACCOUNTS = "mosquitto/accounts.json"
SECURITY = "/mosquitto/security"

# What the services of the stack may do at the broker, as (kind, topic filter). The accounts of
# operators and vehicles are made by `fleetgauge access`.
PREFIX = os.environ.get("FLEETGAUGE_TOPIC_PREFIX", "").rstrip("/")
BEFORE = PREFIX and f"{PREFIX}/"
TOPICS = tuple(
    BEFORE + name for name in ("fleet/#", "/hfp/v2/#", "owntracks/#", "traccar/positions")
)
CONTROL = "$CONTROL/dynamic-security/#"
# Who was refused, errors, and how many messages of what size are kept.
SAID_BY_BROKER = ("$SYS/broker/log/N", "$SYS/broker/log/E", "$SYS/broker/store/messages/+")
BROKER_RIGHTS = {
    "ingest": [
        *(("subscribePattern", name) for name in TOPICS),
        *(("subscribePattern", f"$share/+/{name}") for name in TOPICS),
        *(("publishClientReceive", name) for name in TOPICS),
    ],
    "simulator": [("publishClientSend", name) for name in TOPICS],
    # The self-probe publishes as the operator `fleetgauge`.
    "fleetgauge": [
        ("publishClientSend", f"{BEFORE}fleet/fleetgauge/#"),
        *(("subscribePattern", name) for name in SAID_BY_BROKER),
        *(("publishClientReceive", name) for name in SAID_BY_BROKER),
    ],
    "access": [
        ("publishClientSend", CONTROL),
        ("subscribePattern", CONTROL),
        ("publishClientReceive", CONTROL),
    ],
}
BROKER_USERS = {
    "ingest": "ingest/mqtt_url",
    "simulator": "simulator/mqtt_url",
    "fleetgauge": "metrics/mqtt_url",
    "access": "admin/mqtt_url",
}
# What each role of the database is read by: a service's URL, or a password alone.
DATABASE_URLS = {
    "fleetgauge": "migrate/database_url",
    "ingest": "ingest/database_url",
    "admin": "admin/database_url",
    "metrics": "metrics/database_url",
    "web": "web/database_url",
}


def main() -> None:
    """Run a command on the folder with the volumes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/secrets"))
    parser.add_argument("--broker", default=BROKER, help="HOST:PORT, for the URLs")
    parser.add_argument("--database", default=DATABASE, help="HOST:PORT/NAME, for the URLs")
    parser.add_argument("--security", default=SECURITY, help="where the broker has its folder")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("make", help="make what is missing; the default")
    commands.add_parser("show", help="print a secret, e.g. grafana/admin_password").add_argument(
        "name"
    )
    commands.add_parser(
        "certificate", help="take the broker's certificate, its chain and key from standard input"
    )
    commands.add_parser(
        "client-certificate", help="print a certificate and key for a client of the broker"
    ).add_argument("name")
    given = parser.parse_args()
    os.umask(0o027)  # for the owner and the group, which the readers are in
    match given.command:
        case "show":
            print(show(given.folder, given.name))
        case "certificate":
            _tls().take_certificate(given.folder, sys.stdin.buffer.read())
        case "client-certificate":
            print(_tls().client_certificate(given.folder, given.name), end="")
        case _:
            make(given.folder, given.broker, given.database)
            make_listener(given.folder, given.security)


def make(folder: Path, broker: str = BROKER, database: str = DATABASE) -> None:
    """Make each secret that is not there yet."""
    for user in ("postgres", "grafana", *DATABASE_URLS):
        _once(folder / "timescaledb" / user, secrets.token_urlsafe(24))
    _once(folder / "grafana/admin_password", secrets.token_urlsafe(18))
    _once(folder / "web/password", secrets.token_urlsafe(18))
    _once(folder / "web/viewer_password", secrets.token_urlsafe(18))
    _once(folder / "grafana/database_password", show(folder, "timescaledb/grafana"))
    for user, name in DATABASE_URLS.items():
        password = show(folder, f"timescaledb/{user}")
        _once(folder / name, f"postgresql://{user}:{password}@{database}")
    # The broker has the hashes alone, so that all its accounts are made at once or not at all.
    if not (folder / ACCOUNTS).exists():
        passwords = {user: secrets.token_urlsafe(24) for user in BROKER_USERS}
        for user, name in BROKER_USERS.items():
            _write(folder / name, f"mqtt://{user}:{passwords[user]}@{broker}\n")
        _write(folder / ACCOUNTS, json.dumps(accounts(passwords), indent=1))


def make_listener(folder: Path, security: str = SECURITY) -> None:
    """Make the broker's listener with TLS for the names in MQTT_TLS, if there are any."""
    listeners = folder / "mosquitto/listeners"
    listeners.mkdir(parents=True, exist_ok=True)
    if names := os.environ.get("MQTT_TLS", ""):
        clients = os.environ.get("MQTT_CLIENT_CERTIFICATES", "") == "true"
        _tls().make_tls(folder, names, client_certificates=clients, security=security)
    else:
        (listeners / "tls.conf").unlink(missing_ok=True)


def accounts(passwords: dict[str, str]) -> dict[str, object]:
    """Return the file of Mosquitto's dynamic-security plugin, with the services of the stack."""
    return {
        "defaultACLAccess": {
            "publishClientSend": False,
            "publishClientReceive": False,
            "subscribe": False,
            "unsubscribe": True,
        },
        "clients": [
            {"username": user, "textname": "of the stack", "roles": [{"rolename": user}]}
            | hashed(password)
            for user, password in passwords.items()
        ],
        "groups": [],
        "roles": [
            {
                "rolename": user,
                "acls": [
                    {"acltype": kind, "topic": topic, "priority": 0, "allow": True}
                    for kind, topic in BROKER_RIGHTS[user]
                ],
            }
            for user in passwords
        ],
    }


def show(folder: Path, name: str) -> str:
    """Return a secret."""
    try:
        return (folder / name).read_text().strip()
    except OSError as error:
        sys.exit(f"{name}: {error.strerror}")


def hashed(password: str) -> dict[str, object]:
    """Return a password as the plugin keeps it: PBKDF2-HMAC-SHA512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return {"password": _base64(digest), "salt": _base64(salt), "iterations": ITERATIONS}


def _tls() -> ModuleType:
    # Beside this file, and needed by who has TLS alone.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    return import_module("broker_tls")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _once(path: Path, text: str) -> None:
    if not path.exists():
        _write(path, f"{text}\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    if path.parent.name == "mosquitto":
        new.chmod(0o660)  # the broker rewrites it
    new.replace(path)  # a reader sees the old file or the new one


if __name__ == "__main__":
    main()
