"""Keys and seals of consented speech: who can hear it is decided here.

A visit has one 32-byte key. A stream (one tap run of one participant) has its own, derived from it, so nonces that
count frames never repeat. Nodes receive the visit key HPKE-sealed (RFC 9180 base mode) to their own public key.

SealError
├── KeyRefused      a sealed key that is not for us, not for this visit, or altered
└── FrameRefused    a frame that was altered, swapped, replayed or malformed
"""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from transcription.protocol import (
    FRAME_PREFIX,
    KIND_AUDIO,
    KIND_END,
    MAX_OPUS_BYTES,
    EndReason,
    FramePrefix,
    ProtocolError,
    StreamHeader,
    frame_prefix,
)

KEY_BYTES = 32
_HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_KEY_INFO = b"colloque visit key v1\0"
_WORDS_INFO = b"colloque visit words v1\0"
_STREAM_INFO = b"colloque audio stream v1"
_END_REASONS: tuple[EndReason, ...] = ("closed", "withdrawn", "lost")


class SealError(Exception):
    """A key or a frame that does not open."""


class KeyRefused(SealError):
    """The sealed key is not for this node and visit, or was altered."""


class FrameRefused(SealError):
    """A frame that must not be heard; `reason` and `sequence` go to the audit trail."""

    def __init__(self, reason: Literal["altered", "replayed", "malformed"], sequence: int) -> None:
        super().__init__(f"frame {sequence}: {reason}")
        self.reason = reason
        self.sequence = sequence


class Frame(NamedTuple):
    """One Opus packet: its number within the stream and its capture time in epoch milliseconds."""

    sequence: int
    at_ms: int
    opus: bytes


class StreamEnd(NamedTuple):
    """The stream's last record and why it ended."""

    sequence: int
    at_ms: int
    reason: EndReason


def new_visit_key() -> bytes:
    """A fresh 32-byte audio key for one visit."""
    return secrets.token_bytes(KEY_BYTES)


def new_node_keypair() -> tuple[X25519PrivateKey, bytes]:
    """A fresh (private key, 32-byte public key) for one node."""
    private = X25519PrivateKey.generate()
    return private, private.public_key().public_bytes_raw()


def load_node_keypair(path: Path) -> tuple[X25519PrivateKey, bytes]:
    """The node's (private key, public key) from `path`, made with mode 0600 when absent.

    Two processes that start at once agree: the first file linked into place wins.
    """
    if not path.exists():
        _create_private_file(path, new_node_keypair()[0].private_bytes_raw())
    private = X25519PrivateKey.from_private_bytes(path.read_bytes())
    return private, private.public_key().public_bytes_raw()


def _create_private_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def seal_key(recipient_public: bytes, key: bytes, *, visit_id: str) -> bytes:
    """HPKE: the visit's key, for the holder of recipient_public and for this visit only (enc || ciphertext).

    KeyRefused when recipient_public is no X25519 key.
    """
    if len(key) != KEY_BYTES:
        raise ValueError("a visit key has 32 bytes")
    return _seal_to(recipient_public, key, _KEY_INFO + visit_id.encode())


def open_key(private: X25519PrivateKey, sealed: bytes, *, visit_id: str) -> bytes:
    """The visit's 32-byte key; KeyRefused when it was sealed for another node or visit, or altered."""
    key = _open_from(private, sealed, _KEY_INFO + visit_id.encode())
    if len(key) != KEY_BYTES:
        raise KeyRefused("the sealed visit key has a wrong length")
    return key


def seal_words(recipient_public: bytes, words: Sequence[str], *, visit_id: str) -> bytes:
    """HPKE: words that the visit is likely to hold (they come from the record), sealed as the key is."""
    return _seal_to(recipient_public, json.dumps(list(words)).encode(), _WORDS_INFO + visit_id.encode())


def open_words(private: X25519PrivateKey, sealed: bytes, *, visit_id: str) -> list[str]:
    """The words; KeyRefused when they were sealed for another node or visit, or altered."""
    words = json.loads(_open_from(private, sealed, _WORDS_INFO + visit_id.encode()))
    return [str(word) for word in words]


def _seal_to(recipient_public: bytes, plain: bytes, info: bytes) -> bytes:
    try:
        return _HPKE.encrypt(plain, X25519PublicKey.from_public_bytes(recipient_public), info)
    except ValueError as error:
        raise KeyRefused("the recipient's public key is no X25519 key") from error


def _open_from(private: X25519PrivateKey, sealed: bytes, info: bytes) -> bytes:
    try:
        return _HPKE.decrypt(sealed, private, info)
    except (InvalidTag, ValueError) as error:
        raise KeyRefused("the sealed message does not open") from error


def stream_key(visit_key: bytes, stream_id: str) -> bytes:
    """The 32-byte AES-256-GCM key of one stream: HKDF-SHA256(visit key, salt = stream_id in UTF-8)."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=stream_id.encode(), info=_STREAM_INFO)
    return kdf.derive(visit_key)


def _nonce(sequence: int) -> bytes:
    return sequence.to_bytes(12, "big")


class FrameSealer:
    """Seals the frames of one stream. Each sequence number serves once; a number that does not grow is an error."""

    def __init__(self, visit_key: bytes, header: StreamHeader) -> None:
        self._aead = AESGCM(stream_key(visit_key, header.stream_id))
        self._digest = header.digest()
        self._next = 0

    def seal(self, sequence: int, at_ms: int, opus: bytes) -> bytes:
        """prefix (17 bytes, plain) || AES-256-GCM ciphertext and tag; AAD = header digest || prefix."""
        if not 0 < len(opus) <= MAX_OPUS_BYTES:
            raise ValueError(f"an Opus packet has 1 to {MAX_OPUS_BYTES} bytes")
        return self._seal(FramePrefix(KIND_AUDIO, sequence, at_ms), opus)

    def seal_end(self, sequence: int, at_ms: int, reason: EndReason) -> bytes:
        """The stream's last record, sealed like a frame."""
        return self._seal(FramePrefix(KIND_END, sequence, at_ms), reason.encode())

    def _seal(self, prefix: FramePrefix, plain: bytes) -> bytes:
        if prefix.sequence < self._next:  # a nonce used twice would give both plaintexts away
            raise ValueError("sequence numbers must grow")
        self._next = prefix.sequence + 1
        packed = prefix.pack()
        return packed + self._aead.encrypt(_nonce(prefix.sequence), plain, self._digest + packed)


class FrameOpener:
    """Opens the frames of one stream, in order, and refuses whatever the tap did not write there."""

    def __init__(self, visit_key: bytes, header: StreamHeader) -> None:
        self._aead = AESGCM(stream_key(visit_key, header.stream_id))
        self._digest = header.digest()
        self._last = -1

    def open(self, frame: bytes) -> Frame | StreamEnd:
        """The frame in clear; FrameRefused when altered, from another stream or visit, replayed or malformed."""
        try:
            prefix = frame_prefix(frame)
        except ProtocolError as error:
            raise FrameRefused("malformed", self._last + 1) from error
        plain = self._authentic(prefix, frame)
        if prefix.sequence <= self._last:
            raise FrameRefused("replayed", prefix.sequence)
        self._last = prefix.sequence
        if prefix.kind == KIND_AUDIO:
            return Frame(prefix.sequence, prefix.at_ms, plain)
        return StreamEnd(prefix.sequence, prefix.at_ms, self._reason(prefix, plain))

    def _authentic(self, prefix: FramePrefix, frame: bytes) -> bytes:
        associated = self._digest + frame[: FRAME_PREFIX.size]
        try:
            return self._aead.decrypt(_nonce(prefix.sequence), frame[FRAME_PREFIX.size :], associated)
        except InvalidTag as error:
            raise FrameRefused("altered", prefix.sequence) from error

    def _reason(self, prefix: FramePrefix, plain: bytes) -> EndReason:
        for reason in _END_REASONS:
            if prefix.kind == KIND_END and plain == reason.encode():
                return reason
        raise FrameRefused("malformed", prefix.sequence)
