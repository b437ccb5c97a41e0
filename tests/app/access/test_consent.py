"""Consent: by the patient of this very visit, by purpose, withdrawn at any time."""

import pytest

from app import audit, consent
from app.access import guard
from app.actor import Actor, Role
from app.consent import TRANSCRIPTION, VERSION, VISIT
from app.errors import AccessDenied
from tests.app.front_door import SYSTEM, later


def grant(front, purpose, actor=None, language="en"):
    return front.db.write_sync(actor or front.patient(), consent.grant, front.visit_id, purpose, language)


def withdraw(front, purpose, actor=None):
    return front.db.write_sync(actor or front.patient(), consent.withdraw, front.visit_id, purpose)


def permits(front, purpose, actor=SYSTEM):
    return front.db.read_sync(actor, consent.permits, front.visit_id, purpose)


def test_nothing_is_agreed_to_until_the_patient_says_so(front):
    assert not permits(front, VISIT)
    assert not permits(front, TRANSCRIPTION)
    assert front.db.read_sync(SYSTEM, consent.state, front.visit_id, VISIT) is None


def test_a_grant_holds_purpose_version_language_and_time(front):
    row = grant(front, VISIT)
    assert (row.purpose, row.version, row.language, row.granted_at) == (VISIT, VERSION, "en", front.clock())
    assert permits(front, VISIT)
    assert not permits(front, TRANSCRIPTION), "one purpose says nothing of the other"


def test_saying_yes_twice_is_saying_it_once(front):
    first = grant(front, TRANSCRIPTION)
    later(front, minutes=1)
    assert grant(front, TRANSCRIPTION).id == first.id


def test_withdrawing_ends_it_and_a_new_yes_is_a_new_row(front):
    first = grant(front, TRANSCRIPTION)
    later(front, minutes=5)
    assert withdraw(front, TRANSCRIPTION)
    assert not permits(front, TRANSCRIPTION)
    ended = front.db.read_sync(SYSTEM, consent.state, front.visit_id, TRANSCRIPTION)
    assert (ended.id, ended.withdrawn_at) == (first.id, front.clock())
    assert not withdraw(front, TRANSCRIPTION), "there was nothing left to end"
    later(front, minutes=1)
    assert grant(front, TRANSCRIPTION, language="").id != first.id
    assert permits(front, TRANSCRIPTION)


def test_without_the_visit_there_is_no_transcription(front):
    grant(front, VISIT)
    grant(front, TRANSCRIPTION)
    withdraw(front, VISIT)
    assert not permits(front, TRANSCRIPTION)


@pytest.mark.parametrize("actor", [
    Actor(Role.PATIENT, "another", patient_id="another", appointment_id="another"),
    Actor(Role.DOCTOR, "doctor", practitioner_id="doctor"), Actor(Role.SCHEDULER, "scheduler"),
    Actor(Role.ADMINISTRATOR, "administrator"), Actor(Role.ANONYMOUS, "anonymous"),
])
def test_nobody_agrees_or_withdraws_for_the_patient(front, actor):
    with pytest.raises(AccessDenied):
        grant(front, VISIT, actor)
    grant(front, VISIT)
    with pytest.raises(AccessDenied):
        withdraw(front, VISIT, actor)
    assert permits(front, VISIT)
    assert len(front.db.read_sync(SYSTEM, audit.search, action="consent:give", outcome="refused")) == 2


def test_our_own_processes_cannot_agree_either(front):
    with pytest.raises(AccessDenied):
        grant(front, VISIT, SYSTEM)


def test_the_same_patients_other_visit_is_another_matter(front):
    elsewhere = Actor(Role.PATIENT, front.patient_id, patient_id=front.patient_id, appointment_id="another visit")
    with pytest.raises(AccessDenied):
        grant(front, VISIT, elsewhere)


def test_the_doctor_in_care_reads_it_others_do_not(front):
    grant(front, TRANSCRIPTION)
    assert permits(front, TRANSCRIPTION, Actor(Role.DOCTOR, "account", practitioner_id=front.doctor_id))
    stranger = Actor(Role.DOCTOR, "account", practitioner_id="another")
    with pytest.raises(AccessDenied):
        permits(front, TRANSCRIPTION, stranger)
    front.db.write_sync(SYSTEM, guard.begin_care, "another", front.patient_id, "test")
    assert permits(front, TRANSCRIPTION, stranger)


def test_unknown_purposes_are_a_programming_error(front):
    with pytest.raises(ValueError, match="unknown purpose"):
        grant(front, "advertising")


def test_every_change_is_in_the_trail_with_what_was_agreed(front):
    grant(front, TRANSCRIPTION)
    withdraw(front, TRANSCRIPTION)
    entries = front.db.read_sync(SYSTEM, audit.search, action="consent:give", outcome="success")
    assert ['"given": "no"' in e.detail for e in entries] == [True, False]
    assert all(e.patient_id == front.patient_id and TRANSCRIPTION in e.detail for e in entries)
