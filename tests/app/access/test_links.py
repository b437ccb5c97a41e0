"""Links and codes: what opens, what does not, and that all that does not looks the same."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import select

from app import audit
from app.access import links
from app.access.links import SUMMARY, VISIT, Link, LinkCode, PatientSession
from app.actor import ANONYMOUS, Role
from app.errors import LimitReached, NotFound
from app.scheduling import booking
from tests.app.front_door import START_AT, SYSTEM, later


def issue(front, purpose=VISIT):
    return front.db.write_sync(SYSTEM, links.issue, front.visit_id, purpose)


def opened(front, token):
    return front.db.read_sync(ANONYMOUS, links.open_link, token)


def code(front, token, channel="email"):
    return front.db.write_sync(SYSTEM, lambda tx: links.new_code(tx, links.open_link(tx, token), channel))


def prove(front, token, typed):
    return front.db.write_sync(ANONYMOUS, links.prove, token, typed)


def state(front, token):
    return front.db.read_sync(SYSTEM, lambda tx: links.code_state(tx, links.open_link(tx, token)))


def who(front, secret):
    return front.db.read_sync(ANONYMOUS, links.actor_of_session, secret)


def rows(front, table):
    return front.db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(table)).all())


def other_than(digits):
    return f"{(int(digits) + 1) % 10**6:06}"


def test_a_token_opens_its_visit_and_is_stored_nowhere(front):
    token = issue(front)
    link = opened(front, token)
    assert (link.appointment_id, link.patient_id, link.purpose) == (front.visit_id, front.patient_id, VISIT)
    kept = [*rows(front, Link), *front.db.read_sync(SYSTEM, audit.search)]
    assert not any(token in str(row.model_dump()) for row in kept)


def test_expired_revoked_cancelled_and_guessed_links_are_the_same_to_who_asks(front):
    expired, revoked, cancelled = issue(front), issue(front), issue(front)
    said = set()

    def refused(token):
        with pytest.raises(NotFound) as error:
            opened(front, token)
        said.add((str(error.value), error.value.status, error.value.code))

    front.db.write_sync(SYSTEM, links.revoke, front.visit_id, SUMMARY)
    assert opened(front, revoked), "a summary's links are not the visit's"
    front.db.write_sync(SYSTEM, booking.cancel, front.visit_id)
    refused(cancelled)
    front.db.write_sync(SYSTEM, booking.undo_cancel, front.visit_id)
    assert opened(front, cancelled), "the same link is valid again"
    front.db.write_sync(SYSTEM, links.revoke, front.visit_id, VISIT)
    refused(revoked)
    later(front, days=2)
    refused(expired)
    refused("A" * 32)
    refused(expired[:-1])
    refused("")
    assert len(said) == 1


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_no_text_opens_a_link_but_its_token(front, text):
    with pytest.raises(NotFound):
        opened(front, text)


def test_a_visit_link_lives_until_after_the_visit_and_follows_a_move(front):
    token = issue(front)
    front.db.write_sync(SYSTEM, booking.move, front.visit_id, START_AT + timedelta(days=1))
    front.db.write_sync(SYSTEM, links.follow_move, front.visit_id)
    front.clock.at = START_AT + timedelta(days=1, minutes=15) + links.VISIT_GRACE - timedelta(seconds=1)
    assert opened(front, token)
    later(front, seconds=1)
    with pytest.raises(NotFound):
        opened(front, token)


def test_a_summary_link_lives_thirty_days(front):
    token = issue(front, SUMMARY)
    later(front, days=29, hours=23)
    assert opened(front, token)
    later(front, hours=1)
    with pytest.raises(NotFound):
        opened(front, token)


def test_the_right_code_makes_a_session_for_this_visit_alone(front):
    token = issue(front)
    proof = prove(front, token, code(front, token))
    actor = who(front, proof.secret)
    assert (actor.role, actor.patient_id, actor.appointment_id) == (Role.PATIENT, front.patient_id, front.visit_id)
    assert front.db.read_sync(ANONYMOUS, links.is_proved, token, proof.secret)
    assert not front.db.read_sync(ANONYMOUS, links.is_proved, issue(front), proof.secret), "of another link"
    assert [s.id for s in rows(front, PatientSession)] == [links.session_hash(proof.secret)]


def test_a_code_is_six_digits_stored_under_a_key_and_good_once(front):
    token = issue(front)
    digits = code(front, token)
    assert len(digits) == 6
    assert digits.isdigit()
    assert digits not in rows(front, LinkCode)[0].code_hash
    assert prove(front, token, f" {digits[:3]} {digits[3:]} ")
    assert prove(front, token, digits) is None


def test_five_wrong_codes_end_the_code_even_for_the_right_one(front):
    token = issue(front)
    digits = code(front, token)
    for n in range(5):
        assert not state(front, token).locked, n
        assert prove(front, token, other_than(digits)) is None
    assert state(front, token).locked
    assert prove(front, token, digits) is None
    later(front, seconds=31)
    assert prove(front, token, code(front, token)), "a new code opens"
    refused = front.db.read_sync(SYSTEM, audit.search, action="code:check", outcome="refused")
    assert len(refused) == 6


def test_a_code_ends_after_ten_minutes(front):
    token = issue(front)
    digits = code(front, token)
    later(front, seconds=599)
    assert state(front, token).usable
    later(front, seconds=1)
    assert not state(front, token).usable
    assert prove(front, token, digits) is None


def test_a_newer_code_ends_the_one_before(front):
    token = issue(front)
    first = code(front, token)
    later(front, seconds=30)
    second = code(front, token)
    if first != second:
        assert prove(front, token, first) is None
    assert prove(front, token, second)


def test_another_code_has_to_wait_and_an_hour_holds_six(front):
    token = issue(front)
    code(front, token)
    with pytest.raises(LimitReached) as wait:
        code(front, token)
    assert wait.value.seconds == 30
    assert state(front, token).resend_in_s == 30
    for _ in range(5):
        later(front, seconds=30)
        code(front, token)
    later(front, seconds=30)
    with pytest.raises(LimitReached) as limit:
        code(front, token)
    assert limit.value.seconds == 3600 - 180
    later(front, hours=1)
    assert code(front, token)


def test_a_code_of_one_link_does_not_open_another(front):
    mine, other = issue(front), issue(front)
    digits = code(front, mine)
    assert prove(front, other, digits) is None
    code(front, other)
    assert prove(front, mine, digits)


@pytest.mark.parametrize("typed", ["", "      ", "é" * 6, "١٢٣٤٥٦", "1" * 400, "12345\x00"])
def test_codes_that_are_none(front, typed):
    token = issue(front)
    code(front, token)
    assert prove(front, token, typed) is None


def test_a_session_ends_with_its_link_and_after_twelve_hours(front):
    token = issue(front, SUMMARY)
    proof = prove(front, token, code(front, token))
    assert proof.life == links.SESSION_LIFE
    later(front, hours=11)
    assert who(front, proof.secret)
    front.db.write_sync(SYSTEM, links.revoke, front.visit_id, SUMMARY)
    assert who(front, proof.secret) is None
    token = issue(front, SUMMARY)
    proof = prove(front, token, code(front, token))
    later(front, hours=12)
    assert who(front, proof.secret) is None


def test_signing_out_ends_a_patients_session(front):
    token = issue(front)
    proof = prove(front, token, code(front, token))
    front.db.write_sync(ANONYMOUS, links.sign_out, proof.secret)
    front.db.write_sync(ANONYMOUS, links.sign_out, "")
    assert who(front, proof.secret) is None


def test_links_are_for_appointments_that_exist(front):
    with pytest.raises(NotFound):
        front.db.write_sync(SYSTEM, links.issue, "no such appointment", VISIT)
    assert len(rows(front, Link)) == 0


async def test_asking_for_codes_at_once_sends_one(front):
    token = issue(front)
    sends = (front.db.write(SYSTEM, lambda tx: links.new_code(tx, links.open_link(tx, token), "email")) for _ in range(4))
    got = await asyncio.gather(*sends, return_exceptions=True)
    assert sum(isinstance(answer, str) for answer in got) == 1
    assert sum(isinstance(answer, LimitReached) for answer in got) == 3
    assert len(rows(front, LinkCode)) == 1


async def test_one_code_given_twice_at_once_opens_one_session(front):
    token = issue(front)
    digits = code(front, token)
    got = await asyncio.gather(*(front.db.write(ANONYMOUS, links.prove, token, digits) for _ in range(4)))
    assert sum(proof is not None for proof in got) == 1
    assert len(rows(front, PatientSession)) == 1
