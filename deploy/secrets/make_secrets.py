"""Make the passwords of docker-compose.yml: random, once, as files in one volume per reader.

Without a command it makes what is missing and changes nothing that is there. `add-user NAME` lets
an operator's gateway into the broker and prints its password; `show FILE` prints a secret.
"""

import argparse
import base64
import hashlib
import os
import secrets
import sys
from pathlib import Path

ITERATIONS = 101  # as mosquitto_passwd; the passwords are random, so there is nothing to stretch

BROKER = "mosquitto:1883"
DATABASE = "timescaledb:5432/fleetgauge"
PASSWORDS = "mosquitto/passwords"
# The self-probe publishes as the operator `fleetgauge`.
BROKER_USERS = {
    "ingest": "fleetgauge/mqtt_url",
    "simulator": "simulator/mqtt_url",
    "fleetgauge": "fleetgauge/probe_mqtt_url",
}


def main() -> None:
    """Run a command on the folder with the volumes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/secrets"))
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("make", help="make what is missing; the default")
    commands.add_parser("add-user", help="a user of the broker").add_argument("name")
    commands.add_parser("show", help="print a secret, e.g. grafana/admin_password").add_argument(
        "name"
    )
    given = parser.parse_args()
    os.umask(0o027)  # for the owner and the group, which the readers are in
    match given.command:
        case "add-user":
            print(add_user(given.folder, given.name))
        case "show":
            print(show(given.folder, given.name))
        case _:
            make(given.folder)


def make(folder: Path) -> None:
    """Make each secret that is not there yet."""
    for user in ("postgres", "fleetgauge", "grafana"):
        _once(folder / "timescaledb" / user, secrets.token_urlsafe(24))
    _once(folder / "grafana/admin_password", secrets.token_urlsafe(18))
    _once(folder / "fleetgauge/web_password", secrets.token_urlsafe(18))
    of_database = {user: show(folder, f"timescaledb/{user}") for user in ("fleetgauge", "grafana")}
    _once(folder / "grafana/database_password", of_database["grafana"])
    url = f"postgresql://fleetgauge:{of_database['fleetgauge']}@{DATABASE}"
    _once(folder / "fleetgauge/database_url", url)
    for user, name in BROKER_USERS.items():
        path = folder / name
        if not path.exists():
            _once(path, f"mqtt://{user}:{add_user(folder, user)}@{BROKER}")


def add_user(folder: Path, name: str) -> str:
    """Give a user of the broker a new password, and return it."""
    if not name or any(character in ":/#+" or character.isspace() for character in name):
        sys.exit(f"{name!r}: expected an operator_id without space, ':', '/', '#' or '+'")
    path = folder / PASSWORDS
    others = path.read_text().splitlines() if path.exists() else []
    others = [line for line in others if line.partition(":")[0] != name]
    password = secrets.token_urlsafe(24)
    _write(path, "".join(f"{line}\n" for line in [*others, f"{name}:{hashed(password)}"]))
    return password


def show(folder: Path, name: str) -> str:
    """Return a secret."""
    try:
        return (folder / name).read_text().strip()
    except OSError as error:
        sys.exit(f"{name}: {error.strerror}")


def hashed(password: str) -> str:
    """Return a password as Mosquitto's password file has it: PBKDF2-HMAC-SHA512, marked 7."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${_base64(salt)}${_base64(digest)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _once(path: Path, text: str) -> None:
    if not path.exists():
        _write(path, f"{text}\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    new.replace(path)  # a reader sees the old file or the new one


if __name__ == "__main__":
    main()
