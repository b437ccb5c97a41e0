"""A series is announced by one e-mail: every visit with its link and its calendar entry, each with its own delivery state."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app import tasks
from app.access import links
from app.actor import ANONYMOUS
from app.notifications import messages
from app.people import PatientIdentity, register
from app.scheduling import booking, series
from app.scheduling.series import Repeat
from tests.app.front_door import EMAIL, START_AT, SYSTEM, later
from tests.app.notifications.test_messages import (  # noqa: F401  fixtures
    CLINICAL,
    _free_port,
    inbox,
    mailing,
    parts,
    rows,
    smtp,
    token_of,
)

FIRST, WEEK = START_AT + timedelta(days=1), timedelta(weeks=1)


@pytest.fixture
def booked(front, smtp, inbox):  # noqa: F811
    """Three visits a week apart; what else was to be sent is out, and forgotten."""
    async def booked(patient_id="", **change):
        await mailing(front, smtp, **change).work()
        inbox.messages.clear()
        made = front.db.write_sync(SYSTEM, series.book, FIRST, Repeat(count=3), all_or_none=True, practitioner_id=front.doctor_id,
                                   motif_id=front.motif_id, patient_id=patient_id or front.patient_id, language="fr")
        return [row.id for row in made.appointments]
    return booked


def states(front, ids):
    return [[m.state for m in front.db.read_sync(SYSTEM, messages.of_appointment, each) if m.kind == "invitation"] for each in ids]


async def test_one_mail_with_every_visit_and_each_shows_its_invitation_as_sent(front, booked, inbox):  # noqa: F811
    ids = await booked()
    await front.work()
    (mail,) = inbox.messages
    text, html, calendar = parts(mail)
    assert (mail["To"], calendar["METHOD"]) == (EMAIL, "PUBLISH")
    assert "3 téléconsultations" in mail["Subject"]
    events = calendar.walk("VEVENT")
    assert [str(e["UID"]) for e in events] == [f"{each}@colloque" for each in ids]
    assert [e["DTSTART"].dt for e in events] == [FIRST, FIRST + WEEK, FIRST + 2 * WEEK]
    assert not any("ATTENDEE" in e for e in events)
    tokens = [part.split()[0] for part in text.split("/l/")[1:]]
    assert [front.db.read_sync(ANONYMOUS, links.open_link, token).appointment_id for token in tokens] == ids
    assert [str(e["URL"]).split("/l/")[1] for e in events] == tokens
    assert all(f"/l/{token}" in html for token in tokens)
    said = " ".join([mail["Subject"], text, html, str(calendar.to_ical(), "utf-8")]).replace(EMAIL, "").lower()
    assert not [word for word in CLINICAL if word in said]
    assert states(front, ids) == [["sent"]] * 3
    assert "message.invitation" not in front.jobs()


async def test_a_later_change_of_one_visit_is_told_of_that_visit_alone(front, booked, inbox):  # noqa: F811
    ids = await booked()
    await front.work()
    front.db.write_sync(SYSTEM, booking.move, ids[1], FIRST + WEEK + timedelta(hours=1))
    front.db.write_sync(SYSTEM, booking.cancel, ids[2])
    await front.work()
    front.db.write_sync(SYSTEM, booking.undo_cancel, ids[2])
    await front.work()
    told = [parts(mail)[2] for mail in inbox.messages[1:]]
    assert sorted((str(c["METHOD"]), str(c.walk("VEVENT")[0]["UID"]), c.walk("VEVENT")[0]["SEQUENCE"]) for c in told) == sorted([
        ("REQUEST", f"{ids[1]}@colloque", 1), ("CANCEL", f"{ids[2]}@colloque", 1), ("REQUEST", f"{ids[2]}@colloque", 2)])
    assert all(len(c.walk("VEVENT")) == 1 for c in told)


async def test_each_visit_has_its_own_reminders(front, booked, inbox):  # noqa: F811
    ids = await booked(reminders="24")
    await front.work()
    for at in (FIRST, FIRST + WEEK, FIRST + 2 * WEEK):
        front.clock.at = at - timedelta(hours=23)
        await front.work()
    assert [m.appointment_id for m in rows(front, "reminder") if m.appointment_id in ids] == ids


async def test_a_visit_cancelled_before_the_mail_left_is_not_in_it(front, booked, inbox):  # noqa: F811
    ids = await booked()
    front.db.write_sync(SYSTEM, booking.cancel, ids[1])
    await front.work()
    series_mail = next(parts(mail)[2] for mail in inbox.messages if parts(mail)[2]["METHOD"] == "PUBLISH")
    assert [str(e["UID"]) for e in series_mail.walk("VEVENT")] == [f"{ids[0]}@colloque", f"{ids[2]}@colloque"]


async def test_a_mail_that_fails_fails_for_every_visit_and_is_one_task(front, booked, inbox):  # noqa: F811
    ids = await booked()
    front.settings = front.settings.model_copy(update={"smtp_port": _free_port()})
    for _ in range(7):
        await front.work()
        later(front, minutes=10)
    assert states(front, ids) == [["failed"]] * 3
    due = front.db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(tasks.Task)).all())
    assert [(t.kind, t.appointment_id) for t in due if t.about == "invitation:email"] == [("delivery-failed", ids[0])]


async def test_who_has_only_a_phone_gets_a_text_for_each_visit(front, booked, inbox):  # noqa: F811
    only = front.db.write_sync(SYSTEM, register, PatientIdentity(family="Roux", given="Ève", birth_date="1950-01-02",
                                                                phone="+33639981122", language="fr"))
    ids = await booked(only.id)
    await front.work()
    assert inbox.messages == []
    assert [m.channel for m in rows(front, "invitation") if m.appointment_id in ids] == ["sms"] * 3
