"""The broker's listener with TLS, as one setting turns it on."""

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from tests.integration.deploy.compose_broker import DEPLOY, PLUGIN, Client
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.userland import Userland

SCRIPT = DEPLOY / "secrets/make_secrets.py"


def secrets_script(folder: Path, *command: str, pem: bytes = b"", **settings: str) -> str:
    """Run the service `secrets` with these settings."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--folder", str(folder), "--security", "{folder}", *command],
        check=True, capture_output=True, input=pem, env=os.environ | settings,
    )  # fmt: skip
    return done.stdout.decode()


class TlsBroker(NamedTuple):
    """A running one, and what a client trusts."""

    port: int
    authority: str

    def client(self, secrets: Path, certificate: Path | None = None) -> Client:
        """Return a client with the simulator's account."""
        url = (secrets / "simulator/mqtt_url").read_text()
        user, _, password = url.removeprefix("mqtt://").partition("@")[0].partition(":")
        context = ssl.create_default_context(cadata=self.authority)
        if certificate is not None:
            context.load_cert_chain(certificate)
        client = Client((user, password))
        client.tls_set_context(context)
        return client


@contextmanager
def tls_broker(userland: Userland, secrets: Path, authority: str = "") -> Iterator[TlsBroker]:
    """Run the shipped configuration, with the listener that the script has written."""
    port = free_port()
    files = {
        str(path.relative_to(secrets / "mosquitto")): path.read_text()
        for path in (secrets / "mosquitto").rglob("*.pem")
    }
    listener = (secrets / "mosquitto/listeners/tls.conf").read_text()
    broker = MosquittoServer(
        listener.replace("listener 8883", f"listener {port} {LOOPBACK}").splitlines(),
        config_path=DEPLOY / "mosquitto/mosquitto.conf",
        overrides={
            "plugin": PLUGIN,
            "plugin_opt_config_file": "{folder}/data/accounts.json",
            "include_dir": None,
        },
        files=files | {"data/accounts.json": (secrets / "mosquitto/accounts.json").read_text()},
        userland=userland,
    )
    with started(broker):
        yield TlsBroker(port, authority or secrets_script(secrets, "show", "mosquitto/tls/ca.pem"))


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


def test_one_setting_gives_a_listener(userland: Userland, secrets: Path) -> None:
    """With a certificate for the names that it has; a second run changes none of it."""
    secrets_script(secrets, MQTT_TLS=f"broker.example.org, {LOOPBACK}")
    before = (secrets / "mosquitto/tls/fullchain.pem").read_text()
    secrets_script(secrets, MQTT_TLS=f"broker.example.org, {LOOPBACK}")
    assert (secrets / "mosquitto/tls/fullchain.pem").read_text() == before
    with tls_broker(userland, secrets) as broker:
        client = broker.client(secrets).open(broker.port)
        assert client.connected == [0]
        assert client.send("fleet/ivpat-1/1/position", b"{}") in {0, 16}
        client.close()


def test_tls_older_than_1_2_is_refused(userland: Userland, secrets: Path) -> None:
    """And so is who does not trust the certificate's authority, by its own decision."""
    secrets_script(secrets, MQTT_TLS=LOOPBACK)
    with tls_broker(userland, secrets) as broker:
        probe = ["openssl", "s_client", "-connect", f"{LOOPBACK}:{broker.port}"]
        old = ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]
        done = subprocess.run([*probe, *old], check=False, input=b"", capture_output=True)
        assert done.returncode != 0
        assert b"Cipher is (NONE)" in done.stdout
        outsider = ssl.create_default_context(cadata=trustme.CA().cert_pem.bytes().decode())
        with (
            socket.create_connection((LOOPBACK, broker.port)) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            outsider.wrap_socket(plain, server_hostname=LOOPBACK)


def test_a_client_certificate_can_be_asked_for(
    userland: Userland, secrets: Path, tmp_path: Path
) -> None:
    """Beside the password; one of another authority does not do."""
    secrets_script(secrets, MQTT_TLS=LOOPBACK, MQTT_CLIENT_CERTIFICATES="true")
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    ours.write_text(secrets_script(secrets, "client-certificate", "ivpat-1"))
    trustme.CA().issue_cert("ivpat-1").private_key_and_cert_chain_pem.write_to_path(str(theirs))
    with tls_broker(userland, secrets) as broker:
        client = broker.client(secrets, ours).open(broker.port)
        assert client.connected == [0]
        client.close()
        for certificate in (None, theirs):
            refused = broker.client(secrets, certificate)
            with pytest.raises((OSError, AssertionError, TimeoutError)):
                refused.open(broker.port)
            refused.loop_stop()
            assert refused.connected == []


def test_a_certificate_can_be_given(userland: Userland, secrets: Path) -> None:
    """It takes the generated one's place, and stays when the service runs again."""
    authority = trustme.CA()
    certificate = authority.issue_cert(LOOPBACK).private_key_and_cert_chain_pem.bytes()
    secrets_script(secrets, MQTT_TLS="broker.example.org")
    secrets_script(secrets, "certificate", pem=certificate)
    secrets_script(secrets, MQTT_TLS="broker.example.org")
    with tls_broker(userland, secrets, authority.cert_pem.bytes().decode()) as broker:
        client = broker.client(secrets).open(broker.port)
        assert client.connected == [0]
        client.close()


def test_without_the_setting_there_is_none(secrets: Path) -> None:
    """Nor any more, once it is taken back."""
    listeners = secrets / "mosquitto/listeners"
    secrets_script(secrets, MQTT_TLS=LOOPBACK)
    assert [path.name for path in listeners.iterdir()] == ["tls.conf"]
    secrets_script(secrets)
    assert list(listeners.iterdir()) == []
