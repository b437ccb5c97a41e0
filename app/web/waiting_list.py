"""The waiting list as schedulers see it: who waits, in which order they are asked, and what became of the offers."""

from typing import Any

from aiohttp import web

from app.db import Tx
from app.errors import Invalid
from app.scheduling import agenda, waitlist, waitlist_figures
from app.scheduling.waitlist import Line, Wish
from app.scheduling.waitlist_figures import Group
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE
from app.web.planner import doctor_named
from app.web.rendering import render, see_other


async def page(request: web.Request) -> web.Response:
    """GET /waiting-list."""
    clinic, lines, figures, groups = await request.app[DATABASE].read(request[ACTOR], _read)
    return render(request, "scheduler/waiting_list.html", here="planner", zone=clinic.organization.zone,
                  lines=[_line(line, clinic) for line in lines], figures=figures, groups=groups)


async def join(request: web.Request) -> web.StreamResponse:
    """POST /appointments/{id}/waiting: on the list with a wish, or off it (stop=yes)."""
    fields, appointment_id, db = await form_of(request), request.match_info["id"], request.app[DATABASE]
    if fields.get("stop"):
        await db.write(request[ACTOR], waitlist.leave, appointment_id)
    else:
        await db.write(request[ACTOR], waitlist.join, appointment_id, _wish(fields))
    return see_other(request, "waiting-list")


def _wish(fields: dict[str, str]) -> Wish:
    try:
        first, last = int(fields.get("from_hour", "0")), int(fields.get("to_hour", "24"))
    except ValueError:
        raise Invalid from None
    if not 0 <= first < last <= 24:
        raise Invalid("The end must come after the start.")
    return Wish(fields.get("any_doctor") == "yes", fields.get("urgent") == "yes", first, last)


def _read(tx: Tx) -> tuple[agenda.Clinic, list[Line], dict[str, int], list[Group]]:
    return agenda.clinic(tx), waitlist.listed(tx), waitlist.figures(tx), waitlist_figures.groups(tx)


def _line(line: Line, clinic: agenda.Clinic) -> dict[str, Any]:
    entry, row = line.entry, line.appointment
    return {"id": row.id, "name": line.identity.name, "has_at": row.start_at, "urgent": entry.urgent,
            "any_doctor": entry.any_doctor, "from_hour": entry.from_hour, "to_hour": entry.to_hour,
            "since_at": entry.joined_at, "doctor": doctor_named(clinic.practitioners, row.practitioner_id),
            "offers": [{"start_at": o.start_at, "state": o.state} for o in line.offers]}
