import pytest

from app import founding
from app.access import accounts
from app.actor import system
from app.people import Organization

ACTOR = system("test")


def clinic() -> Organization:
    return Organization(name="Clinique des Tilleuls", zone="Europe/Paris", phone="+33199001234", address="", language="fr")


def test_a_founded_clinic_has_one_administrator_who_can_sign_in(db):
    made = db.write_sync(ACTOR, founding.found, clinic(), email="admin@clinic.example", name="Ada Roche")
    stored = db.write_sync(ACTOR, accounts.stored_hash, made.email)
    assert accounts.password_fits(stored, made.password)
    assert made.password not in stored
    assert made.totp_secret in made.totp_uri


def test_a_clinic_is_founded_once(db):
    db.write_sync(ACTOR, founding.found, clinic(), email="admin@clinic.example", name="Ada Roche")
    with pytest.raises(founding.AlreadyFounded):
        db.write_sync(ACTOR, founding.found, clinic(), email="other@clinic.example", name="Other")
