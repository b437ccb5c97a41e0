"""The patient's pages between the code and the call: device test, consent, waiting room."""

from typing import Any, cast, get_args

from aiohttp import web

from app import i18n, journey, waiting
from app.db import Tx
from app.errors import Invalid
from app.journey import DeviceTest, Journey
from app.notifications import ready
from app.notifications.delivery import site_of
from app.notifications.invitations import Site
from app.people import PatientIdentity
from app.scheduling import replies, waitlist
from app.waiting import Place
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE, LANGUAGE, ROOMS, SETTINGS
from app.web.rendering import render, see_other, translated

AGREE_FIRST = "Without your agreement the visit cannot take place by video."
PAGES = {"device-test": "device-test", "consent": "consent", "waiting": "waiting", "call": "patient-call",
         "ended": "patient-ended"}


async def visit(request: web.Request) -> web.StreamResponse:
    """GET /visit: on to the step where this patient stands, or why not now."""
    if await request.app[DATABASE].read(request[ACTOR], waitlist.own_offer):
        return see_other(request, "own-offer")
    way = await _journey(request)
    if way.elsewhere:
        return see_other(request, "own-appointment")
    if way.next_step == "not-now":
        return render(request, "patient/not_now.html", **_named(way), phase=way.phase, opens_at=way.opens_at,
                      by_phone=way.by_phone, start_at=way.start_at, device_test=way.device_test,
                      zone_city=i18n.zone_city(way.clinic.zone, request[LANGUAGE]))
    return see_other(request, PAGES[way.next_step])


async def device_test(request: web.Request) -> web.StreamResponse:
    """GET /visit/device: camera, microphone, loudspeaker and the way to the media node."""
    way = await _journey(request)
    return render(request, "patient/device_test.html", **_named(way), result=way.device_test)


async def save_device_test(request: web.Request) -> web.StreamResponse:
    """POST /visit/device: keep the result and go on; an empty result goes on without the test."""
    result = (await form_of(request)).get("result", "")
    way = await _journey(request)
    if result:
        if result not in get_args(DeviceTest):
            raise Invalid
        await request.app[DATABASE].write(request[ACTOR], journey.record_device_test, cast("DeviceTest", result))
        request.app[ROOMS].queue_changed(way.doctor.id)
    if way.phase is not journey.Phase.OPEN:
        return see_other(request, "patient-visit")
    return see_other(request, "waiting" if way.visit else "consent")


async def consent(request: web.Request) -> web.StreamResponse:
    """GET /visit/consent: what the patient agrees to, and what stands."""
    return _consent_page(request, await _journey(request), {})


async def save_consent(request: web.Request) -> web.StreamResponse:
    """POST /visit/consent: agree to the visit, and to transcription or not; then the waiting room."""
    fields = await form_of(request)
    if fields.get("visit") != "yes":
        return _consent_page(request, await _journey(request), {"visit": translated(request, AGREE_FIRST)}, status=422)
    transcription = fields.get("transcription") == "yes"
    way = await request.app[DATABASE].write(
        request[ACTOR], journey.agree, transcription=transcription, language=request[LANGUAGE])
    await _told(request, way)
    return see_other(request, "patient-visit" if way.phase is not journey.Phase.OPEN else "waiting")


async def withdraw_consent(request: web.Request) -> web.StreamResponse:
    """POST /visit/consent/withdrawal: no visit by video after all; a call ends for both at once."""
    way = await request.app[DATABASE].write(request[ACTOR], journey.withdraw)
    if way.phase is journey.Phase.OVER:
        await request.app[ROOMS].ended(way.visit_id, way.doctor.id, way.outcome)
        return see_other(request, "patient-ended")
    await _told(request, way)
    return see_other(request, "consent")


async def waiting_room(request: web.Request) -> web.StreamResponse:
    """GET /visit/waiting: the doctor, the place and the delay; who should be elsewhere is sent there."""
    site = site_of(request.app[SETTINGS])
    way, place, patient, told = await request.app[DATABASE].read(request[ACTOR], _waiting, site)
    if way.next_step in ("not-now", "call", "ended"):
        return see_other(request, "patient-visit" if way.next_step == "not-now" else PAGES[way.next_step])
    if not way.visit:
        return see_other(request, "consent")
    initials = f"{way.doctor.given[:1]}{way.doctor.family[:1]}".upper()
    return render(request, "patient/waiting.html", **_named(way), name=patient.name, doctor_initials=initials,
                  place=place, start_at=way.start_at, device_test=way.device_test, transcription=way.transcription,
                  arrived=way.status != "planned", **told)


async def enter_waiting_room(request: web.Request) -> web.StreamResponse:
    """POST /visit/waiting: here I am, for browsers without script; with it the socket says so."""
    await _told(request, await request.app[DATABASE].write(request[ACTOR], journey.arrive))
    return see_other(request, "waiting")


async def tell_me(request: web.Request) -> web.StreamResponse:
    """POST /visit/waiting/message: a message when the doctor is ready; with stop=yes none."""
    wanted = not (await form_of(request)).get("stop")
    await request.app[DATABASE].write(request[ACTOR], ready.ask, wanted=wanted)
    return see_other(request, "waiting")


async def _journey(request: web.Request) -> Journey:
    return await request.app[DATABASE].read(request[ACTOR], journey.read)


def _waiting(tx: Tx, site: Site) -> tuple[Journey, Place, PatientIdentity, dict[str, Any]]:
    way = journey.read(tx)
    told = {"tell_by": ready.way(tx, site), "tell_me": ready.wished(tx), "by_phone": replies.by_phone(tx, way.visit_id)}
    return way, waiting.place(tx, way.visit_id), journey.greeting(tx), told


async def _told(request: web.Request, way: Journey) -> None:
    rooms = request.app[ROOMS]
    rooms.queue_changed(way.doctor.id)
    await rooms.consent_changed(way.visit_id)


def _consent_page(request: web.Request, way: Journey, errors: dict[str, str], status: int = 200) -> web.Response:
    days = request.app[SETTINGS].audio_days
    return render(request, "patient/consent.html", status=status, **_named(way), visit=way.visit, errors=errors,
                  transcription=way.transcription, withdrawn=way.withdrawn, audio_days=days,
                  running=way.status == "in-progress")


def _named(way: Journey) -> dict[str, Any]:
    return {"doctor": way.doctor, "clinic": way.clinic.name, "phone": way.clinic.phone, "zone": way.clinic.zone}
