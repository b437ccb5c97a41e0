"""Guests of a visit: the doctor's links and door, the guest's entrance, waiting and call."""

from typing import Any

from aiohttp import web
from pydantic import BaseModel

from app import guests
from app.bus import Message
from app.clock import epoch_ms
from app.errors import Conflict, Invalid, NotFound
from app.guests import Introduction, Standing
from app.journey import clinic
from app.web import signals
from app.web.call import VisitSocket
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, ROOMS, SETTINGS
from app.web.limits import RateLimit, household
from app.web.middleware import GUEST_COOKIE, client_ip, set_cookie
from app.web.rendering import render, say, see_other, translated, url
from app.web.seats import Body
from app.web.sockets import Goodbye

OPENINGS = RateLimit(60, 60)
KNOCKS = RateLimit(10, 300)
COOKIE_S = 24 * 3600  # the session itself ends with the link or the visit
# What concerns a guest; captions, the transcript and the queue do not.
HEARD = {"layout", "participant", "quality", "video", "rejoin", "heard", "replaced", "removed", "ended", "message",
         "admitted"}


class LockForm(BaseModel):
    """Whether the room is locked from now on."""

    locked: bool = False


# --- the doctor's side ------------------------------------------------------------------------------------------------


async def door(request: web.Request) -> web.Response:
    """GET /visits/{id}/guests: links, who waits and who is in, whether the room is locked."""
    return await _door(request)


async def invite(request: web.Request) -> web.Response:
    """POST /visits/{id}/guest-links: a new link, shown this once."""
    token = await request.app[DATABASE].write(request[ACTOR], guests.invite, _visit(request))
    link = f"{request.app[SETTINGS].base_url}{url(request, 'guest-entrance', token=token)}"
    return await _door(request, link=link)


async def revoke(request: web.Request) -> web.Response:
    """POST /visits/{id}/guest-links/{link}/revocation: nobody comes by it any more."""
    gone = await request.app[DATABASE].write(
        request[ACTOR], guests.revoke, _visit(request), request.match_info["link"])
    for guest in gone:
        await request.app[ROOMS].dismiss(_visit(request), guest)
    return await _door(request)


async def admit(request: web.Request) -> web.Response:
    """POST …/admission: let somebody in."""
    await request.app[DATABASE].write(request[ACTOR], guests.admit, _visit(request), request.match_info["guest"])
    request.app[ROOMS].tell(_visit(request), {"type": "admitted"}, to="guest")
    return await _door(request)


async def dismiss(request: web.Request) -> web.Response:
    """POST …/dismissal: refuse who knocks, or send away who is in."""
    guest = request.match_info["guest"]
    await request.app[DATABASE].write(request[ACTOR], guests.dismiss, _visit(request), guest)
    await request.app[ROOMS].dismiss(_visit(request), guest)
    return await _door(request)


async def lock(request: web.Request) -> web.Response:
    """POST /visits/{id}/lock: nobody else comes in, or they may again."""
    form = parse(LockForm, await form_of(request))
    await request.app[DATABASE].write(request[ACTOR], guests.lock, _visit(request), locked=form.locked)
    return await _door(request)


async def _door(request: web.Request, **more: str) -> web.Response:
    seen = await request.app[DATABASE].read(request[ACTOR], guests.door, _visit(request))
    links = [{"id": link.id, "until_ms": epoch_ms(link.expires_at)} for link in seen.links]
    return web.json_response({"links": links, "guests": [_body(guest) for guest in seen.guests],
                              "locked": seen.locked} | more)


def _body(guest: Standing) -> Body:
    return {"id": guest.id, "name": guest.name, "relation": guest.relation, "admitted": guest.admitted_at is not None}


def _visit(request: web.Request) -> str:
    return request.match_info["id"]


# --- the guest's side -------------------------------------------------------------------------------------------------


async def entrance(request: web.Request) -> web.Response:
    """GET /g/{token}: with whom, and who one is; changes nothing."""
    OPENINGS.hit(household(client_ip(request)))
    return await _entrance(request)


async def knock(request: web.Request) -> web.StreamResponse:
    """POST /g/{token}: say who one is, and wait at the door."""
    KNOCKS.hit(household(client_ip(request)))
    fields = await form_of(request)
    try:
        said = parse(Introduction, fields)
        secret, guest = await request.app[DATABASE].write(
            request[ACTOR], guests.knock, request.match_info["token"], said)
    except NotFound:
        return await _entrance(request)
    except (Invalid, Conflict) as refusal:
        errors = {name: translated(request, text) for name, text in getattr(refusal, "fields", {}).items()}
        fault = "" if errors else say(request, refusal)
        return await _entrance(request, status=refusal.status, typed=fields, errors=errors, fault=fault)
    request.app[ROOMS].guests_changed(guest.encounter_id)
    answer = see_other(request, "guest-call")
    set_cookie(request, answer, GUEST_COOKIE, secret, COOKIE_S)
    return answer


async def _entrance(request: web.Request, *, status: int = 200, **more: Any) -> web.Response:
    token, doctor = request.match_info["token"], None
    try:
        doctor = await request.app[DATABASE].read(request[ACTOR], guests.doctor_behind, token)
    except NotFound:
        status = 404
    context = {"typed": {}, "errors": {}, "fault": ""} | more
    return render(request, "guest/entrance.html", status=status, token=token, doctor=doctor, **context)


async def call_page(request: web.Request) -> web.Response:
    """GET /guest/call: at the door, then in the call."""
    guest = await request.app[DATABASE].read(request[ACTOR], guests.own)
    doctor = await request.app[DATABASE].read(request[ACTOR], guests.host)
    return render(request, "guest/call.html", guest=guest, doctor=doctor)


async def ended_page(request: web.Request) -> web.Response:
    """GET /guest/ended: the visit is over, or one was sent away, or left."""
    why = request.query.get("why", "")
    known = await request.app[DATABASE].read(request[ACTOR], clinic)
    return render(request, "guest/ended.html", why=why if why in ("removed", "left") else "", phone=known.phone)


class GuestSocket(VisitSocket):
    """At the door, and in the call once the doctor let them in."""

    role = "guest"

    def __init__(self, request: web.Request, guest: Standing) -> None:
        super().__init__(request, guest.encounter_id)
        self.participant = guest.id
        self.seat_role, self.seat_name = guest.relation, guest.name

    async def greet(self) -> None:
        guest = await self.db.read(self.actor, guests.own, quiet=False)
        await self.send({"type": "admitted" if guest.admitted_at and guest.running else "waiting"})
        await self.send({"type": "transcription", "consent": guest.agreed})
        self.rooms.guests_changed(self.visit_id)

    async def hear(self, message: Message) -> None:
        body = message["body"]
        if body["type"] not in HEARD:
            return
        if body["type"] == "removed":
            if body["participant"] == self.participant:
                await self.send(body)
                raise Goodbye
            return
        if body["type"] in ("admitted", "message", "participant") and not await self._is_in():
            return
        await super().hear(message)

    async def obey(self, signal: signals.Signal) -> None:
        if isinstance(signal, signals.Consent):
            await self.db.write(self.actor, guests.agree, given=signal.transcription)
            await self.rooms.taps_changed(self.visit_id)
            await self.send({"type": "transcription", "consent": signal.transcription})
            return
        if isinstance(signal, signals.Join):
            await self.db.read(self.actor, guests.admitted)
        await super().obey(signal)

    async def leave(self) -> None:
        self.rooms.guests_changed(self.visit_id)

    async def _is_in(self) -> bool:
        guest = await self.db.read(self.actor, guests.own)
        return guest.admitted_at is not None and guest.running


async def socket(request: web.Request) -> web.StreamResponse:
    """GET /guest/socket: the guest's side of the visit."""
    guest = await request.app[DATABASE].read(request[ACTOR], guests.own)
    return await GuestSocket(request, guest).run()
