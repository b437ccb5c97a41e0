import pytest

from app import audit
from app.errors import AccessDenied
from app.record import accesses, compositions, entries
from app.record.accesses import TrailQuery
from tests.app.record.conftest import JOB, House, content
from tests.conftest import FakeClock


def test_a_patient_sees_who_opened_the_record_and_why(house: House, clock: FakeClock) -> None:
    house.db.write_sync(JOB, compositions.draft_for, house.visit_id, content())
    for _ in range(3):
        house.db.read_sync(house.doctor, entries.read, house.patient_id)
    clock.forward(days=1)
    house.db.read_sync(house.colleague, compositions.read, house.visit_id)
    with pytest.raises(AccessDenied):
        house.db.read_sync(house.scheduler, entries.read, house.patient_id)
    seen = house.db.read_sync(house.patient, accesses.own)
    assert [(a.name, a.meaning, a.times, a.refused) for a in seen] == [
        ("Sam", "Opened your record", 1, True),
        ("Dr Nadia Roche", "Read your consultation note", 1, False),
        ("Dr Nadia Benali", "Opened your record", 3, False),
    ]
    assert seen[1].purpose == "TREAT"


def test_nobody_else_sees_it(house: House) -> None:
    for actor in (house.other_patient, house.doctor, house.administrator, house.scheduler):
        with pytest.raises(AccessDenied):
            house.db.read_sync(actor, accesses.own)


def test_only_an_administrator_searches_and_that_is_an_entry_without_the_words_typed(house: House) -> None:
    house.db.read_sync(house.doctor, entries.read, house.patient_id)
    found = house.db.read_sync(house.administrator, accesses.search, TrailQuery(who="benali", action="record:"))
    assert [event.action for event in found] == ["record:read"]
    own = house.db.read_sync(house.administrator, accesses.search, TrailQuery(action="audit:search"))
    assert "benali" not in own[0].detail
    for actor in (house.doctor, house.scheduler, house.patient):
        with pytest.raises(AccessDenied):
            house.db.read_sync(actor, accesses.search, TrailQuery())


def test_filters_and_pages(house: House, clock: FakeClock) -> None:
    for _ in range(5):
        clock.forward(minutes=1)
        house.db.read_sync(house.doctor, entries.read, house.patient_id)
    query = TrailQuery(who=house.doctor.id, patient_id=house.patient_id, limit=2)
    first = house.db.read_sync(house.administrator, accesses.search, query)
    assert len(first) == 2
    rest = TrailQuery(who=house.doctor.id, before_seq=first[-1].seq, until=clock.at, outcome="success")
    assert len(house.db.read_sync(house.administrator, accesses.search, rest)) == 3
    nobody = TrailQuery(who="%", since=clock.at)
    assert house.db.read_sync(house.administrator, accesses.search, nobody) == []


def test_the_administrator_verifies_the_chain(house: House, trail: audit.Trail) -> None:
    house.db.read_sync(house.doctor, entries.read, house.patient_id)
    verdict = house.db.read_sync(house.administrator, accesses.verify, trail)
    assert verdict.fault == ""
    assert verdict.entries > 0
