"""The witness beside the database: cut, lost, emptied or forged, alone or together with the chain."""

import asyncio
import os

import pytest

from app import audit
from app.actor import system
from app.anchor import Anchor, AnchorDamaged, Mark
from app.audit import GENESIS, Trail, Verdict
from app.db import Database, Tx
from tests.app.audit.test_trail import ADA, ENTRIES, filled, note, tamper, verify

assert filled  # fixtures

KEY = bytes(range(32))
DISAGREED = "did not agree"


def cut(db: Database, kept: int) -> None:
    """Remove the end and forge the head, as somebody with the database file could."""
    last = f"(SELECT mac FROM audit_event WHERE seq = {kept})"
    tamper(db, f"UPDATE audit_head SET count = {kept}, mac = {last} WHERE id = 1",
           f"DELETE FROM audit_event WHERE seq > {kept}")


def traffic(db: Database, entries: int = 3 * ENTRIES) -> None:
    for number in range(entries):
        db.write_sync(ADA, note, number)


def anchor_of(tmp_path):
    return tmp_path / "audit.anchor"


@pytest.mark.parametrize("kept", [1, 4, ENTRIES - 1])
def test_a_cut_end_is_still_found_when_the_trail_has_grown_again(filled: Database, trail: Trail, kept: int) -> None:
    cut(filled, kept)
    traffic(filled)
    verdict = verify(filled, trail)
    assert DISAGREED in verdict.fault
    assert verdict.seq == kept + 1
    assert verdict.entries == kept + 1 + 3 * ENTRIES, "one entry says so, once"


@pytest.mark.parametrize(("content", "why"), [
    (None, "missing"), (b"", "altered"), (b"4 00ff", "altered"), (b"\xff\xfe", "altered"), (b"6 zz zz", "altered")])
def test_a_lost_or_broken_anchor_is_told_stops_nobody_and_is_remembered(
        filled: Database, trail: Trail, tmp_path, content: bytes | None, why: str) -> None:
    path = anchor_of(tmp_path)
    path.unlink() if content is None else path.write_bytes(content)
    assert why in verify(filled, trail).fault
    traffic(filled)
    verdict = verify(filled, trail)
    assert DISAGREED in verdict.fault
    assert verdict.seq == ENTRIES + 1
    entry = next(e for e in filled.read_sync(system("test"), audit.search) if e.seq == ENTRIES + 1)
    assert (entry.action, entry.outcome, entry.detail) == (audit.FAULT, "failure", f'{{"why": "{why}"}}')


def test_an_anchor_cannot_be_made_to_fit_a_cut_end(filled: Database, trail: Trail, tmp_path) -> None:
    cut(filled, 4)
    with filled.engine.connect() as connection:
        mac = connection.exec_driver_sql("SELECT mac FROM audit_event WHERE seq = 4").scalar_one()
    Anchor(anchor_of(tmp_path)).write(b"no key of ours", Mark(4, bytes(mac)), force=True)
    assert "altered" in verify(filled, trail).fault


def test_an_older_anchor_put_back_with_its_chain_is_found_by_who_noted_a_later_mark(
        db: Database, trail: Trail, tmp_path) -> None:
    traffic(db, 4)
    older = anchor_of(tmp_path).read_bytes()
    traffic(db, 4)
    noted = verify(db, trail).head
    cut(db, 4)
    anchor_of(tmp_path).write_bytes(older)
    assert verify(db, trail).fault == "", "nobody could tell from this machine alone"
    assert "noted down" in check(db, trail, noted).fault


def test_a_chain_rewritten_with_its_own_key_is_found_by_who_noted_a_mark(filled: Database, trail: Trail) -> None:
    noted = verify(filled, trail).head
    assert check(filled, trail, noted) == Verdict(ENTRIES)
    filled.write_sync(system("intruder with the keys"), rewrite)
    assert verify(filled, Trail(None)).fault == ""
    assert "noted down" in check(filled, Trail(None), noted).fault


@pytest.mark.parametrize("noted", ["7:00", "x", "6:" + "0" * 32, ":", "6"])
def test_what_is_no_mark_of_this_chain_is_not_found(filled: Database, trail: Trail, noted: str) -> None:
    assert "noted down" in check(filled, trail, noted).fault


def test_a_mark_noted_earlier_is_found_after_the_trail_has_grown(filled: Database, trail: Trail) -> None:
    noted = verify(filled, trail).head
    traffic(filled)
    assert check(filled, trail, f" {noted.upper()}\n").fault == ""


def check(db: Database, trail: Trail, noted: str) -> Verdict:
    return db.read_sync(system("test"), trail.verify, noted)


def rewrite(tx: Tx) -> None:
    """Leave one read out and make everything after it fit again."""
    key, mac = tx.keyring.key(tx.session, "site:audit"), GENESIS
    events = sorted(audit.search(tx), key=lambda e: e.seq)
    for event in events:
        event.ip = "198.51.100.1"
        event.mac = mac = audit._mac(key, mac, event.model_dump())
        tx.session.add(event)
    head = tx.session.get(audit.AuditHead, 1)
    head.mac = mac
    tx.session.add(head)


def test_what_was_committed_stands_though_the_anchor_cannot_be_written(db: Database, trail: Trail, tmp_path) -> None:
    traffic(db, 2)
    scratch_in_the_way(tmp_path, there=True)
    traffic(db, 3)
    scratch_in_the_way(tmp_path, there=False)
    assert verify(db, trail) == Verdict(5)
    traffic(db, 1)
    assert verify(db, trail) == Verdict(6)
    assert Anchor(anchor_of(tmp_path)).read(site_key(db)).count == 6


def scratch_in_the_way(tmp_path, *, there: bool) -> None:
    """A directory where the anchor is written first: a real OSError, for root as well."""
    blocker = anchor_of(tmp_path).with_suffix(f".{os.getpid()}.new")
    blocker.mkdir() if there else blocker.rmdir()


def site_key(db: Database) -> bytes:
    return db.read_sync(system("test"), lambda tx: tx.keyring.key(tx.session, "site:audit"))


def test_the_file_is_its_owners_alone_and_says_only_what_was_sealed(tmp_path) -> None:
    path = tmp_path / "anchor"
    anchor = Anchor(path)
    assert anchor.read(KEY) is None
    anchor.write(KEY, Mark(3, b"\x01\x02"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert anchor.read(KEY) == Mark(3, b"\x01\x02")
    path.write_text(path.read_text().replace("3 ", "2 "))
    with pytest.raises(AnchorDamaged):
        anchor.read(KEY)


def test_an_anchor_never_goes_back_unless_it_must(tmp_path) -> None:
    anchor = Anchor(tmp_path / "anchor")
    anchor.write(KEY, Mark(5, b"\x05"))
    anchor.write(KEY, Mark(4, b"\x04"))
    assert anchor.read(KEY).count == 5
    anchor.write(KEY, Mark(4, b"\x04"), force=True)
    assert anchor.read(KEY).count == 4


def explain(db: Database, trail: Trail) -> None:
    db.write_sync(system("test"), trail.acknowledge, "backup restored")


def actions(db: Database) -> list[str]:
    return [e.action for e in db.read_sync(system("test"), audit.search)]


@pytest.mark.parametrize("content", [None, b"7 00ff\n"])
def test_an_explained_disagreement_is_quiet_but_stays_in_the_trail(
        filled: Database, trail: Trail, tmp_path, content: bytes | None) -> None:
    path = anchor_of(tmp_path)
    path.unlink() if content is None else path.write_bytes(content)
    explain(filled, trail)
    traffic(filled)
    assert verify(filled, trail).fault == ""
    assert [a for a in actions(filled) if a.startswith("audit:")] == [audit.ACKNOWLEDGED, audit.FAULT]


def test_what_comes_after_an_explanation_is_found_like_before(filled: Database, trail: Trail, tmp_path) -> None:
    cut(filled, 4)
    explain(filled, trail)
    assert verify(filled, trail).fault == ""
    anchor_of(tmp_path).unlink()
    traffic(filled)
    assert DISAGREED in verify(filled, trail).fault


def test_an_edited_entry_cannot_be_explained_away(filled: Database, trail: Trail) -> None:
    before = len(actions(filled))
    tamper(filled, "UPDATE audit_event SET actor_name = 'Somebody' WHERE seq = 3")
    with pytest.raises(audit.TrailBroken, match="edited"):
        explain(filled, trail)
    assert len(actions(filled)) == before, "nothing was written"


async def test_a_trail_that_grows_meanwhile_is_whole(db: Database, trail: Trail) -> None:
    traffic(db, 30)
    writing = asyncio.gather(*(db.write(ADA, note, n) for n in range(150)))
    while not writing.done():
        verdict = await asyncio.to_thread(verify, db, trail)
        assert verdict.fault == "", verdict
        await asyncio.sleep(0)
    assert verify(db, trail).entries == 180
