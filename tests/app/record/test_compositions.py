from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import select

from app import audit
from app.crypto.keyring import KeyDestroyed
from app.db import Tx
from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.jobs import Job
from app.record import compositions, editing, entries, playback
from app.record.compositions import Note
from app.record.tables import NoteContent
from tests.app.record.conftest import JOB, House, content
from tests.conftest import FakeClock


def drafted(house: House, draft: NoteContent | None = None) -> Note:
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, draft or content())
    return note(house)


def note(house: House) -> Note:
    return house.db.read_sync(house.doctor, compositions.read, house.visit_id)


def edit(house: House, version: int, change: compositions.Change) -> int:
    return house.db.write_sync(house.doctor, compositions.edit, house.visit_id, version, change)


def settled(house: House) -> int:
    """A draft whose conflict was decided: ready to sign."""
    return edit(house, drafted(house).version, partial(editing.settle, conflict_id="c1", keep="said"))


def signed(house: House) -> None:
    house.db.write_sync(house.doctor, compositions.sign, house.visit_id, settled(house))


def jobs_waiting(tx: Tx) -> list[str]:
    return [job.kind for job in tx.session.exec(select(Job)).all()]


def test_a_draft_is_preliminary_and_keeps_the_machines_words_as_version_one(house: House) -> None:
    first = drafted(house)
    assert (first.status, first.version, first.mine, first.touched) == ("preliminary", 1, True, False)
    edit(house, 1, partial(editing.rewrite, sentence_id="s1", text="Toux sèche depuis trois jours."))
    kept = house.db.read_sync(house.doctor, compositions.version, house.visit_id, 1)
    assert kept.sections[0].sentences[0].text == "Toux depuis trois jours."
    assert note(house).content.sections[0].sentences[0].origin == "edited"
    history = house.db.read_sync(house.doctor, compositions.versions, house.visit_id)
    assert [(v.version, v.author) for v in history] == [(2, "Dr Nadia Benali"), (1, "Colloque")]


def test_a_later_draft_replaces_an_untouched_one_only(house: House) -> None:
    drafted(house)
    later = content()
    later.sections[0].sentences[0].text = "Toux depuis quatre jours."
    assert drafted(house, later).content.sections[0].sentences[0].text == "Toux depuis quatre jours."
    edit(house, 2, partial(editing.remove, sentence_id="s1"))
    assert not house.db.write_sync(JOB, compositions.draft_for, house.visit_id, content())
    assert [s.code for s in note(house).content.sections] == ["10160-0"]


def test_two_screens_do_not_overwrite_each_other(house: House) -> None:
    seen = drafted(house).version
    edit(house, seen, partial(editing.rewrite, sentence_id="s1", text="Premier."))
    with pytest.raises(Conflict, match="changed meanwhile"):
        edit(house, seen, partial(editing.rewrite, sentence_id="s1", text="Second."))
    assert note(house).content.sections[0].sentences[0].text == "Premier."


def test_a_removed_sentence_comes_back_with_undo(house: House) -> None:
    seen = drafted(house).version
    now = edit(house, seen, partial(editing.remove, sentence_id="s1"))
    house.db.write_sync(house.doctor, compositions.undo, house.visit_id, now, seen)
    assert [s.id for section in note(house).content.sections for s in section.sentences] == ["s1", "s2"]


def test_an_edit_that_changes_nothing_makes_no_version(house: House) -> None:
    seen = drafted(house).version
    assert edit(house, seen, partial(editing.rewrite, sentence_id="s1", text="Toux depuis trois jours.")) == seen


def test_signing_waits_for_what_is_undecided(house: House) -> None:
    seen = drafted(house).version
    assert note(house).blockers == ["A difference from the record is undecided."]
    with pytest.raises(Conflict, match="undecided"):
        house.db.write_sync(house.doctor, compositions.sign, house.visit_id, seen)
    assert note(house).status == "preliminary"


def test_an_empty_note_cannot_be_signed(house: House) -> None:
    seen = drafted(house, NoteContent(title="Note", reason="Nothing clinical was said.")).version
    with pytest.raises(Conflict, match="empty"):
        house.db.write_sync(house.doctor, compositions.sign, house.visit_id, seen)
    now = edit(house, seen, partial(editing.append, code="51848-0", text="Rien à signaler."))
    house.db.write_sync(house.doctor, compositions.sign, house.visit_id, now)
    assert note(house).status == "final"


def test_signing_seals_the_note_destroys_the_audio_key_and_says_so_in_the_trail(house: House) -> None:
    signed(house)
    after = note(house)
    assert (after.status, after.blockers) == ("final", [])
    assert not house.db.read_sync(house.doctor, playback.audible, house.visit_id)
    with pytest.raises(KeyDestroyed):
        house.db.write_sync(JOB, lambda tx: tx.keyring.key(tx.session, f"visit:{house.visit_id}"))
    actions = [event.action for event in house.db.read_sync(house.administrator, audit.search)]
    assert {"composition:signed", "audio:destroyed"} <= set(actions)
    assert "audio.shred" in house.db.read_sync(JOB, jobs_waiting)


def test_a_signed_note_cannot_be_changed_by_anybody(house: House) -> None:
    signed(house)
    version = note(house).version
    with pytest.raises(Conflict, match="signed"):
        edit(house, version, partial(editing.rewrite, sentence_id="s1", text="Autre chose."))
    with pytest.raises(Conflict, match="signed"):
        house.db.write_sync(house.doctor, compositions.undo, house.visit_id, version, 1)
    with pytest.raises(Conflict, match="signed"):
        house.db.write_sync(house.doctor, compositions.sign, house.visit_id, version)
    assert not house.db.write_sync(JOB, compositions.draft_for, house.visit_id, content())


@pytest.mark.parametrize("statement", [
    "UPDATE composition SET sealed = 'x'", "UPDATE composition SET status = 'preliminary'",
    "UPDATE composition SET content_hash = 'x'", "DELETE FROM composition",
    "DELETE FROM addendum", "UPDATE addendum SET sealed = 'x'",
])
def test_the_database_itself_refuses_to_change_a_signed_note(house: House, statement: str) -> None:
    signed(house)
    house.db.write_sync(house.doctor, compositions.amend, house.visit_id, "Précision.")
    with pytest.raises(DatabaseError, match="immutable"):
        house.db.write_sync(JOB, lambda tx: tx.session.execute(text(statement)))


def test_what_comes_later_is_an_addendum(house: House) -> None:
    drafted(house)
    with pytest.raises(Conflict, match="Sign the note first"):
        house.db.write_sync(house.doctor, compositions.amend, house.visit_id, "Trop tôt.")


def test_addenda_stand_below_a_signed_note(house: House, clock: FakeClock) -> None:
    signed(house)
    clock.forward(hours=1)
    house.db.write_sync(house.doctor, compositions.amend, house.visit_id, "Résultat reçu : normal.")
    house.db.write_sync(house.doctor, compositions.amend, house.visit_id, "Patient rappelé.")
    after = note(house)
    assert after.status == "amended"
    assert [a.text for a in after.addenda] == ["Résultat reçu : normal.", "Patient rappelé."]
    assert after.addenda[0].author == "Dr Nadia Benali"
    with pytest.raises(Invalid):
        house.db.write_sync(house.doctor, compositions.amend, house.visit_id, "  ")


def test_a_proposal_enters_the_record_by_a_click_and_once(house: House) -> None:
    seen = drafted(house).version
    assert house.db.read_sync(house.doctor, entries.read, house.patient_id).allergies == []
    now = house.db.write_sync(house.doctor, compositions.accept, house.visit_id, seen, "p1")
    house.db.write_sync(house.doctor, compositions.accept, house.visit_id, now, "p1")
    record = house.db.read_sync(house.doctor, entries.read, house.patient_id)
    assert [(line.text, line.detail, line.encounter_id) for line in record.allergies] == [
        ("Pénicilline", "urticaire", house.visit_id)]
    with pytest.raises(NotFound):
        house.db.write_sync(house.doctor, compositions.accept, house.visit_id, now, "p9")


@pytest.mark.parametrize("who", ["stranger", "scheduler", "administrator", "patient", "other_patient"])
def test_others_do_not_read_the_note(house: House, who: str) -> None:
    drafted(house)
    with pytest.raises(AccessDenied):
        house.db.read_sync(getattr(house, who), compositions.read, house.visit_id)
    with pytest.raises(AccessDenied):
        house.db.read_sync(getattr(house, who), compositions.past, house.patient_id)


def test_a_colleague_in_care_reads_but_neither_edits_nor_signs(house: House) -> None:
    now = settled(house)
    seen = house.db.read_sync(house.colleague, compositions.read, house.visit_id)
    assert not seen.mine
    with pytest.raises(AccessDenied):
        house.db.write_sync(house.colleague, compositions.edit, house.visit_id, now,
                            partial(editing.remove, sentence_id="s1"))
    with pytest.raises(AccessDenied):
        house.db.write_sync(house.colleague, compositions.sign, house.visit_id, now)
    with pytest.raises(AccessDenied):
        house.db.write_sync(house.colleague, compositions.accept, house.visit_id, now, "p1")


def test_past_notes_are_the_signed_ones(house: House) -> None:
    drafted(house)
    assert house.db.read_sync(house.doctor, compositions.past, house.patient_id) == []
    house.db.write_sync(house.doctor, compositions.sign, house.visit_id,
                        edit(house, 1, partial(editing.settle, conflict_id="c1", keep="recorded")))
    past = house.db.read_sync(house.colleague, compositions.past, house.patient_id)
    assert [(p.practitioner_name, p.first_line) for p in past] == [("Dr Nadia Benali", "Toux depuis trois jours.")]


def test_a_visit_without_a_note_says_so(house: House) -> None:
    with pytest.raises(NotFound):
        note(house)
    with pytest.raises(AccessDenied):
        house.db.read_sync(house.doctor, compositions.read, "no-such-visit")
