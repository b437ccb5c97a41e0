"""A small clinic: two doctors, one morning of appointments, patients who consented or not."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from app.access import guard
from app.actor import Actor, PurposeOfUse, Role, system
from app.consent import TRANSCRIPTION, VISIT, Consent
from app.people import Organization, Patient, PatientIdentity, Practitioner
from app.scheduling.tables import Appointment, BookingNote, Motif

SYSTEM = system("test")
NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # nine o'clock in Paris


@dataclass
class Clinic:
    """Identifiers of what was seeded, and actors for everybody."""

    db: object
    visits: list[str]
    patients: list[str]
    doctor: Actor
    other_doctor: Actor

    def patient(self, n: int = 0) -> Actor:
        return Actor(Role.PATIENT, self.patients[n], patient_id=self.patients[n], appointment_id=self.visits[n],
                     session_id=f"session-{n}", purpose=PurposeOfUse.PATIENT_REQUEST)

    def consent(self, n: int = 0, *purposes: str) -> None:
        self.db.write_sync(SYSTEM, _consent, self.visits[n], self.patients[n], purposes or (VISIT, TRANSCRIPTION))

    def withdraw(self, n: int = 0, purpose: str = TRANSCRIPTION) -> None:
        self.db.write_sync(SYSTEM, _withdraw, self.visits[n], purpose)


def _consent(tx, visit_id, patient_id, purposes):
    for purpose in purposes:
        tx.session.add(Consent(encounter_id=visit_id, patient_id=patient_id, purpose=purpose, language="fr",
                               granted_at=tx.now))


def _withdraw(tx, visit_id, purpose):
    from sqlmodel import select
    for grant in tx.session.exec(select(Consent).where(Consent.encounter_id == visit_id)).all():
        if grant.purpose == purpose:
            grant.withdrawn_at = tx.now
            tx.session.add(grant)


def _seed(tx):
    organization = Organization(name="Clinique", zone="Europe/Paris", phone="+33100000000", address="", language="fr")
    tx.session.add(organization)
    tx.session.flush()
    doctors = [Practitioner(organization_id=organization.id, prefix="Dr", given=given, family=family,
                            speciality="General practice", rpps=f"1000000000{n}")
               for n, (given, family) in enumerate((("Nadia", "Benali"), ("Paul", "Renard")))]
    motif = Motif(organization_id=organization.id, label_fr="Consultation", label_en="Consultation", duration_min=15)
    tx.session.add_all([*doctors, motif])
    tx.session.flush()
    visits, patients = [], []
    for n, name in enumerate(("Claire Lefèvre", "Hugo Martin", "Ahmed Ziani")):
        given, family = name.split()
        patient = Patient(created_at=tx.now)
        tx.seal(patient, PatientIdentity(family=family, given=given, birth_date=date(1972, 4, 3)))
        tx.session.add(patient)
        tx.session.flush()
        start_at = NINE + timedelta(minutes=15 * n)
        visit = Appointment(practitioner_id=doctors[0].id, patient_id=patient.id, motif_id=motif.id, language="fr",
                            start_at=start_at, end_at=start_at + timedelta(minutes=15), created_at=tx.now)
        tx.seal(visit, BookingNote(reason=f"reason {n}"))
        tx.session.add(visit)
        guard.begin_care(tx, doctors[0].id, patient.id, f"appointment:{visit.id}")
        visits.append(visit.id)
        patients.append(patient.id)
    return visits, patients, [d.id for d in doctors]


@pytest.fixture
def clinic(db) -> Clinic:
    visits, patients, doctors = db.write_sync(SYSTEM, _seed)
    actors = [Actor(Role.DOCTOR, f"account-{n}", f"Dr {n}", practitioner_id=id_, session_id=f"staff-{n}")
              for n, id_ in enumerate(doctors)]
    return Clinic(db, visits, patients, actors[0], actors[1])
