"""Make the broker's TLS listener: an authority and a certificate of its own, or one that is given.

What the broker reads is in the folder `mosquitto`, the authority's key in `authority`, which no
service mounts.
"""

import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_FOR = timedelta(days=3650)
CERTIFICATE_FOR = timedelta(days=730)
RENEWED_BEFORE = timedelta(days=60)

LISTENER = """\
# Written by deploy/secrets from MQTT_TLS and MQTT_CLIENT_CERTIFICATES.
listener 8883
use_username_as_clientid true
certfile {security}/tls/fullchain.pem
keyfile {security}/tls/privkey.pem
tls_version tlsv1.2
"""
CLIENTS = """\
cafile {security}/tls/ca.pem
require_certificate true
"""

Issued = tuple[str, str]
"""A certificate and its key, PEM."""


def make_tls(folder: Path, names: str, *, client_certificates: bool, security: str) -> None:
    """Write the listener and what it needs.

    Args:
        folder: with the folders `mosquitto` and `authority`.
        names: host names and addresses by which clients reach the broker, comma-separated.
        client_certificates: whether a client needs one, beside its password.
        security: where the broker has the folder `mosquitto`.
    """
    listeners, tls = folder / "mosquitto/listeners", folder / "mosquitto/tls"
    wanted = [name for part in names.split(",") if (name := part.strip())]
    _write(tls / "ca.pem", _authority(folder)[0])
    if not (tls / "given").exists() and not _holds(tls / "fullchain.pem", wanted):
        certificate, key = _issued(folder, wanted[0], wanted)
        _write(tls / "privkey.pem", key)
        _write(tls / "fullchain.pem", certificate)
    text = LISTENER + (CLIENTS if client_certificates else "")
    _write(listeners / "tls.conf", text.format(security=security))


def take_certificate(folder: Path, pem: bytes) -> None:
    """Take a certificate with its chain, and its key, in place of a generated one."""
    try:
        chain = x509.load_pem_x509_certificates(pem)
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        sys.exit(f"expected a certificate with its chain and its key, unencrypted PEM: {error}")
    if chain[0].public_key() != key.public_key():
        sys.exit("the key is not that of the first certificate")
    tls = folder / "mosquitto/tls"
    _write(tls / "privkey.pem", _key_pem(key))
    _write(tls / "fullchain.pem", "".join(map(_pem, chain)))
    _write(tls / "given", "")


def client_certificate(folder: Path, name: str) -> str:
    """Return a certificate for a client, with its key; neither is kept."""
    return "".join(_issued(folder, name, []))


def _authority(folder: Path) -> Issued:
    certificate, key = folder / "authority/ca.pem", folder / "authority/ca.key"
    if not certificate.exists():
        private = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fleetgauge broker")])
        made = _begun(name, private, AUTHORITY_FOR).issuer_name(name)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        _write(key, _key_pem(private))
        _write(certificate, _pem(made.sign(private, hashes.SHA256())))
    return certificate.read_text(), key.read_text()


def _issued(folder: Path, name: str, names: list[str]) -> Issued:
    """Return a server's certificate for these names, or a client's where there are none."""
    authority, authority_key = _authority(folder)
    issuer = x509.load_pem_x509_certificate(authority.encode())
    signer = serialization.load_pem_private_key(authority_key.encode(), None)
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    usage = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
    made = _begun(subject, private, CERTIFICATE_FOR).issuer_name(issuer.subject)
    made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    if names:
        alternatives = x509.SubjectAlternativeName(list(map(_general_name, names)))
        made = made.add_extension(alternatives, critical=False)
    return _pem(made.sign(signer, hashes.SHA256())), _key_pem(private)


def _begun(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, valid: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + valid)
    )


def _holds(path: Path, names: list[str]) -> bool:
    """Tell whether a certificate is there, has these names, and does not end soon."""
    if not path.exists():
        return False
    there = x509.load_pem_x509_certificate(path.read_bytes())
    extension = there.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    lasts = there.not_valid_after_utc - datetime.now(UTC) > RENEWED_BEFORE
    return lasts and list(extension.value) == list(map(_general_name, names))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: object) -> str:
    return key.private_bytes(  # type: ignore[attr-defined, no-any-return]
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    new.replace(path)
