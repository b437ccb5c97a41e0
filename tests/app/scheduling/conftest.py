"""A clinic that can be booked: three doctors with weekday hours, two motifs, two patients."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from app.actor import Actor, PurposeOfUse, Role, system
from app.db import Database, Tx
from app.people import Organization, PatientIdentity, Practitioner, register
from app.scheduling import booking
from app.scheduling.tables import Appointment, AvailabilityRule, Motif

SYSTEM = system("test")
SCHEDULER = Actor(Role.SCHEDULER, "sophie", "Sophie Perrin", purpose=PurposeOfUse.OPERATIONS)
ADMINISTRATOR = Actor(Role.ADMINISTRATOR, "alain", "Alain Roche", purpose=PurposeOfUse.ADMINISTRATION)
TEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # ten o'clock in Paris, two hours from now


@dataclass
class Clinic:
    """Identifiers of what was made."""

    doctors: list[str]
    motif: str  # 15 minutes
    long_motif: str  # 30 minutes
    patients: list[str]
    organization: str
    actors: list[Actor] = field(default_factory=list)

    def doctor(self, n: int = 0) -> Actor:
        return Actor(Role.DOCTOR, f"account-{n}", f"Dr {n}", practitioner_id=self.doctors[n])

    def slot(self, start_at: datetime = TEN, patient: int = 0, doctor: int = 0, **changes: object) -> dict[str, object]:
        """What booking.book asks for."""
        return {"practitioner_id": self.doctors[doctor], "motif_id": self.motif, "start_at": start_at,
                "patient_id": self.patients[patient], "language": "fr"} | changes


IDENTITIES = [
    PatientIdentity(family="Lefèvre", given="Claire", birth_date=date(1972, 4, 3), sex="female",
                    email="claire@example.org", phone="+33639980101"),
    PatientIdentity(family="O'Brien", given="Sinéad", birth_date=date(1979, 7, 21), email="sinead@example.org"),
]


def make_clinic(tx: Tx, zone: str = "Europe/Paris") -> Clinic:
    organization = Organization(name="Centre", zone=zone, phone="+33199001234", address="", language="fr")
    tx.session.add(organization)
    tx.session.flush()
    doctors = [Practitioner(organization_id=organization.id, prefix="Dr", given=given, family=family, rpps=str(n),
                            speciality="General practice")
               for n, (given, family) in enumerate((("Nadia", "Benali"), ("Paul", "Girard"), ("Ada", "Okonkwo")))]
    motifs = [Motif(organization_id=organization.id, label_fr="Suivi", label_en="Follow-up", duration_min=15),
              Motif(organization_id=organization.id, label_fr="Première fois", label_en="First visit", duration_min=30)]
    tx.session.add_all([*doctors, *motifs])
    tx.session.flush()
    for doctor in doctors:
        for weekday in range(5):
            for start, end in ((time(8, 30), time(12, 30)), (time(13, 30), time(18))):
                tx.session.add(AvailabilityRule(practitioner_id=doctor.id, weekday=weekday, start=start, end=end,
                                                valid_from=tx.now.date() - timedelta(days=7)))
    patients = [register(tx, identity).id for identity in IDENTITIES]
    return Clinic([d.id for d in doctors], motifs[0].id, motifs[1].id, patients, organization.id)


@pytest.fixture
def clinic(db: Database) -> Clinic:
    return db.write_sync(SYSTEM, make_clinic)


@pytest.fixture
def book(db: Database, clinic: Clinic) -> Callable[..., Appointment]:
    def book(*args: Any, actor: Actor = SCHEDULER, **changes: Any) -> Appointment:
        return db.write_sync(actor, booking.book, **clinic.slot(*args, **changes))
    return book
