import base64
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.actor import system
from app.crypto.envelope import Tampered, new_key, seal, unseal
from app.crypto.keyring import DataKey, KeyDestroyed, Keyring, load_kek, write_kek

ACTOR = system("test")


@given(st.binary(max_size=500), st.text(max_size=40))
def test_what_is_sealed_opens_for_the_same_identity_only(plain, identity):
    key = new_key()
    sealed = seal(key, plain, identity)
    assert unseal(key, sealed, identity) == plain
    for wrong in (lambda: unseal(key, sealed, identity + "x"), lambda: unseal(new_key(), sealed, identity)):
        with pytest.raises(Tampered):
            wrong()


@given(st.integers(min_value=0, max_value=60))
def test_any_flipped_bit_is_noticed(position):
    key = new_key()
    sealed = bytearray(seal(key, b"x" * 32, "row:1"))
    sealed[position % len(sealed)] ^= 1
    with pytest.raises(Tampered):
        unseal(key, bytes(sealed), "row:1")


def test_a_short_value_is_refused():
    with pytest.raises(Tampered):
        unseal(new_key(), b"\x01abc", "row:1")


def test_the_database_holds_wrapped_keys_only(db, tmp_path):
    plain = db.write_sync(ACTOR, lambda tx: tx.keyring.key(tx.session, "patient:1"))
    assert db.write_sync(ACTOR, lambda tx: tx.keyring.key(tx.session, "patient:1")) == plain
    db.close()
    for path in tmp_path.iterdir():
        assert plain not in path.read_bytes()


def test_a_destroyed_key_never_comes_back(db):
    db.write_sync(ACTOR, lambda tx: tx.keyring.key(tx.session, "visit:1"))
    assert db.write_sync(ACTOR, lambda tx: tx.keyring.destroy(tx.session, "visit:1")) is True
    assert db.write_sync(ACTOR, lambda tx: tx.keyring.destroy(tx.session, "visit:1")) is False
    with pytest.raises(KeyDestroyed):
        db.write_sync(ACTOR, lambda tx: tx.keyring.key(tx.session, "visit:1"))


def test_a_rolled_back_key_is_not_remembered(db):
    def make_and_fail(tx):
        tx.keyring.key(tx.session, "patient:1")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        db.write_sync(ACTOR, make_and_fail)
    assert not db.write_sync(ACTOR, lambda tx: tx.keyring.exists(tx.session, "patient:1"))


def test_rotation_keeps_data_keys_and_changes_every_wrapping(db):
    plain = db.write_sync(ACTOR, lambda tx: tx.keyring.key(tx.session, "patient:1"))
    before = db.read_sync(ACTOR, lambda tx: tx.session.get(DataKey, "patient:1").wrapped)
    new_kek = new_key()
    assert db.write_sync(ACTOR, lambda tx: tx.keyring.rotate(tx.session, new_kek)) >= 1
    assert db.read_sync(ACTOR, lambda tx: tx.session.get(DataKey, "patient:1").wrapped) != before
    assert db.read_sync(ACTOR, lambda tx: Keyring(new_kek).key(tx.session, "patient:1")) == plain


def test_a_wrapped_key_moved_to_another_row_does_not_open(db):
    def swap(tx):
        first, second = (tx.keyring.key(tx.session, f"patient:{n}") for n in (1, 2))
        assert first != second
        rows = [tx.session.get(DataKey, f"patient:{n}") for n in (1, 2)]
        rows[0].wrapped, rows[1].wrapped = rows[1].wrapped, rows[0].wrapped
        tx.session.flush()
        return Keyring(bytes(range(32))).key(tx.session, "patient:1")

    with pytest.raises(Tampered):
        db.write_sync(ACTOR, swap)


def test_kek_files_are_private_and_never_overwritten(tmp_path):
    path = tmp_path / "keys" / "kek"
    write_kek(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_kek(path)
    assert len(load_kek(None, path, None)) == 32


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(b"x" * 31).decode(), "é"])
def test_a_bad_kek_is_refused(text):
    with pytest.raises(ValueError):
        load_kek(text, None, None)


def test_production_needs_a_kek():
    with pytest.raises(ValueError, match="no key encryption key"):
        load_kek(None, None, None)
