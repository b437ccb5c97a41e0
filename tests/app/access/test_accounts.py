"""Accounts: two factors, each code once, lock-out, sessions that end."""

import asyncio
from datetime import timedelta

import pyotp
import pytest
from sqlmodel import select

from app import audit
from app.access import accounts
from app.access.accounts import Account, AccountSecret, Device, StaffSession
from app.actor import ANONYMOUS, Actor, Role
from app.errors import AccessDenied, Conflict, Invalid
from tests.app.front_door import PASSWORD, SYSTEM, TOTP_SECRET, account, later

DEVICE = Device("192.0.2.7", "a browser")
ADDRESS = "doctor@clinic.example"


def password_step(front, *, fits=True, email=ADDRESS):
    return front.db.write_sync(ANONYMOUS, accounts.first_factor, email, DEVICE, fits=fits)


def code_step(front, secret, code=None):
    return front.db.write_sync(ANONYMOUS, accounts.second_factor, secret, code or front.totp(), 60)


def signed_in(front):
    return code_step(front, password_step(front))


def who(front, secret):
    return front.db.read_sync(ANONYMOUS, accounts.actor_of_session, secret)


def administrator(front):
    return Actor(Role.ADMINISTRATOR, front.accounts["administrator"], "Some administrator")


def refusals(front):
    return [e.detail for e in front.db.read_sync(SYSTEM, audit.search, action="session:begin", outcome="refused")]


def test_the_stored_password_is_argon2id_and_fits_only_itself(front):
    stored = accounts.hashed(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    assert accounts.password_fits(stored, PASSWORD)
    assert accounts.password_fits(front.db.read_sync(ANONYMOUS, accounts.stored_hash, " Doctor@Clinic.example "), PASSWORD)
    assert not accounts.password_fits(stored, PASSWORD + " ")
    assert not accounts.password_fits("no hash at all", PASSWORD)


def test_an_unknown_address_costs_the_same_work(front):
    stored = front.db.read_sync(ANONYMOUS, accounts.stored_hash, "nobody@clinic.example")
    assert stored.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    assert not accounts.password_fits(stored, PASSWORD)


def test_both_factors_make_a_session_under_a_new_secret(front):
    half = password_step(front)
    assert who(front, half) is None
    whole = code_step(front, half)
    assert whole != half
    assert who(front, half) is None
    actor = who(front, whole)
    assert (actor.role, actor.name, actor.practitioner_id) == (Role.DOCTOR, "Some doctor", front.doctor_id)
    rows = front.db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(StaffSession)).all())
    assert [r.id for r in rows] == [accounts.session_hash(whole)]
    assert whole not in rows[0].model_dump_json()


def test_a_code_is_accepted_once_and_never_an_older_one(front):
    code = front.totp()
    before = pyotp.TOTP(TOTP_SECRET).at(front.clock() - timedelta(seconds=30))
    assert code_step(front, password_step(front), code)
    assert code_step(front, password_step(front), code) is None
    assert code_step(front, password_step(front), before) is None
    later(front, seconds=30)
    assert code_step(front, password_step(front))


@pytest.mark.parametrize(("drift_s", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_clocks_may_be_one_step_apart(front, drift_s, accepted):
    code = pyotp.TOTP(TOTP_SECRET).at(front.clock() + timedelta(seconds=drift_s))
    assert bool(code_step(front, password_step(front), code)) is accepted


@pytest.mark.parametrize("code", ["", "000000", "12345", "1234567", "٠١٢٣٤٥", "'; --", "é" * 12])
def test_wrong_codes_are_refused_and_counted(front, code):
    assert code_step(front, password_step(front), code or " ") is None
    assert account(front).failures == 1
    assert any('"step": "code"' in detail for detail in refusals(front))


def test_spaces_in_a_code_do_not_matter(front):
    code = front.totp()
    assert code_step(front, password_step(front), f" {code[:3]} {code[3:]} ")


def test_five_failures_lock_for_a_minute_and_more_for_longer(front):
    for _ in range(5):
        assert password_step(front, fits=False) is None
    assert password_step(front) is None, "the right password does not open a locked account"
    later(front, seconds=61)
    assert password_step(front, fits=False) is None
    later(front, seconds=61)
    assert password_step(front) is None, "the sixth failure locks for two minutes"
    later(front, seconds=60)
    assert signed_in(front)
    assert account(front).failures == 0
    assert sum('"why": "locked"' in detail for detail in refusals(front)) == 2


def test_a_lock_never_lasts_longer_than_a_quarter_of_an_hour(front):
    for _ in range(30):
        password_step(front, fits=False)
        later(front, minutes=16)
    assert signed_in(front)


def test_a_half_session_ends_after_five_minutes(front):
    half = password_step(front)
    assert front.db.read_sync(ANONYMOUS, accounts.waits_for_code, half)
    later(front, seconds=301)
    assert code_step(front, half) is None
    assert not front.db.read_sync(ANONYMOUS, accounts.waits_for_code, half)


def test_a_session_ends_without_use_and_lives_with_it_but_not_for_ever(front):
    secret = signed_in(front)
    later(front, minutes=59)
    front.db.write_sync(ANONYMOUS, accounts.renew, accounts.session_hash(secret), 60)
    later(front, minutes=59)
    assert who(front, secret)
    later(front, minutes=2)
    assert who(front, secret) is None
    again = signed_in(front)
    for _ in range(13):
        later(front, minutes=58)
        front.db.write_sync(ANONYMOUS, accounts.renew, accounts.session_hash(again), 60)
    assert who(front, again) is None


def test_signing_out_ends_the_session_and_is_noted(front):
    secret = signed_in(front)
    front.db.write_sync(ANONYMOUS, accounts.sign_out, secret)
    front.db.write_sync(ANONYMOUS, accounts.sign_out, "never a secret")
    assert who(front, secret) is None
    assert len(front.db.read_sync(SYSTEM, audit.search, action="session:end")) == 1


def test_an_unknown_address_is_refused_without_being_written_down(front):
    assert password_step(front, email="my-password-by-mistake", fits=False) is None
    entry = front.db.read_sync(SYSTEM, audit.search, action="session:begin")[0]
    assert (entry.outcome, entry.entity_id) == ("refused", "")
    assert "mistake" not in str(entry.model_dump())


def test_a_disabled_account_is_out_at_once_and_can_come_back(front):
    secret = signed_in(front)
    front.db.write_sync(administrator(front), accounts.set_disabled, front.accounts["doctor"], disabled=True)
    assert who(front, secret) is None
    assert password_step(front) is None
    front.db.write_sync(administrator(front), accounts.set_disabled, front.accounts["doctor"], disabled=False)
    later(front, seconds=30)
    assert signed_in(front)


def test_nobody_locks_themselves_out(front):
    with pytest.raises(Conflict):
        front.db.write_sync(administrator(front), accounts.set_disabled, front.accounts["administrator"], disabled=True)


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.SCHEDULER, Role.PATIENT, Role.ANONYMOUS])
def test_only_administrators_manage_accounts(front, role):
    actor = Actor(role, "somebody", practitioner_id=front.doctor_id)
    for call in (accounts.all_accounts, lambda tx: accounts.enrolment(tx, front.accounts["doctor"]),
                 lambda tx: accounts.set_disabled(tx, front.accounts["doctor"], disabled=True)):
        with pytest.raises(AccessDenied):
            front.db.write_sync(actor, call)
    assert not account(front).disabled


@pytest.mark.parametrize(("change", "error"), [
    ({"password": "short"}, Invalid), ({"password": "x" * 201}, Invalid),
    ({"email": "SCHEDULER@clinic.example"}, Conflict),
    ({"role": Role.PATIENT}, Invalid), ({"role": Role.SYSTEM}, Invalid), ({"role": Role.DOCTOR}, Invalid),
    ({"practitioner_id": "some"}, Invalid),
])
def test_accounts_that_cannot_be(front, change, error):
    given = {"email": "new@clinic.example", "name": "New", "role": Role.SCHEDULER, "password": PASSWORD} | change
    with pytest.raises(error):
        front.db.write_sync(administrator(front), accounts.create, **given)
    assert len(front.db.read_sync(administrator(front), accounts.all_accounts)) == 3


def test_a_new_account_has_a_secret_of_its_own_sealed_in_the_row(front):
    made = front.db.write_sync(administrator(front), accounts.create, email="new@clinic.example", name="New",
                               role=Role.SCHEDULER, password=PASSWORD)
    address = front.db.read_sync(administrator(front), accounts.enrolment, made.id)
    assert address.startswith("otpauth://totp/Colloque:new%40clinic.example?secret=")
    row = front.db.read_sync(SYSTEM, lambda tx: tx.session.get(Account, made.id))
    secret = front.db.read_sync(SYSTEM, lambda tx: tx.open(row, AccountSecret).totp_secret)
    assert secret in address
    assert secret.encode() not in row.sealed
    assert PASSWORD not in row.password_hash


async def test_the_same_code_twice_at_once_lets_one_in(front):
    halves = [password_step(front) for _ in range(4)]
    code = front.totp()
    got = await asyncio.gather(*(front.db.write(ANONYMOUS, accounts.second_factor, half, code, 60) for half in halves))
    assert sum(secret is not None for secret in got) == 1
