import pytest

from app.errors import AccessDenied
from app.record import roster
from tests.app.record.conftest import House


def test_a_doctor_finds_the_patients_in_care_and_no_others(house: House) -> None:
    for text in ("", "lefe", "claire LEFEVRE", "1961-11-23"):
        found = house.db.read_sync(house.doctor, roster.cared_for, text)
        assert [(p.id, p.identity.name) for p in found] == [(house.patient_id, "Claire Lefèvre")], text
        assert house.db.read_sync(house.stranger, roster.cared_for, text) == [], text
    assert house.db.read_sync(house.doctor, roster.cared_for, "renard") == []


def test_the_last_appointment_is_the_doctors_own(house: House) -> None:
    assert house.db.read_sync(house.doctor, roster.cared_for)[0].last_at is not None
    assert house.db.read_sync(house.colleague, roster.cared_for, "lefevre")[0].last_at is None


@pytest.mark.parametrize("who", ["patient", "administrator"])
def test_others_do_not_search(house: House, who: str) -> None:
    for text in ("", "lefevre"):
        with pytest.raises(AccessDenied):
            house.db.read_sync(getattr(house, who), roster.cared_for, text)
