"""Patients as a scheduler sees them: identity, contact and appointments, nothing clinical."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from app import people
from app.db import Tx
from app.errors import Invalid
from app.people import IdentityForm, PatientIdentity, directory
from app.people.directory import PatientHit
from app.scheduling import agenda
from app.scheduling.tables import Appointment
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, LANGUAGE
from app.web.planner import doctor_named, motif_label
from app.web.rendering import render, see_other, translated

SEARCH_CHARS = 120


@dataclass(frozen=True, slots=True)
class Sheet:
    """One patient's page."""

    identity: PatientIdentity
    appointments: list[Appointment]
    clinic: agenda.Clinic


async def patients(request: web.Request) -> web.Response:
    """GET /patients: where to search."""
    return _found(request, "", [])


async def search(request: web.Request) -> web.Response:
    """POST /patients: search. Not GET: a name does not belong in an address, a history or a log."""
    text = (await form_of(request)).get("q", "").strip()[:SEARCH_CHARS]
    return _found(request, text, await request.app[DATABASE].read(request[ACTOR], directory.search, text))


async def patient(request: web.Request) -> web.Response:
    """GET /patients/{id}."""
    return await _page(request)


async def update(request: web.Request) -> web.StreamResponse:
    """POST /patients/{id}: correct identity and contact."""
    fields, patient_id = await form_of(request), request.match_info["id"]
    try:
        identity = parse(IdentityForm, fields).identity()
        await request.app[DATABASE].write(request[ACTOR], people.update_identity, patient_id, identity)
    except Invalid as refusal:
        return await _page(request, refusal, fields)
    return see_other(request, "patient", id=patient_id, saved="yes")


def _found(request: web.Request, text: str, hits: list[PatientHit]) -> web.Response:
    return render(request, "scheduler/patients.html", here="patients", query=text, hits=[
        {"id": hit.id, "name": hit.identity.name, "birth_date": hit.identity.birth_date} for hit in hits])


async def _page(request: web.Request, refusal: Invalid | None = None, typed: dict[str, str] | None = None
                ) -> web.Response:
    patient_id, lang = request.match_info["id"], request[LANGUAGE]
    sheet = await request.app[DATABASE].read(request[ACTOR], _sheet, patient_id)
    motifs = {m.id: motif_label(m, lang) for m in sheet.clinic.motifs}
    errors = {field: translated(request, text) for field, text in refusal.fields.items()} if refusal else {}
    return render(
        request, "scheduler/patient.html", status=refusal.status if refusal else 200, here="patients",
        zone=sheet.clinic.organization.zone, patient={"id": patient_id, "identity": sheet.identity},
        appointments=[_line(row, sheet.clinic, motifs) for row in sheet.appointments],
        typed=typed or {}, errors=errors, saved=request.query.get("saved") == "yes",
    )


def _sheet(tx: Tx, patient_id: str) -> Sheet:
    return Sheet(people.identity_of(tx, patient_id), agenda.appointments_of(tx, patient_id), agenda.clinic(tx))


def _line(row: Appointment, clinic: agenda.Clinic, motifs: dict[str, str]) -> dict[str, Any]:
    return {"id": row.id, "start_at": row.start_at, "status": row.status, "motif_label": motifs.get(row.motif_id, ""),
            "practitioner_name": doctor_named(clinic.practitioners, row.practitioner_id)}
