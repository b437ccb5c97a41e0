"""One finished visit in a small clinic: its patient, two doctors, a scheduler, and words that were said."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from app import consent, people
from app.access.guard import begin_care
from app.actor import Actor, Role, system
from app.db import Database, Tx, new_id
from app.encounters import Encounter
from app.people import Organization, PatientIdentity, Practitioner
from app.record import transcripts
from app.record.tables import (
    Evidence,
    NoteContent,
    Omission,
    Proposal,
    RecordConflict,
    Section,
    Sentence,
    SpeechStream,
)
from app.scheduling.tables import Appointment, Motif
from tests.conftest import FakeClock

JOB = system("jobs")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class House:
    """Ids and actors of the visit under test."""

    db: Database
    visit_id: str
    patient_id: str
    stream_id: str
    doctor: Actor
    colleague: Actor
    stranger: Actor
    scheduler: Actor
    administrator: Actor
    patient: Actor
    other_patient: Actor
    said: list[str] = field(default_factory=list)


def practitioner(tx: Tx, organization: Organization, family: str) -> Practitioner:
    row = Practitioner(organization_id=organization.id, prefix="Dr", given="Nadia", family=family,
                       speciality="General practice", rpps="10101234567")
    tx.session.add(row)
    tx.session.flush()
    return row


def doctor(row: Practitioner) -> Actor:
    return Actor(Role.DOCTOR, f"account-{row.family}", row.name, practitioner_id=row.id, ip="192.0.2.7")


@pytest.fixture
def house(db: Database, clock: FakeClock) -> House:
    """A visit of ten minutes that ended at noon, transcription consented, two lines said."""
    clock.at = NOON
    return db.write_sync(JOB, _furnish, db)


def _furnish(tx: Tx, db: Database) -> House:
    clinic = Organization(name="Clinique des Tilleuls", zone="Europe/Paris", phone="+33 1 23 45 67 89",
                          address="1 rue des Tilleuls", language="fr")
    tx.session.add(clinic)
    tx.session.flush()
    treating, colleague, stranger = (practitioner(tx, clinic, name) for name in ("Benali", "Roche", "Weber"))
    motif = Motif(organization_id=clinic.id, label_fr="Suivi", label_en="Follow-up", duration_min=15)
    tx.session.add(motif)
    patient = people.register(tx, PatientIdentity(
        family="Lefèvre", given="Claire", birth_date=NOON.date().replace(year=1961), sex="female",
        email="claire@example.org", phone="+33612345678"))
    tx.session.flush()
    visit = Appointment(practitioner_id=treating.id, patient_id=patient.id, motif_id=motif.id, status="fulfilled",
                        start_at=NOON - timedelta(minutes=10), end_at=NOON + timedelta(minutes=5), created_at=tx.now)
    tx.session.add(visit)
    tx.session.flush()
    tx.session.add(Encounter(
        id=visit.id, patient_id=patient.id, practitioner_id=treating.id, language="fr", status="finished",
        arrived_at=NOON - timedelta(minutes=12), started_at=NOON - timedelta(minutes=10),
        media_started_at=NOON - timedelta(minutes=10), finished_at=NOON))
    tx.session.add(consent.Consent(encounter_id=visit.id, patient_id=patient.id, purpose=consent.TRANSCRIPTION,
                                   language="fr", granted_at=NOON - timedelta(minutes=11)))
    begin_care(tx, treating.id, patient.id, f"appointment:{visit.id}")
    begin_care(tx, colleague.id, patient.id, "declared")
    tx.session.flush()
    stream_id = new_id()
    tx.session.add(SpeechStream(id=stream_id, encounter_id=visit.id, role="patient",
                                started_at=NOON - timedelta(minutes=10)))
    tx.keyring.key(tx.session, f"visit:{visit.id}")
    return House(
        db, visit.id, patient.id, stream_id, doctor(treating), doctor(colleague), doctor(stranger),
        Actor(Role.SCHEDULER, "account-scheduler", "Sam"), Actor(Role.ADMINISTRATOR, "account-admin", "Ada"),
        Actor(Role.PATIENT, patient.id, patient_id=patient.id, appointment_id=visit.id),
        Actor(Role.PATIENT, "somebody", patient_id="somebody", appointment_id="another-visit"),
    )


def say(house: House, text: str, at_s: float, seq: int, stream_id: str = "", role: str = "patient", *,
        unsure: bool = False, language: str = "fr") -> None:
    """One recognised segment, `at_s` seconds after the start of the media."""
    start_ms = round((NOON - timedelta(minutes=10)).timestamp() * 1000 + at_s * 1000)
    segment = transcripts.Segment(
        visit_id=house.visit_id, role=role, stream_id=stream_id or house.stream_id, first_seq=seq,
        last_seq=seq + 9, start_at_ms=start_ms, end_at_ms=start_ms + 2000, text=text, language=language,
        low_confidence=unsure)
    house.db.write_sync(JOB, transcripts.append_segment, segment)


def content() -> NoteContent:
    """A small draft with one undecided conflict, one omission and one proposal."""
    said = Evidence(segment=0, segment_id="seg-0", start=5.0, end=7.0)
    treatment = Sentence(id="s2", text="Metformine 850 mg matin et soir.", evidence=[said])
    return NoteContent(
        title="Compte-rendu de téléconsultation",
        sections=[
            Section(code="10164-2", title="Histoire de la maladie",
                    sentences=[Sentence(id="s1", text="Toux depuis trois jours.", evidence=[said])]),
            Section(code="10160-0", title="Traitements", sentences=[treatment]),
        ],
        omissions=[Omission(id="o1", text="AVC chez la mère à soixante ans.", kind="family", section="10157-6",
                            evidence=[said])],
        conflicts=[RecordConflict(id="c1", text="Metformine : 850 mg dit, 1 000 mg au dossier.", said="850 mg",
                                  recorded="1 000 mg", sentence_ids=["s2"], evidence=[said])],
        proposals=[Proposal(id="p1", kind="allergy", text="Pénicilline", detail="urticaire", evidence=[said])],
    )


