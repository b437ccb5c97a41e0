"""The keyring: data keys wrapped by the key encryption key (KEK), one for each patient and each visit.

Destroying a data key erases everything it sealed, backups included. The KEK itself never touches
the database. Site-wide keys (blind index, audit trail, staff secrets) are data keys too, so that
rotating the KEK rewraps rows and changes nothing else.
"""

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import LargeBinary
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, col, select

from app.crypto.envelope import KEY_BYTES, new_key, seal, unseal
from app.errors import ColloqueError

CACHE_S = 30.0  # other web nodes may destroy a key: none is remembered for longer
KEK_ID_BYTES = 8
MADE = "keys_made"  # in the session's info: keys that are not committed yet, of all calls that share the transaction


class KeyDestroyed(ColloqueError):
    """The data key was destroyed on purpose: what it sealed is gone for good."""

    status = 410
    code = "destroyed"


class DataKey(SQLModel, table=True):
    """A wrapped data key; `wrapped` is emptied when the key is destroyed."""

    __tablename__ = "data_key"
    id: str = Field(primary_key=True)
    kek_id: str
    wrapped: bytes = Field(sa_type=LargeBinary)
    destroyed: bool = False


def load_kek(kek_b64: str | None, kek_file: Path | None, demo_path: Path | None) -> bytes:
    """The 32-byte KEK from a setting, a file, or (demo only) a file made on first use.

    Raises ValueError when there is none, it is not 32 bytes of base64, or everybody may read its file; OSError.
    """
    if kek_b64 is None and kek_file is None and demo_path is not None:
        kek_file = demo_path
        if not demo_path.exists():
            write_kek(demo_path)
    if kek_b64 is None and kek_file is None:
        raise ValueError("no key encryption key")
    if kek_b64 is None and kek_file and kek_file.stat().st_mode & 0o007:
        raise ValueError(f"everybody on this machine may use it: chmod 600 {kek_file}")
    text = kek_b64 if kek_b64 is not None else kek_file.read_text() if kek_file else ""
    kek = base64.b64decode(text.strip(), validate=True)
    if len(kek) != KEY_BYTES:
        raise ValueError("the key encryption key must be 32 bytes in base64")
    return kek


def write_kek(path: Path) -> None:
    """Write a new KEK, readable by its owner alone; refuses to overwrite one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(new_key()).decode() + "\n")


class Keyring:
    """Makes, opens and destroys data keys inside the caller's database session."""

    def __init__(self, kek: bytes) -> None:
        self._kek = kek
        self.kek_id = hashlib.sha256(b"colloque kek id" + kek).hexdigest()[: 2 * KEK_ID_BYTES]
        self._cache: dict[str, tuple[float, bytes]] = {}

    def key(self, session: Session, key_id: str) -> bytes:
        """The data key `key_id`, made on first use. Raises KeyDestroyed."""
        cached = self._cache.get(key_id)
        if cached and time.monotonic() - cached[0] < CACHE_S:
            return cached[1]
        row = session.get(DataKey, key_id)
        plain = self._create(session, key_id) if row is None else self._unwrap(row)
        if row is not None and key_id not in session.info.get(MADE, ()):  # one made here may still be rolled back
            self._cache[key_id] = (time.monotonic(), plain)
        return plain

    def fits(self, session: Session) -> bool:
        """Whether this KEK is the one that wraps the database's keys, as far as there are any."""
        foreign = select(DataKey.id).where(col(DataKey.destroyed).is_(False), DataKey.kek_id != self.kek_id)
        return session.exec(foreign.limit(1)).first() is None

    def preload(self, session: Session, key_ids: Sequence[str]) -> None:
        """Have many data keys at hand with one query; missing and destroyed ones are left out."""
        stale_at = time.monotonic() - CACHE_S
        wanted = [key_id for key_id in key_ids if self._cache.get(key_id, (stale_at, b""))[0] <= stale_at]
        if not wanted:
            return
        living = select(DataKey.id, DataKey.wrapped).where(col(DataKey.id).in_(wanted), ~col(DataKey.destroyed))
        for key_id, wrapped in session.exec(living).all():
            if key_id in session.info.get(MADE, ()):
                continue
            self._cache[key_id] = (time.monotonic(), self._open(key_id, wrapped))

    def exists(self, session: Session, key_id: str) -> bool:
        """Whether the key was made and not destroyed."""
        row = session.get(DataKey, key_id)
        return row is not None and not row.destroyed

    def destroy(self, session: Session, key_id: str) -> bool:
        """Destroy a data key for good; False if there was none left to destroy."""
        self._cache.pop(key_id, None)
        row = session.get(DataKey, key_id)
        if row is None or row.destroyed:
            return False
        row.wrapped, row.destroyed = b"", True
        session.add(row)
        session.flush()
        return True

    def rotate(self, session: Session, new_kek: bytes) -> int:
        """Rewrap every living data key under a new KEK; returns how many."""
        successor = Keyring(new_kek)
        rows = session.exec(select(DataKey).where(DataKey.destroyed == False)).all()  # noqa: E712  SQL, not Python
        for row in rows:
            row.wrapped = seal(new_kek, self._unwrap(row), f"data_key:{row.id}")
            row.kek_id = successor.kek_id
            session.add(row)
        return len(rows)

    def blind(self, session: Session, token: str) -> bytes:
        """Keyed blind-index value of a normalised search token (HMAC-SHA256, 16 bytes)."""
        return hmac.digest(self.key(session, "site:index"), token.encode(), "sha256")[:16]

    def _create(self, session: Session, key_id: str) -> bytes:
        plain = new_key()
        wrapped = seal(self._kek, plain, f"data_key:{key_id}")
        try:
            with session.begin_nested():
                session.add(DataKey(id=key_id, kek_id=self.kek_id, wrapped=wrapped))
        except IntegrityError:  # another web node made it in the same instant: theirs is the one
            return self._unwrap(session.get_one(DataKey, key_id))
        session.info.setdefault(MADE, set()).add(key_id)
        return plain

    def _unwrap(self, row: DataKey) -> bytes:
        if row.destroyed:
            raise KeyDestroyed("This was destroyed and cannot be read any more.")
        return self._open(row.id, row.wrapped)

    def _open(self, key_id: str, wrapped: bytes) -> bytes:
        return unseal(self._kek, wrapped, f"data_key:{key_id}")

