"""Patients registered, found, corrected, and recognised when they come twice; nothing readable on disk."""

from datetime import date

import pytest
from sqlmodel import select

from app import audit
from app.access import guard
from app.actor import Actor, Role, system
from app.db import Tx
from app.errors import AccessDenied, Invalid, NotFound
from app.people import Patient, PatientIdentity, PatientToken, identities, identity_of, register, update_identity
from app.people.directory import SHOWN, possible_duplicates, search, search_terms

SYSTEM = system("test")
SCHEDULER = Actor(Role.SCHEDULER, "sophie", "Sophie Perrin")
DOCTOR = Actor(Role.DOCTOR, "nadia", "Dr Benali", practitioner_id="nadia")
ADMINISTRATOR = Actor(Role.ADMINISTRATOR, "alain", "Alain Roche")


def someone(family: str, given: str, born: str = "1972-04-03", **more: str) -> PatientIdentity:
    return PatientIdentity(family=family, given=given, birth_date=date.fromisoformat(born), **more)


CLINIC = [
    someone("Lefèvre", "Claire", "1972-04-03", phone="+33639980101", email="claire@example.org"),
    someone("Lefebvre", "Claudine", "1950-12-24"),
    someone("O'Brien", "Sinéad", "1979-07-21"),
    someone("Ben Ali", "Nadia", "1990-03-12"),
    someone("王小明", "Wei", "1988-08-08"),
    someone("بن علي", "مريم", "1985-01-01"),
    someone("Martin", "Jean-Luc", "2020-06-14", phone="+33639980102"),
]


@pytest.fixture
def patients(db) -> dict[str, str]:
    return {who.name: db.write_sync(SYSTEM, register, who).id for who in CLINIC}


@pytest.fixture
def found(db, patients):
    def found(text: str, actor: Actor = SCHEDULER) -> list[str]:
        return [hit.identity.name for hit in db.read_sync(actor, search, text)]
    return found


@pytest.mark.parametrize(("text", "names"), [
    ("lef", ["Claudine Lefebvre", "Claire Lefèvre"]),
    ("LEFEVRE", ["Claire Lefèvre"]),
    ("cla lef", ["Claudine Lefebvre", "Claire Lefèvre"]),
    ("lefèvre claire", ["Claire Lefèvre"]),
    ("o'brien", ["Sinéad O'Brien"]), ("obrien", ["Sinéad O'Brien"]), ("brien sin", ["Sinéad O'Brien"]),
    ("jean luc", ["Jean-Luc Martin"]), ("jeanluc", ["Jean-Luc Martin"]),
    ("王", ["Wei 王小明"]), ("مريم", ["مريم بن علي"]),
    ("03/04/1972", ["Claire Lefèvre"]), ("1972-04-03", ["Claire Lefèvre"]), ("clau 24.12.1950", ["Claudine Lefebvre"]),
    ("06 39 98 01 01", ["Claire Lefèvre"]), ("+33639980102", ["Jean-Luc Martin"]),
    ("Claire@Example.org", ["Claire Lefèvre"]),
    ("claire 1950-12-24", []), ("", []), ("   ", []), ("%", []), ("31/02/1999", []), ("'; DROP TABLE patient", []),
])
def test_search_as_somebody_types(found, text, names):
    assert found(text) == names


def test_a_slip_of_the_finger_still_finds(found):
    assert "Claudine Lefebvre" in found("lefevbre")
    assert found("claire lefevrre")[0] == "Claire Lefèvre"
    assert found("lefxyzt") == []


def test_long_words_are_compared_whole(db, found):
    db.write_sync(SYSTEM, register, someone("Constantinopoulos", "Zoé"))
    assert found("constantinopoulo") == ["Zoé Constantinopoulos"]
    assert found("constantinx") == found("constantin") == ["Zoé Constantinopoulos"]  # the first one by likeness
    assert found("constantinxyzwvut") == []


def test_many_hits_are_cut_and_sorted(db, found):
    for n in range(SHOWN + 5):
        db.write_sync(SYSTEM, register, someone("Durand", f"Anne{chr(97 + n)}"))
    names = found("durand")
    assert len(names) == SHOWN
    assert names == sorted(names)


def test_a_doctor_finds_their_own_patients_only(db, patients, found):
    assert found("lef", DOCTOR) == []
    db.write_sync(SYSTEM, guard.begin_care, "nadia", patients["Claire Lefèvre"], "declared")
    assert found("lef", DOCTOR) == ["Claire Lefèvre"]
    assert found("lefevree", DOCTOR) == ["Claire Lefèvre"]


def test_an_administrator_searches_nobody(db, patients):
    with pytest.raises(AccessDenied):
        db.read_sync(ADMINISTRATOR, search, "lef")
    for function, *rest in ((identity_of, patients["Claire Lefèvre"]), (register, CLINIC[0]),
                            (update_identity, patients["Claire Lefèvre"], CLINIC[1])):
        with pytest.raises(AccessDenied):
            db.write_sync(ADMINISTRATOR, function, *rest)


def test_the_trail_knows_that_but_not_what_was_searched(db, found):
    found("lefevre claire 1972-04-03")
    [entry] = db.read_sync(SYSTEM, audit.search, action="patient:search")
    assert (entry.actor_id, entry.outcome) == ("sophie", "success")
    noted = " ".join((entry.entity, entry.entity_id, entry.detail, str(entry.patient_id)))
    assert "lefevre" not in noted and "1972" not in noted


def test_a_corrected_identity_is_found_by_its_new_name_only(db, patients, found):
    patient_id = patients["Claire Lefèvre"]
    db.write_sync(SCHEDULER, update_identity, patient_id, someone("Moreau", "Claire", phone="+33639980101"))
    assert found("lefevre") != ["Claire Lefèvre"] and found("moreau claire") == ["Claire Moreau"]
    assert db.read_sync(SCHEDULER, identity_of, patient_id).family == "Moreau"
    assert found("0639980101") == ["Claire Moreau"]


def test_an_impossible_birth_date_is_refused(db):
    for born in ("2031-01-01", "1799-01-01", "2026-11-24"):
        with pytest.raises(Invalid) as refusal:
            db.write_sync(SCHEDULER, register, someone("Demain", "Paul", born))
        assert "birth_date" in refusal.value.fields


def test_nobody_is_not_found(db):
    with pytest.raises(NotFound):
        db.read_sync(SCHEDULER, identity_of, "unknown")
    with pytest.raises(NotFound):
        db.write_sync(SCHEDULER, update_identity, "unknown", CLINIC[0])


@pytest.mark.parametrize(("typed", "expected"), [
    (someone("LEFEVRE", "Claire", "1972-04-03"), ["Claire Lefèvre"]),
    (someone("Lefevre", "Clair", "1972-04-03"), ["Claire Lefèvre"]),
    (someone("Claire", "Lefèvre", "1972-04-03"), ["Claire Lefèvre"]),           # fields swapped
    (someone("Lefèvre", "Claire", "1972-03-04"), ["Claire Lefèvre"]),           # day and month swapped
    (someone("Lefèvre", "Claire", "1927-04-03"), ["Claire Lefèvre"]),           # a slip in the year
    (someone("Lefèvre", "Claire", "2001-11-19", phone="+33639980101"), ["Claire Lefèvre"]),
    (someone("Lefèvre", "Claire", "2001-11-19"), []),                           # a namesake
    (someone("Lefèvre", "Antoine", "2001-11-19", phone="+33639980101"), []),    # family on one phone
    (someone("Nouveau", "Patient", "1972-04-03"), []),                          # same day, another name
])
def test_possible_duplicates(db, patients, typed, expected):
    assert [hit.identity.name for hit in db.read_sync(SCHEDULER, possible_duplicates, typed)] == expected


def test_identities_of_many_in_one_go(db, patients):
    def known(tx: Tx) -> dict[str, PatientIdentity]:
        return identities(tx, [*patients.values(), "unknown"])

    assert {i: who.name for i, who in db.read_sync(SYSTEM, known).items()} == {v: k for k, v in patients.items()}


def test_nothing_readable_in_the_rows(db, patients):
    def rows(tx: Tx) -> bytes:
        sealed = b"".join(p.sealed for p in tx.session.exec(select(Patient)).all())
        return sealed + b"".join(t.token for t in tx.session.exec(select(PatientToken)).all())

    held = db.read_sync(SYSTEM, rows)
    for who in CLINIC:
        for word in (who.family, who.given, who.birth_date.isoformat(), who.phone):
            assert not word or word.encode() not in held


@pytest.mark.parametrize(("text", "terms"), [
    ("Lef 03/04/1972", {"name:lef", "birth:1972-04-03"}),
    ("06 39 98 01 01", {"phone:+33639980101"}),
    ("0000000000", set()),
    ("a", set()),
    ("claire@example.org", {"email:claire@example.org"}),
])
def test_terms_of_a_search(text, terms):
    assert search_terms(text)[0] == terms
