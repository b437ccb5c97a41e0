"""A doctor cannot come: where each of their appointments goes, whom that tells, one press, and back again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiohttp import web

from app.db import Tx
from app.errors import Conflict, Invalid
from app.scheduling import absence, agenda
from app.scheduling.absence import CANCEL, KEEP, Proposal, Rebooking
from app.scheduling.agenda import FreeSlot
from app.scheduling.booking import SlotTaken
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE, LANGUAGE
from app.web.planner import day_asked, doctor_named, motif_label, start_value
from app.web.rendering import render, say, see_other, url


@dataclass(frozen=True, slots=True)
class Day:
    """What the page shows."""

    clinic: agenda.Clinic
    practitioner_id: str
    on: date
    proposals: list[Proposal]
    undoable: Rebooking | None


async def page(request: web.Request) -> web.Response:
    """GET /absence: the proposals for a doctor's day."""
    return await _page(request, request.query)


async def carry_out(request: web.Request) -> web.StreamResponse:
    """POST /absence: all that was chosen, or nothing."""
    fields = await form_of(request)
    try:
        on = date.fromisoformat(fields.get("on", ""))
    except ValueError:
        on = date.min  # refused as one that has passed
    choices = {key.removeprefix("to-"): value for key, value in fields.items() if key.startswith("to-")}
    try:
        done = await request.app[DATABASE].write(request[ACTOR], absence.carry_out, fields.get("practitioner", ""), on,
                                                 choices)
    except (SlotTaken, Conflict, Invalid) as refusal:
        return await _page(request, fields, refusal)
    return see_other(request, "absence", practitioner=done.practitioner_id, on=done.on.isoformat(), done=done.id)


async def undo(request: web.Request) -> web.StreamResponse:
    """POST /absence/{id}/undoing: the day as it was."""
    try:
        back = await request.app[DATABASE].write(request[ACTOR], absence.undo, request.match_info["id"])
    except (SlotTaken, Conflict) as refusal:
        return await _page(request, await form_of(request), refusal)
    return see_other(request, "planner", practitioner=back.practitioner_id, on=back.on.isoformat())


def _day(tx: Tx, practitioner: str, on_text: str, done: str) -> Day:
    clinic = agenda.clinic(tx)
    ids = [p.id for p in clinic.practitioners]
    chosen = practitioner if practitioner in ids else next(iter(ids), "")
    on = day_asked(on_text, tx.now.astimezone(clinic.zone).date())
    found = absence.proposals(tx, chosen, on) if chosen else []
    return Day(clinic, chosen, on, found, absence.undoable(tx, done) if done else None)


async def _page(request: web.Request, asked: Mapping[str, str],
                refusal: SlotTaken | Conflict | Invalid | None = None) -> web.Response:
    day = await request.app[DATABASE].read(request[ACTOR], _day, asked.get("practitioner", ""), asked.get("on", ""),
                                           asked.get("done", ""))
    return render(
        request, "scheduler/absence.html", status=refusal.status if refusal else 200, here="planner",
        zone=day.clinic.organization.zone, on=day.on, practitioner_id=day.practitioner_id,
        practitioner_name=doctor_named(day.clinic.practitioners, day.practitioner_id),
        practitioners=[(p.id, p.name) for p in day.clinic.practitioners],
        fault=say(request, refusal) if refusal else "",
        rows=[_row(day, proposal, request[LANGUAGE]) for proposal in day.proposals], keep=KEEP, cancel=CANCEL,
        undo_href=url(request, "absence-undoing", id=day.undoable.id) if day.undoable else "",
        planner_href=url(request, "planner", practitioner=day.practitioner_id, on=day.on),
    )


def _row(day: Day, proposal: Proposal, lang: str) -> dict[str, Any]:
    row, who = proposal.entry.appointment, proposal.entry.identity
    return {"id": row.id, "start_at": row.start_at, "name": who.name,
            "motif_label": motif_label(proposal.entry.motif, lang), "email": bool(who.email), "phone": who.phone,
            "options": [_option(day, slot) for slot in proposal.options]}


def _option(day: Day, slot: FreeSlot) -> dict[str, Any]:
    return {"value": f"{slot.practitioner_id}@{start_value(slot.start_at)}", "start_at": slot.start_at,
            "doctor": doctor_named(day.clinic.practitioners, slot.practitioner_id)}
