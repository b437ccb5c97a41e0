"""Commands to the assistant: from the doctor's channel alone, a proposal or a refusal, nothing without a confirmation."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from app import audit, encounters
from app.errors import AccessDenied, Conflict, NotFound
from app.notes.commands import called_at, command, continued
from app.record import commands, corrections, drafts, entries, transcripts
from app.record.commands import NOT_UNDERSTOOD, TWO_SPEAK
from app.record.jobs import _by_rules, _content
from app.record.tables import RecordEntry, VoiceCommand
from app.web.hub import HUB
from tests.app.visit.conftest import SYSTEM
from tests.app.visit.test_transcripts import segment, visit  # noqa: F401  # a fixture
from transcription.protocol import Segment as Said

ALLERGY = "Colloque, ajoute une allergie à la pénicilline."


@pytest.fixture
def say(db, clinic, clock, visit):  # noqa: F811
    """say(text) is a line of the doctor's; at_s its second."""
    said = []

    def _say(text, at_s=None, role="doctor", **more):
        at_s = 10.0 * (len(said) + 1) if at_s is None else at_s
        spoken = segment(clock, visit, role, 100 * len(said), at_s, text).model_copy(update=more)
        said.append(spoken)

        def write(tx):
            row = transcripts.append_segment(tx, spoken)
            return commands.hear(tx, encounters.status_of(tx, visit), row), row.id

        return db.write_sync(SYSTEM, write)

    return _say


def listed(db, clinic):
    return db.read_sync(clinic.doctor, commands.listed, clinic.visits[0])


def record(db, clinic):
    return db.read_sync(clinic.doctor, entries.read, clinic.patients[0])


def rows(db, table):
    return db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(table)).all())


def act(db, clinic, what, command_id, by=None):
    return db.write_sync(by or clinic.doctor, what, clinic.visits[0], command_id)


def test_a_command_is_a_proposal_and_changes_nothing_by_itself(db, clinic, say):
    assert say(ALLERGY)[0]
    (heard,) = listed(db, clinic)
    assert (heard.state, heard.kind, heard.text, heard.said) == ("open", "allergy", "Pénicilline", ALLERGY)
    assert rows(db, RecordEntry) == []


def test_the_confirmation_writes_a_line_and_undo_ends_it(db, clinic, say):
    say(ALLERGY)
    key = listed(db, clinic)[0].id
    act(db, clinic, commands.accept, key)
    act(db, clinic, commands.accept, key)
    (line,) = record(db, clinic).allergies
    assert (line.text, line.encounter_id) == ("Pénicilline", clinic.visits[0])
    with pytest.raises(Conflict):
        act(db, clinic, commands.dismiss, key)
    act(db, clinic, commands.undo, key)
    assert record(db, clinic).allergies == []
    assert listed(db, clinic)[0].state == "open"
    act(db, clinic, commands.accept, key)
    assert [each.id for each in record(db, clinic).allergies] == [line.id]
    assert len(rows(db, RecordEntry)) == 1
    did = [(e.action, e.outcome) for e in db.read_sync(SYSTEM, audit.search) if e.action == "record:write"]
    assert did.count(("record:write", "success")) == 3, "added, ended, resumed"
    assert "nicilline" not in str(db.read_sync(SYSTEM, audit.search))


def test_undo_leaves_a_line_that_stood_before(db, clinic, say):
    db.write_sync(clinic.doctor, entries.add, clinic.patients[0], entries.NewEntry(kind="allergy", text="pénicilline"))
    say(ALLERGY)
    key = listed(db, clinic)[0].id
    act(db, clinic, commands.accept, key)
    assert listed(db, clinic)[0].stood_before
    act(db, clinic, commands.undo, key)
    assert len(record(db, clinic).allergies) == 1


@pytest.mark.parametrize(("text", "kind", "label"), [
    ("Colloque, tension quatorze huit.", "vital", "Pression artérielle 140/80 mmHg"),
    ("Colloque, note la température trente-huit cinq.", "vital", "Température 38,5 °C"),
    ("Colloque, rappel dans trois mois.", "follow-up", "À revoir (au plus tard le 23 février 2027)"),
    ("Colloque, ajoute amoxicilline un gramme trois fois par jour pendant six jours.", "treatment",
     "Amoxicilline (1 g, × 3/j, 6 jours)"),
])
def test_each_kind_becomes_its_line(db, clinic, say, text, kind, label):
    say(text)
    (heard,) = listed(db, clinic)
    assert (heard.state, heard.kind, heard.label) == ("open", kind, label)
    act(db, clinic, commands.accept, heard.id)
    read = record(db, clinic)
    lines = {"vital": read.vitals, "follow-up": read.follow_ups, "treatment": read.treatments}[kind]
    assert [line.label for line in lines] == [label]


def test_a_doctor_who_speaks_english_commands_in_english(db, clinic, say):
    say("Colloque, add an allergy to penicillin.", language="en")
    assert [(h.state, h.language, h.text) for h in listed(db, clinic)] == [("open", "en", "Pénicilline")]


def test_what_is_not_understood_is_refused_with_the_reason(db, clinic, say):
    say("Colloque, ajoute du doliprane comme d'habitude.")
    (heard,) = listed(db, clinic)
    assert (heard.state, heard.why, heard.text) == ("refused", NOT_UNDERSTOOD, "")
    with pytest.raises(Conflict):
        act(db, clinic, commands.accept, heard.id)
    act(db, clinic, commands.dismiss, heard.id)
    assert listed(db, clinic) == []
    assert rows(db, RecordEntry) == []


def test_a_span_beyond_reason_is_refused_and_breaks_nothing(db, clinic, say):
    say("Colloque, rappel dans 99999 ans.")
    assert [h.state for h in listed(db, clinic)] == ["refused"]


def test_nobody_else_is_heard(db, clinic, say):
    assert not say(ALLERGY, role="patient")[0]
    assert not say("Vous avez une allergie à la pénicilline ?")[0]
    assert listed(db, clinic) == []


def test_a_microphone_of_two_commands_nothing(db, clinic, say):
    db.write_sync(clinic.doctor, encounters.shares, clinic.visits[0], "doctor", shared=True)
    say(ALLERGY)
    assert [(h.state, h.why) for h in listed(db, clinic)] == [("refused", TWO_SPEAK)]


def test_a_command_cut_by_a_breath_is_one(db, clinic, say):
    say("Colloque.", at_s=10)
    say("Ajoute amoxicilline un gramme trois fois par jour.", at_s=13)
    assert listed(db, clinic)[0].detail == "1 g, × 3/j"
    say("pendant six jours", at_s=16)
    (heard,) = listed(db, clinic)
    assert heard.detail == "1 g, × 3/j, 6 jours"
    say("sauf le dimanche", at_s=19)
    assert [h.state for h in listed(db, clinic)] == ["refused"]


def test_what_the_doctor_says_next_leaves_a_command_whole(db, clinic, say):
    say(ALLERGY, at_s=10)
    say("Vous toussez depuis quand ?", at_s=12.5)
    say("Pendant six jours.", at_s=60)
    (heard,) = listed(db, clinic)
    assert (heard.state, heard.said) == ("open", ALLERGY)


def test_words_heard_badly_are_marked(db, clinic, say):
    say(ALLERGY, low_confidence=True)
    assert listed(db, clinic)[0].unsure


def test_a_corrected_line_is_read_anew_until_it_was_decided(db, clinic, say):
    _, line = say("Colloc, ajoute une allergie à la pénicilline.")
    assert listed(db, clinic) == []
    db.write_sync(clinic.doctor, corrections.correct, clinic.visits[0], line, ALLERGY)
    (heard,) = listed(db, clinic)
    act(db, clinic, commands.accept, heard.id)
    db.write_sync(clinic.doctor, corrections.correct, clinic.visits[0], line, "Rien.")
    assert [h.state for h in listed(db, clinic)] == ["accepted"]


def test_a_second_hearing_of_its_first_half_keeps_what_refused_it(db, clinic, say, clock):
    first = "Colloque, ajoute amoxicilline un gramme trois fois par jour."
    say(first, at_s=10)
    say("sauf le dimanche", at_s=13)
    assert [h.state for h in listed(db, clinic)] == ["refused"]
    again = segment(clock, clinic.visits[0], "doctor", 0, 10.0, first.replace("un gramme", "1 g"))
    assert db.write_sync(SYSTEM, corrections.revise, again) is not None
    (heard,) = listed(db, clinic)
    assert (heard.state, heard.said.endswith("sauf le dimanche")) == ("refused", True)


def test_a_refusal_that_was_closed_is_not_lost(db, clinic, say):
    say("Colloque singulier oblige, je n'en dirai rien. Vous avez trente-neuf de fièvre.", at_s=20)
    act(db, clinic, commands.dismiss, listed(db, clinic)[0].id)
    assert "trente-neuf" in " ".join(o.text for o in drafted(db, clinic)[1].omissions)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([
    "colloque", "ajoute", "une", "allergie", "à", "la", "pénicilline", "tension", "14", "huit", "sur", "rappel", "dans", "99999999",
    "mois", "ans", "amoxicilline", "un", "gramme", "matin", "midi", "soir", "température", "38", ",", ".", "add", "0", "½", "\u202e"]), max_size=40))
def test_no_words_break_the_reading(words):
    text = "Colloque, " + " ".join(words)
    for lang in ("fr", "en"):
        assert command(text, lang, "doctor") is not None
        continued(text, " ".join(words), lang)
        called_at(text)


def test_only_the_doctor_of_the_visit_decides(db, clinic, say):
    say(ALLERGY)
    key = listed(db, clinic)[0].id
    for other in (clinic.other_doctor, clinic.patient(), SYSTEM):
        for what in (commands.accept, commands.undo, commands.dismiss):
            with pytest.raises(AccessDenied):
                act(db, clinic, what, key, by=other)
        with pytest.raises(AccessDenied):
            db.read_sync(other, commands.listed, clinic.visits[0])
    with pytest.raises(NotFound):
        db.write_sync(clinic.doctor, commands.accept, clinic.visits[1], key)
    assert rows(db, RecordEntry) == []


def test_the_words_are_sealed(db, clinic, say):
    say(ALLERGY)
    (row,) = rows(db, VoiceCommand)
    assert b"nicilline" not in row.sealed
    assert "nicilline" not in str(row.model_dump(exclude={"sealed"}))


def drafted(db, clinic):
    told = db.read_sync(SYSTEM, drafts.material, clinic.visits[0])
    return told, _content(_by_rules(told), told)[0]


def test_commands_are_no_facts_of_the_draft_and_stand_beside_it(db, clinic, say):
    say("Bonjour, qu'est-ce qui vous amène ?", at_s=1)
    say("Je tousse depuis trois jours et j'ai de la fièvre.", at_s=3, role="patient")
    say("D'accord. " + ALLERGY, at_s=20)
    say("Colloque, tension quatorze huit.", at_s=40)
    say("Colloque, ajoute du doliprane comme d'habitude.", at_s=60)
    vital = next(h for h in listed(db, clinic) if h.kind == "vital")
    act(db, clinic, commands.accept, vital.id)
    told, note = drafted(db, clinic)
    assert [turn["text"] for turn in told.dialogue["dialogue"]][2:] == ["D'accord. ", "", ""]
    words = " ".join(s.text for section in note.sections for s in section.sentences)
    assert "oux" in words
    for said in ("nicilline", "140", "Doliprane", "aracétamol"):
        assert said not in words
    assert [(p.kind, p.text) for p in note.proposals if p.kind == "allergy"] == [("allergy", "Pénicilline")]
    beside = [(o.section, o.text) for o in note.omissions if o.kind == "command"]
    assert beside == [("8716-3", "Pression artérielle 140/80 mmHg."),
                      ("", "Dit à l’assistant, non compris\u202f: Colloque, ajoute du doliprane comme d'habitude.")]
    assert all(o.evidence for o in note.omissions if o.kind == "command")


async def test_the_page_offers_it_and_a_form_without_script_confirms(house, clinic, db, say):
    doctor, path = house.doctor(), f"/visits/{clinic.visits[0]}"
    say(ALLERGY)
    shown = await (await doctor.get(path)).text()
    assert "Colloque, ajoute une allergie" in shown
    key = re.search(rf"{path}/commands/([0-9a-f]+)", shown)[1]
    assert (await doctor.post(f"{path}/commands/{key}", choice="execute")).status == 422
    assert (await doctor.post(f"{path}/commands/{key}", choice="accept")).status == 303
    assert [line.text for line in record(db, clinic).allergies] == ["Pénicilline"]
    by_script = await doctor.post(f"{path}/commands/{key}", script=True, choice="undo")
    assert 'data-state="open"' in await by_script.text()
    assert (await house.other_doctor().get(f"{path}/commands")).status == 403
    assert (await house.patient().post(f"{path}/commands/{key}", choice="accept")).status == 401


async def test_a_workers_segment_reaches_the_doctors_screen_alone_and_no_word_travels(house, clinic, db, clock, visit):  # noqa: F811
    doctor = await house.doctor().socket(f"/visits/{visit}/socket")
    patient = await house.patient().socket("/visit/socket")
    await doctor.hear("visit")
    spoken = segment(clock, visit, "doctor", 0, 5, ALLERGY)
    said = Said(**spoken.model_dump(), participant_id="doctor", avg_logprob=-0.2, no_speech_prob=0.0, compression_ratio=1.0)
    await house.app_[HUB].on_segment(said)
    assert await doctor.hear("commands") == {"type": "commands"}
    assert [h.state for h in listed(db, clinic)] == ["open"]
    await house.app_[HUB].on_segment(said)  # a worker that repeats itself
    await doctor.silence("commands")
    assert len(listed(db, clinic)) == 1
    await patient.silence("commands")
    assert rows(db, RecordEntry) == []
