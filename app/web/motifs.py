"""The reasons that can be booked, and the rules of each."""

from typing import Any

from aiohttp import web

from app.errors import Invalid
from app.scheduling import agenda, motifs
from app.scheduling.motifs import MOST_H, REMINDERS_H, MotifForm
from app.scheduling.tables import Motif
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, SETTINGS
from app.web.rendering import render, see_other, translated

NEW = Motif(id="", organization_id="", label_fr="", label_en="", duration_min=15)


async def page(request: web.Request) -> web.Response:
    """GET /motifs."""
    return await _page(request)


async def add(request: web.Request) -> web.StreamResponse:
    """POST /motifs: a new reason."""
    fields = await form_of(request)
    try:
        made = await request.app[DATABASE].write(request[ACTOR], motifs.offer, await _form(request, fields))
    except Invalid as refusal:
        return await _page(request, refusal, fields)
    return see_other(request, "motifs", saved=made.id)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /motifs/{id}: other rules, or offered no longer."""
    fields, motif_id = await form_of(request), request.match_info["id"]
    try:
        await request.app[DATABASE].write(request[ACTOR], motifs.change, motif_id, await _form(request, fields),
                                          active=fields.get("active") == "yes")
    except Invalid as refusal:
        return await _page(request, refusal, fields)
    return see_other(request, "motifs", saved=motif_id)


async def remind(request: web.Request) -> web.StreamResponse:
    """POST /reminders: when the clinic reminds its patients, where a motif says nothing else."""
    fields = await form_of(request)
    chosen = [hours for hours in _offered(request, await _usual(request)) if fields.get(f"remind{hours}")]
    await request.app[DATABASE].write(request[ACTOR], motifs.remind, chosen)
    return see_other(request, "motifs", saved="reminders")


async def _form(request: web.Request, fields: dict[str, str]) -> MotifForm:
    form, usual, chosen = parse(MotifForm, fields), await _usual(request), _ticked(fields)
    if not all(0 < hours <= MOST_H for hours in chosen):
        raise Invalid
    if set(chosen) == set(usual):
        return form
    return form.model_copy(update={"reminders_h": ",".join(str(hours) for hours in chosen)})


def _ticked(fields: dict[str, str]) -> list[int]:
    """The hours of the reminders that a form has ticked, a motif's own among them, the earliest first."""
    return sorted((int(key[6:]) for key in fields if key.startswith("remind") and key[6:].isdecimal()), reverse=True)


async def _usual(request: web.Request) -> tuple[int, ...]:
    clinic = await request.app[DATABASE].read(request[ACTOR], agenda.clinic)
    return motifs.usual_hours(clinic.organization, request.app[SETTINGS].reminder_hours)


def _offered(request: web.Request, usual: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted({*REMINDERS_H, *request.app[SETTINGS].reminder_hours, *usual}, reverse=True))


async def _page(request: web.Request, refusal: Invalid | None = None, typed: dict[str, str] | None = None
                ) -> web.Response:
    clinic = await request.app[DATABASE].read(request[ACTOR], agenda.clinic)
    usual = motifs.usual_hours(clinic.organization, request.app[SETTINGS].reminder_hours)
    tried = request.match_info.get("id", "") if refusal else None
    errors = {field: translated(request, text) for field, text in refusal.fields.items()} if refusal else {}
    offered = _offered(request, usual)
    lines = [_line(motif, usual, offered, typed if tried == motif.id else None) for motif in (*clinic.motifs, NEW)]
    return render(
        request, "scheduler/motifs.html", status=refusal.status if refusal else 200, here="availability",
        zone=clinic.organization.zone, lines=lines, tried=tried, errors=errors, usual=usual,
        offered=offered,
        saved=next((m for m in clinic.motifs if m.id == request.query.get("saved")), None),
        reminders_saved=request.query.get("saved") == "reminders",
    )


def _line(motif: Motif, usual: tuple[int, ...], offered: tuple[int, ...], typed: dict[str, str] | None
          ) -> dict[str, Any]:
    """A motif as its form shows it; as it was typed when that was refused."""
    own = motifs.reminder_hours(motif, usual)
    kept = motif.model_dump() | {"reminders": own, "hours": sorted({*offered, *own}, reverse=True)}
    if typed is None:
        return kept
    reminders = _ticked(typed)
    return kept | {key: typed.get(key, "") for key in MotifForm.model_fields if key != "public"} | {
        "public": "public" in typed, "active": "active" in typed, "reminders": reminders}
