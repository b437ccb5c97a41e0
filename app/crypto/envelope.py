"""Envelope encryption: AES-256-GCM with the row's identity as additional data (NIST SP 800-38D).

A sealed value is `version (1 byte) | nonce (12 bytes) | ciphertext and tag`. Nonces are random:
one data key seals far fewer than 2**32 values, the bound of SP 800-38D for random nonces.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"


class Tampered(Exception):
    """A sealed value does not open: altered, moved to another row, or another key."""


def new_key() -> bytes:
    """A random 256-bit key."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, plain: bytes, identity: str) -> bytes:
    """Seal bytes for one identity, such as "patient:<id>"."""
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plain, identity.encode())


def unseal(key: bytes, sealed: bytes, identity: str) -> bytes:
    """Open what `seal` made for the same identity; raises Tampered otherwise."""
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    if sealed[:1] != VERSION or len(nonce) != NONCE_BYTES:
        raise Tampered(identity)
    try:
        return AESGCM(key).decrypt(nonce, body, identity.encode())
    except InvalidTag:
        raise Tampered(identity) from None
