"""A patient's own appointment behind the code: see it, move it, cancel it, by the rules of its motif."""

from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from app.db import Tx
from app.errors import Conflict, Invalid, NotFound
from app.people import clinic_address
from app.scheduling import replies, selfservice, waitlist
from app.scheduling.booking import SlotTaken
from app.scheduling.tables import Appointment
from app.scheduling.wall import day_bounds
from app.web.bookings import instant
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE, LANGUAGE, ROOMS
from app.web.planner import day_asked, motif_label, slot_label, start_value
from app.web.rendering import render, say, see_other, translated


def _(text: str) -> str:
    return text  # marks catalogue texts; they are translated when shown


DONE = {
    "booked": _("Your appointment is booked. A message with its link is on its way."),
    "confirmed": _("Thank you: the clinic knows that you come."),
    "moved": _("Your appointment has its new time. A message confirms it; the link stays the same."),
    "cancelled": _("Your appointment is cancelled. A message confirms it."),
    "waiting": _("You are on the waiting list. If an earlier time comes free, a message asks you first."),
    "stopped": _("You are no longer on the waiting list. Your appointment stays as it is."),
}


async def page(request: web.Request) -> web.Response:
    """GET /visit/appointment."""
    done = DONE.get(request.query.get("done", ""), "")
    return await _page(request, "", done=translated(request, done) if done else "")


async def times(request: web.Request) -> web.Response:
    """GET /visit/appointment/time: where it may move to."""
    return await _page(request, "move")


async def move(request: web.Request) -> web.StreamResponse:
    """POST /visit/appointment/time."""
    try:
        start_at = instant((await form_of(request)).get("start", ""))
        moved = await request.app[DATABASE].write(request[ACTOR], selfservice.move, start_at)
    except (SlotTaken, Invalid, Conflict) as refusal:
        text = next(iter(getattr(refusal, "fields", {}).values()), "")
        return await _page(request, "move", fault=translated(request, text) if text else say(request, refusal),
                           status=refusal.status)
    request.app[ROOMS].queue_changed(moved.practitioner_id)
    return see_other(request, "own-appointment", done="moved")


async def cancellation(request: web.Request) -> web.Response:
    """GET /visit/appointment/cancellation: says what is lost, and asks."""
    return await _page(request, "cancel")


async def cancel(request: web.Request) -> web.StreamResponse:
    """POST /visit/appointment/cancellation."""
    try:
        gone = await request.app[DATABASE].write(request[ACTOR], selfservice.cancel)
    except Conflict as refusal:
        return await _page(request, "", fault=say(request, refusal), status=refusal.status)
    request.app[ROOMS].queue_changed(gone.practitioner_id)
    return see_other(request, "own-appointment", done="cancelled")


async def come(request: web.Request) -> web.StreamResponse:
    """POST /visit/appointment/confirmation: I will come."""
    row = await request.app[DATABASE].write(request[ACTOR], replies.confirm)
    request.app[ROOMS].queue_changed(row.practitioner_id)
    return see_other(request, "own-appointment", done="confirmed")


async def wait(request: web.Request) -> web.StreamResponse:
    """POST /visit/appointment/waiting: wish for an earlier time, or not any more (stop=yes)."""
    fields = await form_of(request)
    appointment_id, db = request[ACTOR].appointment_id or "", request.app[DATABASE]
    if fields.get("stop"):
        await db.write(request[ACTOR], waitlist.leave, appointment_id)
        return see_other(request, "own-appointment", done="stopped")
    wish = waitlist.Wish(any_doctor=fields.get("any_doctor") == "yes")
    await db.write(request[ACTOR], waitlist.join, appointment_id, wish)
    return see_other(request, "own-appointment", done="waiting")


async def offer(request: web.Request) -> web.Response:
    """GET /visit/offer: an earlier time that is held for this patient, or what became of it."""
    return await _offer_page(request)


async def accept(request: web.Request) -> web.StreamResponse:
    """POST /visit/offer/acceptance."""
    try:
        moved = await request.app[DATABASE].write(request[ACTOR], waitlist.accept)
    except Conflict as refusal:
        return await _offer_page(request, fault=say(request, refusal), status=refusal.status)
    request.app[ROOMS].queue_changed(moved.practitioner_id)
    return see_other(request, "own-offer")


async def decline(request: web.Request) -> web.StreamResponse:
    """POST /visit/offer/refusal: the next person is asked."""
    try:
        await request.app[DATABASE].write(request[ACTOR], waitlist.decline)
    except Conflict as refusal:
        return await _offer_page(request, fault=say(request, refusal), status=refusal.status)
    return see_other(request, "own-offer")


async def _offer_page(request: web.Request, *, fault: str = "", status: int = 200) -> web.Response:
    seen = await request.app[DATABASE].read(request[ACTOR], waitlist.own_offer)
    if seen is None:
        raise NotFound
    return render(request, "patient/offer.html", status=status, zone=seen.zone, doctor=seen.doctor_name, fault=fault,
                  state=seen.offer.state, start_at=seen.offer.start_at, held_until=seen.held_until,
                  has_at=seen.appointment.start_at)


def _said(tx: Tx, row: Appointment) -> dict[str, Any]:
    address = clinic_address(tx) if row.on_site else ""
    return {"confirmed": replies.confirmed_at(tx, row) is not None, "by_phone": replies.by_phone(tx, row.id),
            "on_site": row.on_site, "address": address}


async def _page(request: web.Request, doing: str, *, done: str = "", fault: str = "", status: int = 200
                ) -> web.Response:
    db, actor, lang = request.app[DATABASE], request[ACTOR], request[LANGUAGE]
    seen = await db.read(actor, selfservice.own)
    said = await db.read(actor, _said, seen.appointment)
    zone = ZoneInfo(seen.zone)
    doing = doing if seen.changeable else ""
    today = seen.seen_at.astimezone(zone).date()
    on = max(day_asked(request.query.get("on", ""), today), today)
    slots = await db.read(actor, selfservice.other_times, day_bounds(on, zone)[0]) if doing == "move" else []
    return render(
        request, "patient/appointment.html", status=status, appointment=seen.appointment, zone=seen.zone, done=done,
        fault=fault, doctor=seen.doctor_name, motif=motif_label(seen.motif, lang), changeable=seen.changeable,
        waits=seen.waits, **said, documents=seen.motif.documents_fr if lang == "fr" else seen.motif.documents_en,
        change_until=seen.change_until, doing=doing, phone=seen.phone, on=on if on > today else None,
        days=[{"on": on, "slots": [{"value": start_value(s.start_at), "label": slot_label(s.start_at, lang, zone)}
                                   for s in group]}
              for on, group in groupby(slots, key=lambda slot: slot.start_at.astimezone(zone).date())],
    )
