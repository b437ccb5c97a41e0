"""What machines seal for each other with the key that they share: the messages of a session, one by one."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

INFO = b"colloque machines v1 "
NUMBER_BYTES, NONCE_BYTES = 8, 12


class Foreign(Exception):
    """Said by nobody with the key, altered, or heard before: as good as nothing."""


class Missed(Exception):
    """One of ours, but not the next: something before it got lost."""


def derived(key: bytes, salt: bytes, purpose: str) -> bytes:
    """A key of its own for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), len(key), salt, INFO + purpose.encode()).derive(key)


class Way:
    """One direction of a session. A message is its number, then AES-256-GCM under that number as nonce.

    The key serves this direction of this session alone, so that no number is ever used twice.
    """

    def __init__(self, key: bytes, salt: bytes, direction: str) -> None:
        self._aead, self._number = AESGCM(derived(key, salt, direction)), 0

    def seal(self, text: bytes) -> bytes:
        """The next message."""
        self._number += 1
        return self._number.to_bytes(NUMBER_BYTES, "big") + self._aead.encrypt(_nonce(self._number), text, None)

    def open(self, sealed: bytes) -> bytes:
        """What the next message says. Raises Foreign, which changes nothing, and Missed."""
        number = int.from_bytes(sealed[:NUMBER_BYTES], "big")
        if number <= self._number:
            raise Foreign
        try:
            text = self._aead.decrypt(_nonce(number), sealed[NUMBER_BYTES:], None)
        except InvalidTag:
            raise Foreign from None
        if number != self._number + 1:
            raise Missed
        self._number = number
        return text


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_BYTES, "big")
