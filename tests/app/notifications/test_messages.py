"""What patients get: invitations, moves, cancellations, codes; through real SMTP and HTTP servers, without a clinical word."""

import asyncio
import email
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.policy import SMTP
from email.policy import default as email_policy

import pytest
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from icalendar import Calendar
from sqlmodel import select

from app import tasks
from app.access import links
from app.actor import ANONYMOUS, Actor, Role
from app.errors import AccessDenied, LimitReached, NotFound
from app.jobs import Job
from app.notifications import channels, codes, letters, mailbox, messages
from app.notifications.delivery import site_of
from app.notifications.messages import Message, MessageContent
from app.scheduling import booking
from app.settings import Settings
from tests.app.front_door import EMAIL, FAMILY, PHONE, START_AT, SYSTEM, later, open_clinic

CLINICAL = ("diab", "suivi", "glyc", "motif", "lefèvre", "claire")


class Inbox:
    """A real SMTP server's handler: keeps what comes, refuses when told to."""

    def __init__(self) -> None:
        self.messages, self.refuse = [], ""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  aiosmtpd's name
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.messages.append(email.message_from_bytes(envelope.content, policy=email_policy))
        return "250 OK"


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def smtp(inbox):
    server = Controller(inbox, hostname="127.0.0.1", port=0)
    # port 0: the controller's own readiness check needs the real port, so one is chosen first
    server.port = _free_port()
    server.start()
    yield server
    server.stop()


def _free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def gateway(*statuses):
    """A real HTTP server for text messages; answers with these statuses in turn, then 200."""
    got, answers = [], list(statuses)

    async def take(request):
        got.append((await request.json(), request.headers.get("Authorization")))
        return web.Response(status=answers.pop(0) if answers else 200)

    app = web.Application()
    app.router.add_post("/send", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}/send", got
    finally:
        await runner.cleanup()


def through(settings, **change):
    return Settings(**{**settings.model_dump(), **change, "_env_file": None})


def mailing(front, smtp, **change):
    front.settings = through(front.settings, smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_tls="none", **change)
    return front


def rows(front, kind):
    query = select(Message).where(Message.kind == kind).order_by(Message.created_at)
    return front.db.read_sync(SYSTEM, lambda tx: list(tx.session.exec(query).all()))


def parts(mail):
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    attached = list(mail.iter_attachments())
    return text.get_content(), html.get_content(), Calendar.from_ical(attached[0].get_content()) if attached else None


def token_of(text):
    return text.split("/l/")[1].split()[0]


async def test_the_invitation_arrives_by_smtp_with_link_and_calendar_entry(front, smtp, inbox):
    await mailing(front, smtp).work()
    assert front.jobs() == []
    (mail,) = inbox.messages
    assert mail["To"] == EMAIL
    assert "lundi 23 novembre à 8\u00a0h\u00a015" in mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html, calendar = parts(mail)
    token = token_of(text)
    assert front.db.read_sync(ANONYMOUS, links.open_link, token).appointment_id == front.visit_id
    assert f'href="http://colloque.test/l/{token}"' in html
    assert "Dr Nadia Benali" in text
    assert "Paris" in text
    event = calendar.walk("VEVENT")[0]
    assert (calendar["METHOD"], event["UID"], event["SEQUENCE"]) == ("REQUEST", f"{front.visit_id}@colloque", 0)
    assert event["DTSTART"].dt == START_AT
    assert event["DTEND"].dt == START_AT + timedelta(minutes=15)
    assert (await asyncio.to_thread(rows, front, "invitation"))[0].state == "sent"


async def test_no_message_holds_a_clinical_word_or_the_patients_name(front, smtp, inbox):
    await mailing(front, smtp).work()
    front.db.write_sync(SYSTEM, booking.move, front.visit_id, START_AT + timedelta(hours=1))
    await front.work()
    front.db.write_sync(SYSTEM, codes.send, token_of(parts(inbox.messages[0])[0]), "", site_of(front.settings), "fr")
    front.db.write_sync(SYSTEM, booking.cancel, front.visit_id)
    await front.work()
    assert len(inbox.messages) == 4
    for mail in inbox.messages:
        text, html, calendar = parts(mail)
        said = " ".join([mail["Subject"], text, html, str(calendar.to_ical(), "utf-8") if calendar else ""])
        said = said.replace(EMAIL, "")  # the address itself, in To and as the calendar's attendee
        assert not [word for word in CLINICAL if word in said.lower()]


async def test_a_move_sends_the_new_time_and_keeps_the_first_link(front, smtp, inbox):
    await mailing(front, smtp).work()
    front.db.write_sync(SYSTEM, booking.move, front.visit_id, START_AT + timedelta(days=2))
    await front.work()
    first, second = (parts(mail) for mail in inbox.messages)
    event = second[2].walk("VEVENT")[0]
    assert (event["UID"], event["SEQUENCE"]) == (f"{front.visit_id}@colloque", 1)
    assert event["DTSTART"].dt == START_AT + timedelta(days=2)
    front.clock.at = START_AT + timedelta(days=2)
    for text in (first[0], second[0]):
        assert front.db.read_sync(ANONYMOUS, links.open_link, token_of(text))


async def test_a_cancellation_cancels_the_calendar_entry_and_an_undo_invites_again(front, smtp, inbox):
    await mailing(front, smtp).work()
    front.db.write_sync(SYSTEM, booking.cancel, front.visit_id)
    await front.work()
    calendar = parts(inbox.messages[1])[2]
    event = calendar.walk("VEVENT")[0]
    assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 1)
    assert "/l/" not in parts(inbox.messages[1])[0]
    front.db.write_sync(SYSTEM, booking.undo_cancel, front.visit_id)
    await front.work()
    assert parts(inbox.messages[2])[2].walk("VEVENT")[0]["SEQUENCE"] == 2


async def test_a_visit_cancelled_before_its_invitation_left_is_not_announced(front, smtp, inbox):
    front.db.write_sync(SYSTEM, booking.cancel, front.visit_id)
    await mailing(front, smtp).work()
    assert [parts(mail)[2]["METHOD"] for mail in inbox.messages] == ["CANCEL"]


async def test_an_invitation_whose_job_runs_twice_is_sent_once(front, smtp, inbox):
    from app.notifications import invitations
    site = site_of(mailing(front, smtp).settings)
    front.db.write_sync(SYSTEM, invitations.invite, front.visit_id, site)
    await front.work()
    assert len(inbox.messages) == 1
    assert len(front.db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(links.Link)).all())) == 1


async def test_in_english_for_an_english_visit(front, smtp, inbox):
    def speak_english(tx):
        tx.session.get(booking.Appointment, front.visit_id).language = "en"
    front.db.write_sync(SYSTEM, speak_english)
    await mailing(front, smtp).work()
    text, html, _ = parts(inbox.messages[0])
    assert inbox.messages[0]["Subject"] == "Your video visit on Monday 23 November at 08:15"
    assert "There is nothing to install" in text
    assert '<html lang="en">' in html
    assert "(Paris time)" in text


async def test_what_was_sent_is_forgotten_outside_the_demo(front, smtp, inbox):
    mailing(front, smtp)
    front.settings = front.settings.model_copy(update={"mode": "production"})
    await front.work()
    (row,) = rows(front, "invitation")
    assert (row.state, row.sealed) == ("sent", b"")
    assert front.mails() == []


async def test_a_server_that_is_down_is_tried_again_and_then_the_failure_is_seen(front, smtp, inbox):
    mailing(front, smtp)
    front.settings = front.settings.model_copy(update={"smtp_port": _free_port()})
    for _ in range(5):
        await front.work()
        assert rows(front, "invitation")[0].state == "queued"
        later(front, hours=1)
    await front.work()
    (row,) = rows(front, "invitation")
    assert (row.state, row.attempts) == ("failed", 6)
    assert row.error
    assert front.jobs() == []
    seen = front.db.read_sync(Actor(Role.SCHEDULER, "scheduler"), messages.of_appointment, front.visit_id)
    assert [(m.kind, m.state) for m in seen] == [("invitation", "failed")]


async def test_a_passing_trouble_delays_the_message_and_loses_nothing(front, smtp, inbox):
    mailing(front, smtp)
    inbox.refuse = "451 try later"
    await front.work()
    inbox.refuse = ""
    later(front, minutes=5)
    await front.work()
    assert len(inbox.messages) == 1
    assert rows(front, "invitation")[0].state == "sent"


async def test_an_address_that_does_not_exist_fails_at_once(front, smtp, inbox):
    mailing(front, smtp)
    inbox.refuse = "550 no such mailbox"
    await front.work()
    (row,) = rows(front, "invitation")
    assert (row.state, row.attempts, row.error) == ("failed", 1, "SMTP 550")
    (task,) = front.db.read_sync(Actor(Role.SCHEDULER, "scheduler"), tasks.listed)
    assert (task.kind, task.about, task.appointment_id) == ("delivery-failed", "invitation:email", front.visit_id)
    assert task.phone == PHONE, "somebody can call"


async def test_a_code_that_does_not_arrive_and_a_rehearsals_message_are_nobodys_task(front, smtp, inbox):
    front.db.write_sync(SYSTEM, booking.cancel, front.visit_id)
    await mailing(front, smtp).work()
    inbox.refuse = "550 no such mailbox"
    for kind, to in (("code", EMAIL), ("invitation", "rehearsal@colloque.invalid")):
        front.db.write_sync(SYSTEM, messages.post, kind=kind, channel="email", patient_id=front.patient_id,
                            appointment_id=front.visit_id, content=MessageContent(to=to, subject="s", text="t"))
    await front.work()
    assert {row.state for row in rows(front, "code")} == {"failed"}
    assert front.db.read_sync(SYSTEM, lambda tx: tx.session.exec(select(tasks.Task)).all()) == []


@pytest.mark.parametrize("bad", ["no address", "two@at@signs", "line\nbreak@example.org", "", "a@b\r\nBcc: x@y"])
async def test_an_address_that_is_none_fails_and_injects_nothing(front, smtp, inbox, bad):
    def spoil(tx):
        messages.post(tx, kind="invitation", channel="email", patient_id=front.patient_id,
                      appointment_id=front.visit_id, content=MessageContent(to=bad, subject="s", text="t"))
    front.db.write_sync(SYSTEM, booking.cancel, front.visit_id)
    front.db.write_sync(SYSTEM, spoil)
    await mailing(front, smtp).work()
    assert rows(front, "invitation")[0].state == "failed"
    assert [mail["To"] for mail in inbox.messages] == [EMAIL]


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # the test's own server has no certificate
async def test_smtp_with_a_password(front, inbox):
    def check(server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (b"clinic", b"secret")
        return AuthResult(success=right, handled=False)  # the server answers itself

    server = Controller(inbox, hostname="127.0.0.1", port=_free_port(), authenticator=check, auth_required=True,
                        auth_require_tls=False)
    server.start()
    try:
        await mailing(front, server, smtp_user="clinic", smtp_password="wrong").work()
        assert rows(front, "invitation")[0].state == "queued", "our own wrong password can be put right"
        later(front, minutes=5)
        await mailing(front, server, smtp_user="clinic", smtp_password="secret").work()
    finally:
        server.stop()
    assert len(inbox.messages) == 1


async def test_starttls_is_asked_for_and_nothing_is_sent_without_it(front, smtp, inbox):
    mailing(front, smtp)
    front.settings = front.settings.model_copy(update={"smtp_tls": "starttls"})
    await front.work()
    assert inbox.messages == []
    assert rows(front, "invitation")[0].state == "queued"


async def test_who_has_only_a_phone_is_invited_by_text_message(db, clock, settings):
    async with gateway() as (url, got):
        front = open_clinic(db, clock, through(settings, sms_gateway_url=url, sms_gateway_token="abc"), email="")
        await front.work()
    ((body, authorization),) = got
    assert body["to"] == PHONE
    assert token_of(body["text"])
    assert authorization == "Bearer abc"


@pytest.mark.parametrize(("statuses", "state", "tries"), [
    ((500, 200), "sent", 2), ((429, 200), "sent", 2), ((400,), "failed", 1), ((401,), "failed", 1)])
async def test_the_gateways_answers(db, clock, settings, statuses, state, tries):
    async with gateway(*statuses) as (url, got):
        front = open_clinic(db, clock, through(settings, sms_gateway_url=url), email="")
        await front.work()
        later(front, minutes=5)
        await front.work()
    assert len(got) == tries
    assert rows(front, "invitation")[0].state == state


async def test_codes_go_to_the_phone_first_and_by_the_way_that_was_asked_for(front):
    async with gateway() as (url, got):
        front.settings = through(front.settings, sms_gateway_url=url)
        site = site_of(front.settings)
        token = front.db.write_sync(SYSTEM, links.issue, front.visit_id, links.VISIT)
        assert front.db.read_sync(SYSTEM, codes.page, token, site) is None
        front.db.write_sync(SYSTEM, codes.send, token, "", site, "en")
        page = front.db.read_sync(SYSTEM, codes.page, token, site)
        assert (page.channel, page.sent_to, page.other_channel) == ("sms", "+33 ·· ·· ·· 42", "email")
        with pytest.raises(LimitReached):
            front.db.write_sync(SYSTEM, codes.send, token, "email", site, "en")
        later(front, seconds=30)
        front.db.write_sync(SYSTEM, codes.send, token, "email", site, "en")
        page = front.db.read_sync(SYSTEM, codes.page, token, site)
        assert (page.channel, page.sent_to) == ("email", "c···@p···.example")
        await front.work()
        text = got[0][0]["text"]
    digits = text.rpartition("#")[2]
    assert text.endswith(f"@colloque.test #{digits}"), "phones fill the code in by themselves"
    assert front.db.write_sync(ANONYMOUS, links.prove, token, digits) is None, "the e-mailed one is newer"
    newer = next(m.code for m in front.mails("code") if m.channel == "email")
    assert front.db.write_sync(ANONYMOUS, links.prove, token, newer)


async def test_without_a_gateway_codes_go_by_email(front, smtp, inbox):
    await mailing(front, smtp).work()
    token = token_of(parts(inbox.messages[0])[0])
    site = site_of(front.settings)
    front.db.write_sync(SYSTEM, codes.send, token, "sms", site, "fr")
    await front.work()
    page = front.db.read_sync(SYSTEM, codes.page, token, site)
    assert (page.channel, page.other_channel) == ("email", None)
    text = parts(inbox.messages[1])[0]
    code = next(m.code for m in front.mails("code"))
    assert code in text


def test_codes_are_sent_for_links_that_open_only(front):
    site = site_of(front.settings)
    for token in ("", "x" * 32, "../../etc/passwd", "🙂" * 32):
        with pytest.raises(NotFound):
            front.db.write_sync(SYSTEM, codes.send, token, "email", site, "fr")
    assert rows(front, "code") == []


async def test_the_demo_without_servers_shows_everything_in_its_mailbox(front):
    await front.work()
    (mail,) = front.mails()
    assert (mail.kind, mail.channel, mail.state, mail.to, mail.has_ics) == ("invitation", "email", "sent", EMAIL, True)
    token = mail.link.rpartition("/")[2]
    front.db.write_sync(SYSTEM, codes.send, token, "", site_of(front.settings), "fr")
    await front.work()
    code = front.mails("code")[0].code
    assert front.db.write_sync(ANONYMOUS, links.prove, token, code)


def test_the_mailbox_is_for_the_demo_process_alone(front):
    for role in (Role.DOCTOR, Role.ADMINISTRATOR, Role.ANONYMOUS):
        with pytest.raises(AccessDenied):
            front.db.read_sync(Actor(role, "somebody"), mailbox.recent)


@pytest.mark.parametrize(("phone", "masked"), [("+33639980142", "+33 ·· ·· ·· 42"), ("0639980142", "·· ·· ·· 42")])
def test_a_masked_phone_shows_two_digits(phone, masked):
    assert letters.masked_phone(phone) == masked


@pytest.mark.parametrize(("address", "masked"), [
    ("claire@example.org", "c···@e···.org"), ("a@b.fr", "a···@b···.fr"), ("x.y@mail.chu.example", "x···@m···.example")])
def test_a_masked_address_shows_three_hints(address, masked):
    assert codes.masked_email(address) == masked


async def test_a_released_summary_brings_a_link_of_its_own_and_ends_the_one_before(front, smtp, inbox):
    from app.notifications import invitations
    await mailing(front, smtp).work()
    site = site_of(front.settings)
    for _ in range(2):
        front.db.write_sync(SYSTEM, invitations.send_summary, front.visit_id, site)
        await front.work()
    first, second = (token_of(parts(mail)[0]) for mail in inbox.messages[1:])
    with pytest.raises(NotFound):
        front.db.read_sync(ANONYMOUS, links.open_link, first)
    assert front.db.read_sync(ANONYMOUS, links.open_link, second).purpose == links.SUMMARY
    assert front.db.read_sync(ANONYMOUS, links.open_link, token_of(parts(inbox.messages[0])[0]))


def test_html_holds_names_as_text():
    visit = letters.Visit("Dr <b>O'Brien & Söhne</b>", datetime(2026, 11, 23, 8, tzinfo=UTC), "A & B", "+33", "UTC", "en")
    html = letters.invitation(visit, "https://x.example/l/abc").html
    assert "<b>O" not in html
    assert "Dr &lt;b&gt;O&#39;Brien &amp; Söhne&lt;/b&gt;" in html
    assert replace(visit, zone="America/New_York").when == "Monday 23 November at 03:00 (New York time)"


def test_an_ics_survives_any_name():
    content = MessageContent(to="a@b.example", subject="s", text="t", ics="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
                             ics_method="REQUEST")
    mail = channels.compose(content, "Clinique <mail@clinic.example>")
    (attached,) = mail.iter_attachments()
    assert attached.get_content_type() == "text/calendar"
    assert attached.get_param("method") == "REQUEST"
    assert attached.get_filename() == "visit.ics"


@pytest.mark.parametrize("day", ["jeudi 3 décembre", "mercredi 12 août", "lundi 1er février", "mardi 24 novembre"])
@pytest.mark.parametrize("hour", ["8\u202fh", "10\u202fh\u202f30"])
def test_a_subject_is_read_as_it_was_written(day, hour):
    """Folding lost the space between two words with accents: "3 décembreà 8 h"."""
    for start in ("Votre téléconsultation", "Rappel : votre téléconsultation", "Déplacée : téléconsultation"):
        subject = f"{start} du {day} à {hour}"
        sent = channels.compose(MessageContent(to="a@b.example", subject=subject, text="t"), "Clinique <mail@clinic.example>")
        raw = sent.as_bytes(policy=SMTP)  # as it is sent
        assert email.message_from_bytes(raw, policy=email_policy)["subject"] == subject
        assert max(map(len, raw.split(b"\r\n"))) <= 78


def test_waiting_jobs_hold_identifiers_only(front):
    payloads = front.db.read_sync(SYSTEM, lambda tx: [job.payload for job in tx.session.exec(select(Job)).all()])
    assert payloads
    assert not any(secret in payload for payload in payloads for secret in (FAMILY, EMAIL, PHONE))
