"""A report's signature holds for its data and for one key."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from reports.kpi_document import digest
from reports.signature import BadKey, is_signed_by, signed
from tests.unit.reports.small_report import small_report

KEY = Ed25519PrivateKey.generate()


def private_pem(
    key: Any = KEY,
    encryption: KeySerializationEncryption = NoEncryption(),  # noqa: B008
) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    return pem


def public_pem(key: Any = KEY) -> bytes:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def test_a_signature_is_of_the_data() -> None:
    """It survives being printed; the SHA-256 is what it was, and nothing else may change."""
    plain = small_report()
    document = json.loads(json.dumps(signed(plain, private_pem())))
    assert is_signed_by(document, public_pem())
    assert digest(document) == document["sha256"] == plain["sha256"]
    assert not is_signed_by(document | {"vehicles": 5}, public_pem())
    assert not is_signed_by(document, public_pem(Ed25519PrivateKey.generate()))


@pytest.mark.parametrize(
    "signature",
    [None, "x", {}, {"algorithm": "none", "value": ""}, {"algorithm": "Ed25519", "value": "é"}],
)
def test_what_is_no_signature_is_none(signature: Any) -> None:
    """Whatever stands there."""
    assert not is_signed_by({**small_report(), "signature": signature}, public_pem())


@pytest.mark.parametrize(
    "key",
    [
        b"",
        public_pem(),
        private_pem(encryption=BestAvailableEncryption(b"secret")),
        private_pem(generate_private_key(SECP256R1())),
    ],
)
def test_a_file_that_is_not_the_key_is_named(key: bytes) -> None:
    """One with a password, of another kind, or none at all."""
    with pytest.raises(BadKey, match=r"^is not a"):
        signed(small_report(), key)
    with pytest.raises(BadKey, match=r"^is not a"):
        is_signed_by(small_report(), private_pem() if key == public_pem() else key)
