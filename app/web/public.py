"""Booking without an account, from the clinic's public page: a time, who one is, a code. The time is held meanwhile."""

from collections import Counter
from datetime import date, datetime
from itertools import groupby
from typing import Any

from aiohttp import web

from app.access import links
from app.actor import Actor, system
from app.db import Tx
from app.errors import Conflict, Invalid, LimitReached
from app.notifications import codes
from app.notifications.delivery import site_of
from app.notifications.invitations import Site
from app.people import IdentityForm, PatientIdentity, Practitioner
from app.scheduling import agenda, selfservice
from app.scheduling.agenda import FreeSlot
from app.scheduling.booking import SlotTaken
from app.scheduling.selfservice import Offer
from app.scheduling.wall import day_bounds
from app.web.bookings import instant
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, LANGUAGE, REQUEST_ID, SETTINGS
from app.web.limits import RateLimit, household
from app.web.middleware import client_ip
from app.web.planner import day_asked, doctor_named, motif_label, slot_label, start_value
from app.web.rendering import render, say, see_other, translated, url

LOOKS = RateLimit(120, 60)
HOLDS = RateLimit(10, 3600)          # of one address
HOLDS_OF_ONE_CONTACT = RateLimit(5, 3600)  # nobody's mailbox is flooded with codes


async def page(request: web.Request) -> web.Response:
    """GET /book: what for, with whom, and the next free times."""
    LOOKS.hit(household(client_ip(request)))
    return await _times_page(request)


async def details(request: web.Request) -> web.Response:
    """GET /book/details: who the time is for."""
    return await _details_page(request, dict(request.query))


async def hold(request: web.Request) -> web.StreamResponse:
    """POST /book/details: hold the time and send a code to the phone or e-mail."""
    fields = await form_of(request)
    HOLDS.hit(household(client_ip(request)))
    try:
        start_at = instant(fields.get("start", ""))
        identity = parse(IdentityForm, {"language": request[LANGUAGE], **fields}).identity()
        for contact in filter(None, (identity.phone, identity.email.casefold())):  # either may be where the code goes
            HOLDS_OF_ONE_CONTACT.hit(contact)
        token = await request.app[DATABASE].write(
            _clerk(request), _hold, identity, site_of(request.app[SETTINGS]), request[LANGUAGE], start_at=start_at,
            practitioner_id=fields.get("practitioner", ""), motif_id=fields.get("motif", ""))
    except SlotTaken as taken:
        return await _times_page(request, fields, taken)
    except Invalid as fault:
        errors = {name: translated(request, text) for name, text in fault.fields.items()}
        return await _details_page(request, fields, errors or {"": say(request, fault)}, fault.status)
    except (Conflict, LimitReached) as refusal:
        return await _details_page(request, fields, {"": say(request, refusal)}, refusal.status)
    return see_other(request, "link-code", token=token)


def _hold(tx: Tx, identity: PatientIdentity, site: Site, language: str, *, practitioner_id: str, motif_id: str,
          start_at: datetime) -> str:
    held = selfservice.hold(tx, identity, practitioner_id=practitioner_id, motif_id=motif_id, start_at=start_at)
    token = links.issue(tx, held.id, links.VISIT)
    tx.session.flush()
    codes.send(tx, token, "", site, language)
    return token


def _clerk(request: web.Request) -> Actor:
    # Nobody is proved yet: our own process holds the time, and the trail says for which address.
    return system("booking").at(client_ip(request), request[REQUEST_ID])


async def _times_page(request: web.Request, typed: dict[str, str] | None = None, taken: SlotTaken | None = None
                      ) -> web.Response:
    choice = typed or dict(request.query)
    motif_id, doctor = choice.get("motif", ""), choice.get("practitioner", "")
    clinic, on = await request.app[DATABASE].read(request[ACTOR], _clinic_and_day, choice.get("on", ""))
    motifs = [m for m in clinic.motifs if m.active and m.public]
    chosen = motif_id if motif_id in [m.id for m in motifs] else (motifs[0].id if len(motifs) == 1 else "")
    from_at = day_bounds(on, clinic.zone)[0] if on else None
    seen = await request.app[DATABASE].read(request[ACTOR], selfservice.offer, chosen, doctor, from_at)
    return render(
        request, "public/times.html", status=taken.status if taken else 200, clinic=clinic.organization.name,
        phone=clinic.organization.phone, zone=clinic.organization.zone, motif_id=chosen, practitioner_id=doctor,
        motifs=[{"id": m.id, "label": motif_label(m, request[LANGUAGE]), "minutes": m.duration_min, "mode": m.mode}
                for m in motifs],
        practitioners=[(p.id, p.name) for p in clinic.practitioners], on=on, taken=say(request, taken) if taken else "",
        by_video=all(m.mode == "video" for m in motifs),
        days=_by_day(request, seen, taken.alternatives if taken and taken.alternatives else seen.slots),
    )


async def _details_page(request: web.Request, fields: dict[str, str], errors: dict[str, str] | None = None,
                        status: int = 200) -> web.Response:
    seen = await request.app[DATABASE].read(request[ACTOR], selfservice.offer, fields.get("motif", ""), "", None)
    start_at, doctor = instant(fields.get("start", "")), doctor_named(seen.clinic.practitioners,
                                                                      fields.get("practitioner", ""))
    if seen.motif is None or not doctor:
        raise Invalid("Please choose a time.")
    return render(
        request, "public/details.html", status=status, clinic=seen.clinic.organization.name,
        zone=seen.clinic.organization.zone, phone=seen.clinic.organization.phone, errors=errors or {}, typed=fields,
        motif=motif_label(seen.motif, request[LANGUAGE]), doctor=doctor, start_at=start_at,
        choice={"motif": seen.motif.id, "practitioner": fields.get("practitioner", ""), "start": start_value(start_at)},
    )


def _clinic_and_day(tx: Tx, asked: str) -> tuple[agenda.Clinic, date | None]:
    clinic = agenda.clinic(tx)
    today = tx.now.astimezone(clinic.zone).date()
    on = day_asked(asked, today) if asked else None
    return clinic, on if on and on > today else None


def _by_day(request: web.Request, seen: Offer, slots: list[FreeSlot]) -> list[dict[str, Any]]:
    """The times as the page lists them: one entry a day; a time that several doctors have is listed for each."""
    zone, lang = seen.clinic.zone, request[LANGUAGE]
    days = groupby(slots, key=lambda slot: slot.start_at.astimezone(zone).date())
    motif, doctors = seen.motif.id if seen.motif else "", seen.clinic.practitioners
    short = _shortly(doctors)
    return [{"on": on, "slots": [
        {"time": slot_label(slot.start_at, lang, zone), "doctor": doctor_named(doctors, slot.practitioner_id),
         "with_whom": short[slot.practitioner_id],
         "href": url(request, "public-details", motif=motif, start=start_value(slot.start_at),
                     practitioner=slot.practitioner_id)} for slot in group]} for on, group in days]


def _shortly(doctors: list[Practitioner]) -> dict[str, str]:
    """What a button calls each doctor: without the given name, unless two share the rest."""
    families = Counter(doctor.family for doctor in doctors)
    return {d.id: d.name if families[d.family] > 1 else f"{d.prefix} {d.family}".strip() for d in doctors}
