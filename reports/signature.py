"""A report's signature: Ed25519 (RFC 8032) over its canonical JSON, as its SHA-256 is."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

from reports.documents import KpiDocument
from reports.kpi_document import canonical

ALGORITHM: Final = "Ed25519"


class BadKey(ValueError):
    """A file that is not the key that it should be."""


def signed(document: KpiDocument, private_key: bytes) -> KpiDocument:
    """Return the document with its signature.

    Args:
        private_key: PEM without a password, as ``openssl genpkey -algorithm ed25519`` writes it.

    Raises:
        BadKey: it is not such a key.
    """
    try:
        key = load_pem_private_key(private_key, password=None)
    except (TypeError, UnsupportedAlgorithm, ValueError) as error:
        raise BadKey(f"is not a private key without a password, in PEM: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"is not an {ALGORITHM} key")
    value = base64.b64encode(key.sign(canonical(document))).decode()
    return {**document, "signature": {"algorithm": ALGORITHM, "value": value}}


def is_signed_by(document: Mapping[str, Any], public_key: bytes) -> bool:
    """Tell whether a document bears the signature of the holder of a key.

    Args:
        public_key: PEM, as ``openssl pkey -pubout`` writes it.

    Raises:
        BadKey: it is not such a key.
    """
    try:
        key = load_pem_public_key(public_key)
    except (UnsupportedAlgorithm, ValueError) as error:
        raise BadKey(f"is not a public key in PEM: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey(f"is not an {ALGORITHM} key")
    signature = document.get("signature")
    if not isinstance(signature, dict) or signature.get("algorithm") != ALGORITHM:
        return False
    try:
        key.verify(
            base64.b64decode(str(signature.get("value")), validate=True), canonical(document)
        )
    except (InvalidSignature, ValueError):
        return False
    return True
