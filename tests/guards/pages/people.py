"""The people of the samples."""

from datetime import date

from app.people import PatientIdentity, Practitioner
from app.record.compositions import PastNote
from app.record.entries import Record, RecordLine
from tests.guards.pages.model import at

DOCTOR = Practitioner(
    id="d1",
    organization_id="o1",
    prefix="Dr",
    given="Nadia",
    family="Benali",
    speciality="General practice",
    rpps="10101234567",
)
CLAIRE = PatientIdentity(
    family="Lefèvre",
    given="Claire",
    birth_date=date(1972, 5, 31),
    sex="female",
    email="claire.lefevre@example.org",
    phone="+33 6 12 34 56 78",
)
HUGO = PatientIdentity(family="Martin", given="Hugo", birth_date=date(2020, 2, 3), sex="male")


def line(key: str, kind: str, text: str, detail: str) -> RecordLine:
    """A line of the record."""
    return RecordLine(key, kind, text, detail, at(9, 0, 1), None, None)


RECORD = Record(
    allergies=[line("a1", "allergy", "pénicilline", "urticaire, 2011")],
    treatments=[
        line("t1", "treatment", "Amlodipine 5 mg", "1 le matin"),
        line("t2", "treatment", "Metformine 1 000 mg", "matin et soir"),
    ],
    problems=[
        line("p1", "problem", "Hypertension artérielle", "2019"),
        line("p2", "problem", "Diabète de type 2", "2021"),
    ],
    ended=[],
)
EMPTY_RECORD = Record(
    [], [], [], [RecordLine("e1", "treatment", "Ibuprofène 400 mg", "", at(9, 0, 1), at(9, 0, 2), None)]
)
PAST = [PastNote("v9", "final", at(10, 0, 2), DOCTOR.name, "Compte-rendu de téléconsultation", "Contrôle tensionnel.")]
