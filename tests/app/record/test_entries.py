import pytest

from app.errors import AccessDenied
from app.record import accesses, entries
from app.record.accesses import TrailQuery
from app.record.entries import NewEntry
from tests.app.record.conftest import House

PENICILLIN = NewEntry(kind="allergy", text="Pénicilline", detail="urticaire")


def test_a_line_is_read_back_by_those_who_care(house: House) -> None:
    house.db.write_sync(house.doctor, entries.add, house.patient_id, PENICILLIN, house.visit_id)
    record = house.db.read_sync(house.colleague, entries.read, house.patient_id)
    assert [line.label for line in record.allergies] == ["Pénicilline (urticaire)"]
    assert record.treatments == record.problems == record.ended == []


def test_the_same_line_is_not_doubled(house: House) -> None:
    first = house.db.write_sync(house.doctor, entries.add, house.patient_id, PENICILLIN)
    again = NewEntry(kind="allergy", text="PENICILLINE", detail="Urticaire")
    assert house.db.write_sync(house.doctor, entries.add, house.patient_id, again) == first


def test_a_line_ends_and_resumes(house: House) -> None:
    line = house.db.write_sync(house.doctor, entries.add, house.patient_id, PENICILLIN)
    assert house.db.write_sync(house.doctor, entries.end, line) == house.patient_id
    record = house.db.read_sync(house.doctor, entries.read, house.patient_id)
    assert not record.allergies
    assert record.ended[0].text == "Pénicilline"
    house.db.write_sync(house.doctor, entries.resume, line)
    assert house.db.read_sync(house.doctor, entries.read, house.patient_id).allergies


@pytest.mark.parametrize("who", ["stranger", "scheduler", "administrator", "patient", "other_patient"])
def test_others_neither_read_nor_write_and_leave_a_trace(house: House, who: str) -> None:
    actor = getattr(house, who)
    line = house.db.write_sync(house.doctor, entries.add, house.patient_id, PENICILLIN)
    with pytest.raises(AccessDenied):
        house.db.read_sync(actor, entries.read, house.patient_id)
    with pytest.raises(AccessDenied):
        house.db.write_sync(actor, entries.add, house.patient_id, PENICILLIN)
    with pytest.raises(AccessDenied):
        house.db.write_sync(actor, entries.end, line)
    refused = house.db.read_sync(house.administrator, accesses.search, TrailQuery(who=actor.id, outcome="refused"))
    assert [event.action for event in refused] == ["record:write", "record:write", "record:read"]


def test_an_unknown_line_is_refused_like_a_foreign_one(house: House) -> None:
    with pytest.raises(AccessDenied):
        house.db.write_sync(house.doctor, entries.end, "nothing-there")


def test_awkward_words_come_back_unchanged(house: House) -> None:
    text = "<b>O'Brien</b> \"مرحبا\" 🙂 \u202eabc"
    house.db.write_sync(house.doctor, entries.add, house.patient_id, NewEntry(kind="problem", text=text))
    assert house.db.read_sync(house.doctor, entries.read, house.patient_id).problems[0].text == text
