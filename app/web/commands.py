"""What the doctor says to the assistant during a visit: a proposal to confirm or a refusal, and the way back."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel

from app import encounters
from app.access.policy import Action
from app.db import Tx
from app.errors import Conflict
from app.record import commands, entries
from app.record.commands import Heard
from app.record.entries import Record
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, ROOMS
from app.web.rendering import render, say, see_other

ACTS = {"accept": commands.accept, "undo": commands.undo, "dismiss": commands.dismiss}


class Decision(BaseModel):
    """What the doctor decides about one command."""

    choice: Literal["accept", "undo", "dismiss"]


async def listing(request: web.Request) -> web.Response:
    """GET /visits/{id}/commands: the commands and the record as the visit's page shows them, for its script."""
    return await _show(request)


async def decision(request: web.Request) -> web.StreamResponse:
    """POST /visits/{id}/commands/{command}: confirm, leave it, or take a confirmation back."""
    visit_id = request.match_info["id"]
    act, refusal = ACTS[parse(Decision, await form_of(request)).choice], ""
    try:
        await request.app[DATABASE].write(request[ACTOR], act, visit_id, request.match_info["command"])
    except Conflict as conflict:
        refusal = say(request, conflict)
    request.app[ROOMS].commanded(visit_id)
    if "application/json" in request.headers.get("Accept", ""):
        return await _show(request, refusal)
    return see_other(request, "visit", id=visit_id)


async def _show(request: web.Request, refusal: str = "") -> web.Response:
    visit_id = request.match_info["id"]
    heard, record, language = await request.app[DATABASE].read(request[ACTOR], _read, visit_id)
    return render(request, "doctor/_commands.html", commands=heard, record=record, refusal=refusal, visit_id=visit_id,
                  visit_language=language)


def _read(tx: Tx, visit_id: str) -> tuple[list[Heard], Record, str]:
    heard = commands.listed(tx, visit_id)
    encounter = encounters.find(tx, visit_id, Action.VISIT_CONDUCT, quiet=True)
    return heard, entries.read(tx, encounter.patient_id), encounter.language
