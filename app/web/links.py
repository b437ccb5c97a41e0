"""The invitation's link and the code that proves who opens it. A GET here changes nothing."""

from collections.abc import Callable, Mapping

from aiohttp import web

from app import journey
from app.access import links
from app.actor import ANONYMOUS, Actor, system
from app.db import Tx
from app.errors import Conflict, LimitReached, NotFound
from app.notifications import codes
from app.notifications.codes import CodePage
from app.notifications.delivery import site_of
from app.scheduling import replies, selfservice, waitlist
from app.scheduling.tables import Appointment
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE, LANGUAGE, REQUEST_ID, ROOMS, SETTINGS
from app.web.limits import RateLimit, household
from app.web.middleware import PATIENT_COOKIE, client_ip, cookie_name, set_cookie
from app.web.rendering import render, say, see_other, translated

OPENINGS = RateLimit(60, 60)
CODES = RateLimit(30, 300)
WRONG = "This code is not right. Please look again; only the latest code counts."
STALE = "This code is no longer good. Please ask for a new one."


async def link(request: web.Request) -> web.StreamResponse:
    """GET /l/{token}: the clinic's name and a button; who proved themselves goes on to where they were."""
    OPENINGS.hit(household(client_ip(request)))
    secret = request.cookies.get(cookie_name(request, PATIENT_COOKIE), "")
    try:
        proved = await request.app[DATABASE].read(request[ACTOR], links.is_proved, _token(request), secret)
    except NotFound:
        return await _link_page(request, "gone", status=404)
    return see_other(request, "patient-visit") if proved else await _link_page(request, "open")


async def come(request: web.Request) -> web.StreamResponse:
    """POST /l/{token}/confirmation: whoever holds the link says that they come; nothing about them is shown."""
    return await _answer(request, replies.confirm, "confirmed")


async def give_up(request: web.Request) -> web.StreamResponse:
    """POST /l/{token}/cancellation: whoever holds the link gives the appointment up, while the motif's rules allow."""
    return await _answer(request, selfservice.cancel, "cancelled")


async def send_code(request: web.Request) -> web.StreamResponse:
    """POST /l/{token}: send a code to the phone or e-mail on file."""
    CODES.hit(household(client_ip(request)))
    fields, token = await form_of(request), _token(request)
    db, site = request.app[DATABASE], site_of(request.app[SETTINGS])
    try:
        await db.write(_clerk(request), codes.send, token, fields.get("channel", ""), site, request[LANGUAGE])
    except NotFound:
        return await _link_page(request, "gone", status=404)
    except LimitReached as limit:
        page = await db.read(_clerk(request), codes.page, token, site)
        if page is None or not page.usable:
            return await _code_page(request, page, error=say(request, limit), status=429)
    return see_other(request, "link-code", token=token, **_then(fields))


async def code_form(request: web.Request) -> web.StreamResponse:
    """GET /l/{token}/code: where to type the code; shows where it went, masked."""
    site = site_of(request.app[SETTINGS])
    try:
        page = await request.app[DATABASE].read(_clerk(request), codes.page, _token(request), site)
    except NotFound:
        return await _link_page(request, "gone", status=404)
    if page is None:
        return see_other(request, "link", token=_token(request))
    return await _code_page(request, page, error="" if page.usable else translated(request, STALE))


async def check_code(request: web.Request) -> web.StreamResponse:
    """POST /l/{token}/code: with the right code this browser gets a session for this link alone."""
    CODES.hit(household(client_ip(request)))
    fields, token, db = await form_of(request), _token(request), request.app[DATABASE]
    try:
        proof = await db.write(request[ACTOR], links.prove, token, fields.get("code", "")[:12])
        page = None if proof else await db.read(_clerk(request), codes.page, token, site_of(request.app[SETTINGS]))
    except NotFound:
        return await _link_page(request, "gone", status=404)
    if proof is None:
        if page is None:
            return see_other(request, "link", token=token)
        return await _code_page(request, page, error=translated(request, WRONG if page.usable else STALE), status=422)
    await db.write(request[ACTOR], links.sign_out, request.cookies.get(cookie_name(request, PATIENT_COOKIE), ""))
    answer = see_other(request, *await _next(request, proof))
    set_cookie(request, answer, PATIENT_COOKIE, proof.secret, int(proof.life.total_seconds()))
    return answer


async def _answer(request: web.Request, do: Callable[[Tx], Appointment], state: str) -> web.StreamResponse:
    CODES.hit(household(client_ip(request)))
    db = request.app[DATABASE]
    try:
        actor = await db.read(request[ACTOR], links.bearer, _token(request))
        row = await db.write(actor.at(client_ip(request), request[REQUEST_ID]), do)
    except NotFound:
        return await _link_page(request, "gone", status=404)
    except Conflict as refusal:
        return await _link_page(request, "open", status=refusal.status, fault=say(request, refusal))
    request.app[ROOMS].queue_changed(row.practitioner_id)
    return await _link_page(request, state)


def _then(fields: Mapping[str, str]) -> dict[str, str]:
    """Where to go after the code, if not on to the visit."""
    return {"then": "move"} if fields.get("then") == "move" else {}


async def _next(request: web.Request, proof: links.Proof) -> list[str]:
    """The route that a proof opens; it also confirms the time that was held for whoever proved themselves."""
    if proof.purpose == links.SUMMARY:
        return ["own-summary"]
    db = request.app[DATABASE]
    patient = await db.read(request[ACTOR], links.actor_of_session, proof.secret)
    here = (patient or ANONYMOUS).at(client_ip(request), request[REQUEST_ID])
    if await db.read(here, waitlist.own_offer):
        return ["own-offer"]
    if await db.write(here, selfservice.confirm):
        return ["own-appointment"]
    return ["own-time"] if _then(await form_of(request)) else ["patient-visit"]


def _token(request: web.Request) -> str:
    return request.match_info["token"]


def _clerk(request: web.Request) -> Actor:
    # Nobody is proved yet: our own process looks up where to send the code, and the trail says so.
    return system("codes").at(client_ip(request), request[REQUEST_ID])


async def _link_page(request: web.Request, state: str, status: int = 200, fault: str = "") -> web.Response:
    clinic = await request.app[DATABASE].read(request[ACTOR], journey.clinic)
    question, medium = None, "video"
    if state in ("open", "confirmed"):
        question = await request.app[DATABASE].read(_clerk(request), replies.question, _token(request))
        medium = await request.app[DATABASE].read(_clerk(request), replies.medium, _token(request))
    return render(request, "patient/link.html", status=status, token=_token(request), state=state,
                  clinic=clinic.name, phone=clinic.phone, address=clinic.address, question=question,
                  medium=medium, fault=fault)


async def _code_page(request: web.Request, page: CodePage | None, *, error: str, status: int = 200) -> web.Response:
    clinic = await request.app[DATABASE].read(request[ACTOR], journey.clinic)
    return render(
        request, "patient/code.html", status=status, token=_token(request), clinic=clinic.name, phone=clinic.phone,
        sent_to=page.sent_to if page else "", channel=page.channel if page else "email", error=error,
        other_channel=(page.other_channel or "") if page else "", resend_s=page.resend_in_s if page else 0,
        then=_then(await form_of(request) if request.method == "POST" else request.query).get("then", ""),
        locked=page.locked if page else True, held_until=page.held_until if page else None,
    )
