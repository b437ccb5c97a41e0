"""Holds of the desk: what the booking form and the form that moves an appointment ask for while somebody types."""

import math
from datetime import datetime

from aiohttp import web

from app.db import Tx
from app.errors import Conflict, Invalid
from app.scheduling import agenda, desk
from app.scheduling.booking import SlotTaken
from app.scheduling.tables import DeskHold
from app.web.bookings import KINDS, instant
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE
from app.web.rendering import render, say, translated
from app.web.taken import taken_said


async def hold(request: web.Request) -> web.Response:
    """POST /planner/holds: hold the chosen time, instead of the one that the form held before; a part of a page."""
    fields = await form_of(request)
    try:
        held = await _hold(request, fields, instant(fields.get("start", "")))
    except SlotTaken as taken:
        return await _part(request, None, await taken_said(request, taken), taken.status)
    except Invalid as refusal:
        said = next(iter(refusal.fields.values()), refusal.message)
        return await _part(request, None, translated(request, said), refusal.status)
    except Conflict as refusal:
        return await _part(request, None, say(request, refusal), refusal.status)
    return await _part(request, held)


async def prolong(request: web.Request) -> web.Response:
    """POST /planner/holds/{id}/prolongation: somebody is still typing."""
    try:
        held = await request.app[DATABASE].write(request[ACTOR], desk.prolong, request.match_info["id"])
    except Conflict as over:
        return await _part(request, None, say(request, over), over.status)
    return await _part(request, held)


async def let_go(request: web.Request) -> web.Response:
    """POST /planner/holds/{id}/release: whoever held it left the form."""
    await request.app[DATABASE].write(request[ACTOR], desk.let_go, request.match_info["id"])
    return web.Response(status=204)


async def _hold(request: web.Request, fields: dict[str, str], start_at: datetime) -> DeskHold:
    db, actor, before = request.app[DATABASE], request[ACTOR], fields.get("hold", "")
    if fields.get("appointment"):
        return await db.write(actor, desk.hold_elsewhere, fields["appointment"], fields.get("practitioner", ""),
                              start_at, instead_of=before)
    return await db.write(actor, desk.hold, practitioner_id=fields.get("practitioner", ""), start_at=start_at,
                          motif_id=fields.get("motif", ""), instead_of=before,
                          resource_ids=[fields[kind] for kind in KINDS if fields.get(kind)])


async def _part(request: web.Request, held: DeskHold | None, trouble: str = "", status: int = 200) -> web.Response:
    zone, now = await request.app[DATABASE].read(request[ACTOR], _zone_and_now)
    left_s = math.ceil((held.held_until - now).total_seconds()) if held else 0
    return render(request, "scheduler/_hold.html", status=status, held=held, trouble=trouble, left_s=left_s,
                  last=held.began_at + desk.AT_MOST if held else None, zone=zone)


def _zone_and_now(tx: Tx) -> tuple[str, datetime]:
    return agenda.clinic(tx).organization.zone, tx.now
