"""The doctor's patients and their records; the patient's own summary and the list of who opened the record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from app import i18n, people
from app.db import Tx
from app.errors import Invalid
from app.people import PatientIdentity
from app.record import accesses, communications, compositions, entries, roster, summaries
from app.record.communications import Message
from app.record.compositions import PastNote
from app.record.entries import NewEntry, Record
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, LANGUAGE, SETTINGS
from app.web.rendering import render, say, see_other, translated

SEARCH_CHARS = 80


@dataclass(frozen=True, slots=True)
class Chart:
    """One patient's record as its page shows it."""

    id: str
    identity: PatientIdentity
    age: int
    record: Record
    notes: list[PastNote]
    messages: list[Message]

    @property
    def documents(self) -> list[Message]:
        """The messages that brought a photo or document."""
        return [message for message in self.messages if message.document]


class SummaryForm(BaseModel):
    """The doctor's words for the patient."""

    text: str = ""


async def records(request: web.Request) -> web.Response:
    """The patients in the doctor's care; searched by POST, because a URL is kept in histories and logs."""
    text = (await form_of(request)).get("q", "")[:SEARCH_CHARS] if request.method == "POST" else ""
    found = await request.app[DATABASE].read(request[ACTOR], roster.cared_for, text)
    return render(request, "doctor/patients.html", here="records", query=text, patients=found, **_dates(request))


async def record(request: web.Request) -> web.Response:
    """One patient's record: allergies, treatments, problems, past notes."""
    return await _record(request)


async def add_entry(request: web.Request) -> web.StreamResponse:
    """Add a line to the record."""
    fields, patient_id = await form_of(request), request.match_info["id"]
    try:
        entry = parse(NewEntry, fields)
    except Invalid as refusal:
        return await _record(request, refusal, fields)
    await request.app[DATABASE].write(request[ACTOR], entries.add, patient_id, entry)
    return see_other(request, "record", id=patient_id)


async def end_entry(request: web.Request) -> web.StreamResponse:
    """A line no longer applies; the page offers to undo it."""
    entry_id = request.match_info["entry"]
    patient_id = await request.app[DATABASE].write(request[ACTOR], entries.end, entry_id)
    return see_other(request, "record", id=patient_id, ended=entry_id)


async def resume_entry(request: web.Request) -> web.StreamResponse:
    """Undo the end of a line."""
    patient_id = await request.app[DATABASE].write(request[ACTOR], entries.resume, request.match_info["entry"])
    return see_other(request, "record", id=patient_id)


async def summary(request: web.Request) -> web.Response:
    """The patient's summary as the doctor edits it, beside the note."""
    return await _summary(request)


async def save_summary(request: web.Request) -> web.StreamResponse:
    """Keep the summary without releasing it."""
    return await _change_summary(request, summaries.edit)


async def release_summary(request: web.Request) -> web.StreamResponse:
    """Give the patient the summary."""
    return await _change_summary(request, summaries.release)


async def own_summary(request: web.Request) -> web.Response:
    """What the doctor released to this patient."""
    read = await request.app[DATABASE].read(request[ACTOR], summaries.released)
    return render(request, "patient/summary.html", summary=read, **_dates(request))


async def own_accesses(request: web.Request) -> web.Response:
    """Who opened this patient's record, when and why."""
    seen = await request.app[DATABASE].read(request[ACTOR], accesses.own)
    return render(request, "patient/access_log.html", accesses=seen, **_dates(request))


async def _record(request: web.Request, refusal: Invalid | None = None, typed: dict[str, str] | None = None
                  ) -> web.Response:
    chart = await request.app[DATABASE].read(request[ACTOR], _chart, request.match_info["id"])
    errors = {field: translated(request, text) for field, text in refusal.fields.items()} if refusal else {}
    return render(request, "doctor/patient.html", status=refusal.status if refusal else 200, here="records",
                  chart=chart, errors=errors, typed=typed or {}, ended=request.query.get("ended", ""),
                  **_dates(request))


def _chart(tx: Tx, patient_id: str) -> Chart:
    record = entries.read(tx, patient_id)
    identity = people.identity_of(tx, patient_id)
    return Chart(patient_id, identity, identity.age(tx.now.date()), record, compositions.past(tx, patient_id),
                 communications.past(tx, patient_id))


async def _summary(request: web.Request, refusal: Invalid | None = None, typed: str | None = None) -> web.Response:
    visit = request.match_info["id"]

    def read(tx: Tx) -> dict[str, Any]:
        note = compositions.read(tx, visit)
        return {"summary": summaries.read(tx, visit), "note": note, "patient": people.identity_of(tx, note.patient_id)}

    context = await request.app[DATABASE].read(request[ACTOR], read)
    return render(request, "doctor/summary.html", status=refusal.status if refusal else 200, here="queue",
                  visit_id=visit, typed=typed, error=say(request, refusal) if refusal else "", **context,
                  **_dates(request))


async def _change_summary(request: web.Request, change: Callable[[Tx, str, str], None]) -> web.StreamResponse:
    form, visit = parse(SummaryForm, await form_of(request)), request.match_info["id"]
    try:
        await request.app[DATABASE].write(request[ACTOR], change, visit, form.text)
    except Invalid as refusal:
        return await _summary(request, refusal, form.text)
    return see_other(request, "summary", id=visit)


def _dates(request: web.Request) -> dict[str, Any]:
    language, zone = request[LANGUAGE], request.app[SETTINGS].clinic_zone
    return {"day": lambda at: i18n.day(at, language, zone), "time": lambda at: i18n.clock_time(at, language, zone)}
