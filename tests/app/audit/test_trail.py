"""The chain finds what was done to it behind our back: with plain SQL, as an intruder with the file would."""

import asyncio

import pytest
from sqlalchemy import text

from app import audit
from app.actor import Actor, Role, system
from app.audit import Trail, Verdict
from app.db import Database, Tx
from app.errors import AccessDenied, ColloqueError
from tests.conftest import FakeClock

ADA = Actor(Role.ADMINISTRATOR, "ada", "Ada", ip="192.0.2.1", request_id="r1")
ENTRIES = 6


def note(tx: Tx, number: int) -> None:
    audit.record(tx, "record:read", entity="Patient", entity_id=f"p{number}", patient_id=f"p{number}", step=str(number))


@pytest.fixture
def filled(db: Database, clock: FakeClock) -> Database:
    for number in range(1, ENTRIES + 1):
        clock.forward(seconds=1)
        db.write_sync(ADA, note, number)
    return db


def verify(db: Database, trail: Trail) -> Verdict:
    return db.read_sync(system("test"), trail.verify)


def tamper(db: Database, *statements: str) -> None:
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_whole_chain_is_whole(filled: Database, trail: Trail) -> None:
    assert verify(filled, trail) == Verdict(ENTRIES)


def test_an_empty_chain_is_whole(db: Database, trail: Trail) -> None:
    assert verify(db, trail) == Verdict(0)


@pytest.mark.parametrize(("column", "value"), [
    ("actor_id", "'eve'"), ("actor_name", "'Eve'"), ("role", "'doctor'"), ("action", "'record:write'"),
    ("outcome", "'refused'"), ("purpose", "'HOPERAT'"), ("entity", "'Encounter'"), ("entity_id", "'p9'"),
    ("patient_id", "NULL"), ("ip", "'192.0.2.9'"), ("request_id", "'r9'"), ("detail", "'{}'"),
    ("at", "(SELECT at FROM audit_event WHERE seq = 1)"), ("mac", "(SELECT mac FROM audit_event WHERE seq = 1)"),
])
def test_an_edited_field_is_found_where_it_is(filled: Database, trail: Trail, column: str, value: str) -> None:
    tamper(filled, f"UPDATE audit_event SET {column} = {value} WHERE seq = 3")
    verdict = verify(filled, trail)
    assert verdict.seq == 3
    assert "edited" in verdict.fault


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_removed_entry_is_found(filled: Database, trail: Trail, seq: int) -> None:
    tamper(filled, f"DELETE FROM audit_event WHERE seq = {seq}")
    verdict = verify(filled, trail)
    assert verdict.seq == seq
    assert "removed" in verdict.fault


def test_a_removed_entry_is_found_after_renumbering(filled: Database, trail: Trail) -> None:
    tamper(filled, "DELETE FROM audit_event WHERE seq = 3",
           *(f"UPDATE audit_event SET seq = {n - 1} WHERE seq = {n}" for n in range(4, ENTRIES + 1)))
    assert verify(filled, trail).seq == 3


def test_reordered_entries_are_found(filled: Database, trail: Trail) -> None:
    tamper(filled, "UPDATE audit_event SET seq = 99 WHERE seq = 2", "UPDATE audit_event SET seq = 2 WHERE seq = 4",
           "UPDATE audit_event SET seq = 4 WHERE seq = 99")
    verdict = verify(filled, trail)
    assert verdict.seq == 2
    assert "reordered" in verdict.fault


def test_an_inserted_entry_is_found(filled: Database, trail: Trail) -> None:
    columns = ("at, role, actor_id, actor_name, action, outcome, purpose, entity, entity_id, patient_id, ip, "
               "request_id, detail, mac")
    tamper(filled, f"INSERT INTO audit_event (seq, {columns}) "
                   f"SELECT {ENTRIES + 1}, {columns} FROM audit_event WHERE seq = 3")
    assert verify(filled, trail).seq == ENTRIES + 1


@pytest.mark.parametrize("kept", [0, 1, 4, ENTRIES - 1])
def test_a_cut_end_is_found_by_the_head(filled: Database, trail: Trail, kept: int) -> None:
    tamper(filled, f"DELETE FROM audit_event WHERE seq > {kept}")
    verdict = verify(filled, trail)
    assert "cut off" in verdict.fault
    assert verdict.entries == kept


@pytest.mark.parametrize("kept", [0, 1, 4, ENTRIES - 1])
def test_a_cut_end_with_a_forged_head_is_found_by_the_anchor(filled: Database, trail: Trail, kept: int) -> None:
    last = f"(SELECT mac FROM audit_event WHERE seq = {kept})" if kept else "NULL"
    forged = (f"UPDATE audit_head SET count = {kept}, mac = {last} WHERE id = 1" if kept else "DELETE FROM audit_head")
    tamper(filled, forged, f"DELETE FROM audit_event WHERE seq > {kept}")
    assert "anchor" in verify(filled, trail).fault
    assert verify(filled, Trail(None)).fault == ""  # without an anchor nobody could tell


def test_a_lost_head_is_found(filled: Database, trail: Trail) -> None:
    tamper(filled, "DELETE FROM audit_head")
    assert "end of the chain" in verify(filled, trail).fault


def test_the_chain_goes_on_after_a_fault_and_the_fault_stays(filled: Database, trail: Trail) -> None:
    tamper(filled, "UPDATE audit_event SET ip = '198.51.100.1' WHERE seq = 2")
    filled.write_sync(ADA, note, 7)
    assert verify(filled, trail).seq == 2


def test_a_refused_act_is_in_the_trail_though_its_work_was_rolled_back(db: Database, trail: Trail) -> None:
    def refused(tx: Tx) -> None:
        note(tx, 1)
        audit.record(tx, "record:write", outcome="refused")
        raise AccessDenied

    with pytest.raises(AccessDenied):
        db.write_sync(ADA, refused)
    events = db.read_sync(system("test"), audit.search)
    assert [(e.action, e.outcome, e.actor_name, e.ip) for e in events] == [
        ("record:write", "refused", "Ada", "192.0.2.1")]


def test_a_failed_act_leaves_neither_rows_nor_entries(db: Database) -> None:
    def fails(tx: Tx) -> None:
        note(tx, 1)
        raise ColloqueError

    with pytest.raises(ColloqueError):
        db.write_sync(ADA, fails)
    assert db.read_sync(system("test"), audit.count) == 0


async def test_what_a_read_discloses_is_written_before_its_result_is_returned(db: Database) -> None:
    await db.read(ADA, note, 1)
    assert await db.read(ADA, audit.count) == 1


async def test_many_writers_at_once_make_one_chain(db: Database, trail: Trail) -> None:
    await asyncio.gather(*(db.write(ADA, note, n) for n in range(40)), *(db.read(ADA, note, n) for n in range(40)))
    assert verify(db, trail) == Verdict(80)
