"""Corrections of the transcript: by the doctor of the visit alone, both wordings kept, nothing after the signature."""

import pytest

from app import audit
from app.errors import AccessDenied, Conflict, Invalid, NotFound
from app.record import compositions, corrections, transcripts
from app.record.tables import NoteContent, Section, Sentence, Speech, TranscriptSegment
from tests.app.visit.conftest import SYSTEM
from tests.app.visit.test_transcripts import lines, segment, visit  # noqa: F401  # a fixture


@pytest.fixture
def line(db, clinic, clock, visit):  # noqa: F811
    heard = segment(clock, visit, text="Je prends l'amlipine.").model_copy(
        update={"doubts": [(10, 20)], "low_confidence": True})
    return db.write_sync(SYSTEM, transcripts.append_segment, heard).id


def correct(db, clinic, line, text, by=None):
    return db.write_sync(by or clinic.doctor, corrections.correct, clinic.visits[0], line, text)


def test_what_was_meant_is_read_and_what_was_heard_is_kept(db, clinic, line):
    told = correct(db, clinic, line, "  Je prends\n l'amlodipine. ")
    assert (told.text, told.heard, told.doubts, told.low_confidence) == (
        "Je prends l'amlodipine.", "Je prends l'amlipine.", (), False)
    assert [(read.text, read.heard) for read in lines(clinic, clinic.visits[0])] == [(told.text, told.heard)]
    correct(db, clinic, line, "Je prends de l'amlodipine.")
    speech = db.read_sync(SYSTEM, lambda tx: tx.open(tx.session.get(TranscriptSegment, line), Speech))
    assert [wording.text for wording in speech.earlier] == ["Je prends l'amlipine.", "Je prends l'amlodipine."]
    assert {wording.changed_by for wording in speech.earlier} == {clinic.doctor.name}
    assert lines(clinic, clinic.visits[0])[0].heard == "Je prends l'amlipine."


def test_saying_the_same_again_is_no_correction(db, clinic, line):
    told = correct(db, clinic, line, "Je prends l'amlipine.")
    assert (told.heard, told.low_confidence) == ("", True)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4_001])
def test_no_words_or_too_many_change_nothing(db, clinic, line, text):
    with pytest.raises(Invalid):
        correct(db, clinic, line, text)
    assert lines(clinic, clinic.visits[0])[0].text == "Je prends l'amlipine."


def test_only_the_doctor_of_the_visit_corrects_and_refusals_are_in_the_trail(db, clinic, line):
    for other in (clinic.other_doctor, clinic.patient(), SYSTEM):
        with pytest.raises(AccessDenied):
            correct(db, clinic, line, "Rien.", by=other)
    correct(db, clinic, line, "Je prends l'amlodipine.")
    trail = [e for e in db.read_sync(SYSTEM, audit.search) if e.action == "transcript:correct"]
    assert sorted(e.outcome for e in trail) == ["refused", "refused", "refused", "success"]
    assert not any("amlodipine" in str(e) for e in trail)


def revised(clock, visit, text="Je prends l'amlodipine."):  # noqa: F811
    return segment(clock, visit, text=text).model_copy(update={"doubts": [(0, 2)]})


def test_a_second_hearing_replaces_the_words_and_keeps_the_first(db, clinic, clock, visit, line):  # noqa: F811
    told = db.write_sync(SYSTEM, corrections.revise, revised(clock, visit))
    assert (told.id, told.text, told.doubts, told.low_confidence, told.heard) == (
        line, "Je prends l'amlodipine.", ((0, 2),), False, "")
    assert db.write_sync(SYSTEM, corrections.revise, revised(clock, visit)) is None, "it says the same"
    speech = db.read_sync(SYSTEM, lambda tx: tx.open(tx.session.get(TranscriptSegment, line), Speech))
    assert [(wording.text, wording.changed_by) for wording in speech.earlier] == [("Je prends l'amlipine.", "")]
    assert correct(db, clinic, line, "Je prends l'amlodipine 5.").heard == "Je prends l'amlodipine."


def test_a_second_hearing_does_not_undo_a_correction(db, clinic, clock, visit, line):  # noqa: F811
    unknown = revised(clock, visit).model_copy(update={"first_seq": 500})
    assert db.write_sync(SYSTEM, corrections.revise, unknown) is None
    with pytest.raises(AccessDenied):
        db.write_sync(clinic.doctor, corrections.revise, revised(clock, visit))
    correct(db, clinic, line, "Je prends l'amlodipine 5.")
    assert db.write_sync(SYSTEM, corrections.revise, revised(clock, visit)) is None
    assert lines(clinic, visit)[0].text == "Je prends l'amlodipine 5."


def test_a_draft_keeps_the_words_it_rests_on(db, clinic, clock, visit, line):  # noqa: F811
    db.write_sync(SYSTEM, compositions.draft_for, visit, NoteContent(title="x"))
    assert db.write_sync(SYSTEM, corrections.revise, revised(clock, visit)) is None
    assert lines(clinic, visit)[0].text == "Je prends l'amlipine."


def test_a_line_of_another_visit_and_a_marker_are_not_found(db, clinic, line):
    marker = db.write_sync(SYSTEM, transcripts.mark, clinic.visits[0], "transcription_started")
    for visit_id, line_id in ((clinic.visits[1], line), (clinic.visits[0], marker.id), (clinic.visits[0], "0" * 32)):
        with pytest.raises(NotFound):
            db.write_sync(clinic.doctor, corrections.correct, visit_id, line_id, "Rien.")


def test_a_signed_notes_evidence_stays_as_it_was(db, clinic, line):
    note = NoteContent(title="Note", sections=[Section(code="10164-2", title="", sentences=[Sentence(text="Va bien.")])])
    db.write_sync(SYSTEM, compositions.draft_for, clinic.visits[0], note)
    correct(db, clinic, line, "Je prends l'amlodipine.")

    def sign(tx):
        compositions.row_of(tx, clinic.visits[0]).status = "final"

    db.write_sync(SYSTEM, sign)
    with pytest.raises(Conflict):
        correct(db, clinic, line, "Rien.")
    assert lines(clinic, clinic.visits[0])[0].text == "Je prends l'amlodipine."


async def test_the_doctors_screens_see_a_correction_and_a_form_without_script_works(house, clinic, line):
    doctor = await house.doctor().socket(f"/visits/{clinic.visits[0]}/socket")
    await doctor.hear("visit")
    answer = await house.doctor().post(f"/visits/{clinic.visits[0]}/transcript/{line}", text="L'amlodipine.")
    assert answer.status == 303
    told = await doctor.hear("correction")
    assert (told["id"], told["text"], told["heard"]) == (line, "L'amlodipine.", "Je prends l'amlipine.")
    refused = await house.doctor().post(f"/visits/{clinic.visits[0]}/transcript/{line}", script=True, text=" ")
    assert refused.status == 422
    assert (await refused.json())["error"]["message"]
