"""Who came late or never: marking it, the clinic's rates, and how well the probability of a no-show held."""

from typing import Any, get_args

from aiohttp import web
from pydantic import BaseModel

from app import attendance, encounters
from app.actor import Role
from app.attendance import Kind, Rate, Reason
from app.db import Tx
from app.encounters import Encounter
from app.forecasting.no_show import Study, wilson
from app.scheduling import replies
from app.scheduling.tables import Appointment
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, LANGUAGE, ROOMS
from app.web.planner import motif_label
from app.web.rendering import render, see_other

SIDE, EDGE = 280, 44       # of the calibration plot, in its own units
STEPS = (0.05, 0.1, 0.25)  # between its lines


class Mark(BaseModel):
    """What staff say about a visit."""

    kind: Kind = "never"
    reason: Reason = "unknown"


async def page(request: web.Request) -> web.Response:
    """GET /attendance: rates by motif and channel, reasons, and the calibration plot."""
    seen = await request.app[DATABASE].read(request[ACTOR], attendance.figures)
    return render(
        request, "scheduler/attendance.html", here="tasks", total=_rate(seen.total, ""), unmarked=seen.unmarked,
        by_motif=[_rate(rate, motif_label(motif, request[LANGUAGE])) for motif, rate in seen.by_motif],
        by_channel=[_rate(rate, rate.name) for rate in seen.by_channel],
        reasons=[(reason, seen.reasons[reason]) for reason in get_args(Reason) if reason in seen.reasons],
        study=seen.study, plot=_plot(seen.study) if seen.study else None,
    )


async def mark(request: web.Request) -> web.StreamResponse:
    """POST /appointments/{id}/attendance: late or never, and why; with undo=yes neither."""
    fields, appointment_id, db = await form_of(request), request.match_info["id"], request.app[DATABASE]
    undo = bool(fields.get("undo"))
    if undo:
        await db.write(request[ACTOR], attendance.unmark, appointment_id)
    else:
        said = parse(Mark, fields)
        await db.write(request[ACTOR], attendance.mark, appointment_id, said.kind, said.reason)
    if request[ACTOR].role is Role.SCHEDULER:
        return see_other(request, "appointment", id=appointment_id)
    request.app[ROOMS].queue_changed(request[ACTOR].practitioner_id or "")
    return see_other(request, "queue") if undo else see_other(request, "queue", missed=appointment_id)


async def receive(request: web.Request) -> web.StreamResponse:
    """POST /appointments/{id}/arrival: they came in at the clinic; with undo=yes they are not there after all."""
    undo, visit_id = bool((await form_of(request)).get("undo")), request.match_info["id"]
    encounter = await request.app[DATABASE].write(request[ACTOR], encounters.receive, visit_id, here=not undo)
    request.app[ROOMS].queue_changed(encounter.practitioner_id)
    if request[ACTOR].role is Role.SCHEDULER:
        return see_other(request, "appointment", id=visit_id)
    return see_other(request, "queue") if undo else see_other(request, "queue", came=visit_id)


async def switch(request: web.Request) -> web.StreamResponse:
    """POST /appointments/{id}/medium: by phone, or with by=video by video after all."""
    phone = (await form_of(request)).get("by") != "video"
    await request.app[DATABASE].write(request[ACTOR], replies.switch, request.match_info["id"], phone=phone)
    if request[ACTOR].role is Role.SCHEDULER:
        return see_other(request, "appointment", id=request.match_info["id"])
    request.app[ROOMS].queue_changed(request[ACTOR].practitioner_id or "")
    return see_other(request, "tasks")


def beside(tx: Tx, row: Appointment) -> dict[str, Any]:
    """What the appointment's page says about coming: marked, confirmed, the device's test, how likely to be missed."""
    encounter = tx.session.get(Encounter, row.id)
    return {"attendance": attendance.marked(tx, row.id), "reasons": get_args(Reason),
            "likelihood": attendance.likelihood(tx, row.id), "by_phone": replies.by_phone(tx, row.id),
            "arrival": encounters.arrival(tx, row), "confirmed_at": replies.confirmed_at(tx, row),
            "device_test": encounter.device_test if encounter else ""}


def _rate(rate: Rate, name: str) -> dict[str, Any]:
    low, high = wilson(rate.missed, rate.visits)
    return {"name": name, "visits": rate.visits, "missed": rate.missed, "late": rate.late, "low": low, "high": high,
            "share": rate.missed / rate.visits if rate.visits else 0.0}


def _plot(study: Study) -> dict[str, Any]:
    """Where everything stands in the drawing: what was said to the right, what came true upwards."""
    top = max(0.1, *(max(each.said, each.high) for each in study.bins), study.model.base)
    step = next((s for s in STEPS if top / s <= 6), STEPS[-1])
    top = min(1.0, step * -(-top // step))

    def at(value: float) -> float:
        return round(SIDE * min(value, top) / top, 1)

    return {
        "side": SIDE, "edge": EDGE, "base": SIDE - at(study.model.base),
        "lines": [{"at": at(n * step), "up": SIDE - at(n * step), "label": n * step}
                  for n in range(round(top / step) + 1)],
        "points": [{"x": at(b.said), "y": SIDE - at(b.came_true), "low": SIDE - at(b.low), "high": SIDE - at(b.high),
                    "said": b.said, "came_true": b.came_true, "count": b.count} for b in study.bins],
    }
