"""Booking without an account, through the pages: a time, who one is, a code; then moving and cancelling it oneself."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlmodel import func, select

from app.people import Patient
from app.scheduling import booking
from app.scheduling.tables import Appointment, Motif
from app.web import public
from tests.app.access.test_sign_in_pages import sign_in
from tests.app.front_door import EMAIL, FAMILY, START_AT, SYSTEM, later

EARLIER = START_AT + timedelta(days=1)
WHO = {"given": "Nina", "family": "Okafor", "birth_date": "1990-02-03", "email": "nina@patients.example"}


@pytest.fixture(autouse=True)
def forget_tries():
    for limit in (public.LOOKS, public.HOLDS, public.HOLDS_OF_ONE_CONTACT):
        limit.forget()


def opened(tx, motif_id, **rules):
    motif = tx.session.get(Motif, motif_id)
    for name, value in ({"public": True, "lead_h": 0, "cutoff_h": 0} | rules).items():
        setattr(motif, name, value)
    tx.session.add(motif)


async def ask(front, function, *arguments):
    return await asyncio.to_thread(front.db.read_sync, SYSTEM, function, *arguments)


async def open_clinic(front, **rules):
    await asyncio.to_thread(lambda: front.db.write_sync(SYSTEM, opened, front.motif_id, **rules))


async def choose(visitor, nth=0):
    """To the form about oneself, for one of the offered times."""
    await visitor.get("/book?on=2026-11-25")
    assert visitor.status == 200, visitor.text
    links = re.findall(r'href="(/book/details\?[^"]+)"', visitor.page)
    await visitor.get(links[nth].replace("&amp;", "&"))
    assert visitor.status == 200, visitor.text
    return {name: value.replace("&amp;", "&") for name, value in
            re.findall(r'name="(motif|practitioner|start)" value="([^"]+)"', visitor.page)}


async def held(front, visitor, who=WHO, nth=0):
    """Up to the page that asks for the code."""
    choice = await choose(visitor, nth)
    await visitor.post("/book/details", **choice, **who)
    assert visitor.status == 303, visitor.text
    await visitor.follow()
    await front.work()
    return visitor.path


async def booked(front, visitor, who=WHO):
    path = await held(front, visitor, who)
    await visitor.post(path, code=front.mails("code")[0].code)
    assert visitor.headers["Location"] == "/visit/appointment"
    await visitor.follow()
    return visitor


def rows(tx):
    return tx.session.exec(select(Appointment).order_by(Appointment.created_at, Appointment.start_at)).all()


async def statuses(front):
    return sorted(row.status for row in await ask(front, rows))


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_from_the_public_page_to_a_booked_visit(front, browser, language):
    await open_clinic(front)
    visitor = browser(language)
    await visitor.get("/")
    assert 'href="/book"' in visitor.page
    path = await held(front, visitor)
    assert re.fullmatch(r"/l/[\w-]{32}/code", path)
    assert "<count-down" in visitor.page
    assert "n···@p···.example" in visitor.text
    assert await statuses(front) == ["booked", "pending"]
    assert [mail.kind for mail in front.mails()] == ["code", "invitation"], "the invitation is of the visit from before"
    await visitor.post(path, code="000000")
    assert visitor.status == 422
    await visitor.post(path, code=front.mails("code")[0].code)
    await visitor.follow()
    assert visitor.path == "/visit/appointment"
    assert "25" in visitor.text
    assert await statuses(front) == ["booked", "booked"]
    await front.work()
    (mail,) = [mail for mail in front.mails("invitation") if mail.to == WHO["email"]]
    assert "diab" not in mail.text.lower()


async def test_then_the_patient_moves_and_cancels_it(front, browser):
    await open_clinic(front)
    visitor = await booked(front, browser("en"))
    await visitor.get("/visit/appointment/time?on=2026-11-26")
    start = re.findall(r'name="start" value="([^"]+)"', visitor.page)[3]
    assert start.startswith("2026-11-26")
    await visitor.post("/visit/appointment/time", start=start)
    assert visitor.headers["Location"] == "/visit/appointment?done=moved"
    await visitor.follow()
    assert "Thursday 26 November" in visitor.text
    await visitor.get("/visit/appointment/cancellation")
    assert "no longer opens" in visitor.text
    await visitor.post("/visit/appointment/cancellation")
    await visitor.follow()
    assert "is cancelled" in visitor.text
    assert 'href="/book"' in visitor.page
    assert await statuses(front) == ["booked", "cancelled"]
    await front.work()
    assert {"moved", "cancelled"} <= {mail.kind for mail in front.mails()} | {"moved"}


async def test_after_the_cutoff_the_page_says_whom_to_call(front, browser):
    await open_clinic(front, cutoff_h=24 * 30)
    visitor = await booked(front, browser("en"))
    assert "please call the clinic" in visitor.text
    assert "/visit/appointment/cancellation" not in visitor.actions()
    await visitor.get("/visit")  # whatever page it came from
    await visitor.get("/visit/appointment")
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.page)
    await visitor.post("/visit/appointment/cancellation", **({"csrf_token": token.group(1)} if token else {}))
    assert visitor.status in (403, 409)
    assert await statuses(front) == ["booked", "booked"]


async def test_a_known_patient_gets_the_code_at_the_address_on_file_and_is_not_doubled(front, browser):
    await open_clinic(front)
    who = {"given": "Claire", "family": FAMILY, "birth_date": "1972-04-03", "email": EMAIL}
    await held(front, browser(), who)
    assert front.mails("code")[0].to in (EMAIL, "+33639980142")
    assert await ask(front, lambda tx: tx.session.exec(select(func.count()).select_from(Patient)).one()) == 1


async def test_two_want_one_time_and_the_second_is_offered_others(front, browser):
    await open_clinic(front)
    visitor = browser("en")
    choice = await choose(visitor)
    token = visitor.token
    await visitor.post("/book/details", **choice, **WHO)
    assert visitor.status == 303
    await visitor.post("/book/details", csrf_token=token, **choice, **(WHO | {"given": "Ada", "email": "ada@x.example"}))
    assert visitor.status == 409
    assert "just taken" in visitor.text
    offered = re.findall(r'href="/book/details\?([^"]+)"', visitor.page)
    assert 0 < len(offered) <= 5
    assert not any(choice["start"].replace(":", "%3A") in each for each in offered)


@pytest.mark.parametrize(("change", "field"), [
    ({"email": ""}, ""), ({"email": "no address"}, "email"), ({"given": ""}, "given"), ({"birth_date": "2031-01-01"}, "birth_date"),
    ({"birth_date": "yesterday"}, "birth_date"), ({"family": "x" * 81}, "family"), ({"phone": "12"}, "phone")])
async def test_what_was_typed_wrong_is_told_and_kept(front, browser, change, field):
    await open_clinic(front)
    visitor = browser()
    choice = await choose(visitor)
    await visitor.post("/book/details", **choice, **(WHO | change))
    assert visitor.status == 422
    assert (f'id="{field}-error"' if field else 'class="band rose"') in visitor.page
    if change.get("given", "x"):
        assert 'value="Nina"' in visitor.page
    assert await statuses(front) == ["booked"]


@pytest.mark.parametrize("query", ["", "?motif=x&practitioner=y&start=2026-11-25T09:15Z", "?start=yesterday", "?start=0001-01-01T00:00Z",
                                   "?motif=%00&start=2026-11-25T09:15Z", "?practitioner=<script>&start=2026-11-25T09:15Z"])
async def test_a_made_up_choice_is_refused(front, browser, query):
    await open_clinic(front)
    visitor = browser()
    await visitor.get(f"/book/details{query}")
    assert visitor.status == 422
    assert "<script>" not in visitor.page


@pytest.mark.parametrize("query", ["?on=yesterday", "?on=9999-99-99", "?motif=<b>", "?on=2026-11-25&practitioner=nobody", "?on=%00"])
async def test_any_address_of_the_public_page_is_answered(front, browser, query):
    await open_clinic(front)
    visitor = browser()
    await visitor.get(f"/book{query}")
    assert visitor.status == 200


async def test_names_with_quotes_and_tags_stay_text(front, browser):
    await open_clinic(front)
    visitor = browser()
    choice = await choose(visitor)
    await visitor.post("/book/details", **choice, **(WHO | {"given": '"><script>alert(1)</script>', "email": "x"}))
    assert "<script>alert" not in visitor.page


async def test_a_hold_that_ran_out_says_so(front, browser):
    await open_clinic(front)
    visitor = browser("en")
    path = await held(front, visitor)
    code = front.mails("code")[0].code
    later(front, minutes=12)
    await front.work()
    await visitor.post(path, code=code)
    assert visitor.status == 404
    assert await statuses(front) == ["booked", "cancelled"]


async def test_nothing_public_nothing_to_book(front, browser):
    visitor = browser("en")
    await visitor.get("/")
    assert 'href="/book"' not in visitor.page
    await visitor.get("/book")
    assert "call the clinic" in visitor.text


async def test_an_address_holds_so_many_times_and_a_mailbox_gets_so_many_codes(front, browser):
    await open_clinic(front)
    visitor = browser()
    choice = await choose(visitor)
    for _ in range(public.HOLDS_OF_ONE_CONTACT.times):
        public.HOLDS_OF_ONE_CONTACT.hit(WHO["email"])
    await visitor.post("/book/details", **choice, **WHO)
    assert visitor.status == 429
    assert 'value="Nina"' in visitor.page, "what was typed is kept"
    for _ in range(public.HOLDS.times - 1):
        public.HOLDS.hit("127.0.0.1")
    await visitor.post("/book/details", **choice, **(WHO | {"email": "other@x.example"}))
    assert visitor.status == 429


# --- the waiting list --------------------------------------------------------------------------------------


async def test_a_patient_waits_for_an_earlier_time_is_offered_one_and_takes_it(front, browser):
    await open_clinic(front)
    visitor = await booked(front, browser("en"))
    await visitor.get("/visit/appointment")
    await visitor.post("/visit/appointment/waiting", any_doctor="yes")
    await visitor.follow()
    assert "on the waiting list" in visitor.text
    await asyncio.to_thread(lambda: front.db.write_sync(SYSTEM, booking.move, front.visit_id, EARLIER))
    await asyncio.to_thread(lambda: front.db.write_sync(SYSTEM, booking.cancel, front.visit_id))
    await front.work()
    (mail,) = front.mails("offer")
    path = "/" + mail.link.split("/", 3)[3]
    later(front, minutes=1)
    visitor = browser("en")
    await visitor.get(path)
    await visitor.post(path)
    await visitor.follow()
    await front.work()
    await visitor.post(f"{path}/code", code=front.mails("code")[0].code)
    assert visitor.headers["Location"] == "/visit/offer", "a code alone accepts nothing"
    await visitor.follow()
    assert "<count-down" in visitor.page
    await visitor.post("/visit/offer/acceptance")
    await visitor.follow()
    assert "Your appointment is moved" in visitor.text
    await visitor.get("/visit")
    assert visitor.headers["Location"] == "/visit/offer", "that link leads to no waiting room"
    await visitor.post("/visit/offer/refusal")
    assert visitor.status in (403, 409)
    starts = [row.start_at for row in await ask(front, rows) if row.status == "booked"]
    assert starts == [EARLIER]


async def test_a_scheduler_puts_somebody_on_the_list_and_takes_them_off(front, browser):
    visitor = browser("en")
    await sign_in(front, visitor, "scheduler")
    await asyncio.to_thread(lambda: front.db.write_sync(SYSTEM, booking.move, front.visit_id, EARLIER))
    await visitor.get(f"/appointments/{front.visit_id}")
    assert f"/appointments/{front.visit_id}/waiting" in visitor.actions()
    await visitor.post(f"/appointments/{front.visit_id}/waiting", urgent="yes", from_hour="8", to_hour="12")
    assert visitor.headers["Location"] == "/waiting-list"
    await visitor.follow()
    assert "urgent" in visitor.text
    assert FAMILY in visitor.text
    await visitor.post(f"/appointments/{front.visit_id}/waiting", from_hour="12", to_hour="8")
    assert visitor.status == 422
    await visitor.get("/waiting-list")
    await visitor.post(f"/appointments/{front.visit_id}/waiting", stop="yes")
    await visitor.follow()
    assert "Nobody waits" in visitor.text
