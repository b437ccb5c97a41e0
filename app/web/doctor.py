"""The doctor's pages of the day: the queue, and the visit with video, transcript and record on one screen."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel

from app import encounters, i18n, waiting
from app.db import Tx
from app.encounters import Visit, VisitFacts
from app.errors import ColloqueError, Conflict, Invalid
from app.notifications import delays
from app.record import commands, compositions, corrections, entries
from app.record.commands import Heard
from app.record.compositions import PastNote
from app.record.entries import Record
from app.waiting import QueueEntry
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, LANGUAGE, ROOMS
from app.web.rendering import render, say, see_other, translated, url
from transcription.protocol import LANGUAGES, TESTED


class FactsForm(VisitFacts):
    """The facts French rules ask for, as the visit's form sends them."""

    identity_seen: bool = False


class CorrectionForm(BaseModel):
    """What one line of the transcript should say."""

    text: str = ""


class EndForm(BaseModel):
    """How the visit ended."""

    outcome: Literal["completed", "in_person", "abandoned"] = "completed"


@dataclass(frozen=True, slots=True)
class Day:
    """The queue, how many patients could be told that it runs late, and who was."""

    entries: list[QueueEntry]
    untold: int
    told: set[str]


@dataclass(frozen=True, slots=True)
class Page:
    """All that the visit's screen shows when it loads."""

    visit: Visit
    record: Record
    past: list[PastNote]
    day: Day
    commands: list[Heard]


async def queue(request: web.Request) -> web.StreamResponse:
    """GET /queue: today's visits; arrivals show at once through the queue's socket."""
    today = await request.app[DATABASE].read(request[ACTOR], day)
    return render(request, "doctor/queue.html", here="queue", entries=today.entries, current="",
                  delay_min=waiting.delay_min(today.entries), untold=today.untold, told=today.told,
                  messages=_notices(request), missed=_marked(request, "missed"),
                  came=_marked(request, "came"))


async def tell_delay(request: web.Request) -> web.StreamResponse:
    """POST /queue/delay: a message to each patient still to come; the answer says how many."""
    told = await request.app[DATABASE].write(request[ACTOR], delays.tell)
    request.app[ROOMS].queue_changed(request[ACTOR].practitioner_id or "")
    if _by_script(request):
        return web.json_response({"said": _told(request, told)})
    return see_other(request, "queue", told=str(told))


async def visit(request: web.Request) -> web.StreamResponse:
    """GET /visits/{id}: the visit's screen; a finished visit shows its note."""
    page = await request.app[DATABASE].read(request[ACTOR], _page, request.match_info["id"])
    if page.visit.encounter.status == "finished":
        return see_other(request, "note", id=page.visit.encounter.id)
    return _visit_page(request, page)


async def admission(request: web.Request) -> web.StreamResponse:
    """POST /visits/{id}/admission: let the waiting patient in."""
    visit_id = request.match_info["id"]
    try:
        encounter = await request.app[DATABASE].write(request[ACTOR], encounters.admit, visit_id)
    except Conflict as refusal:
        return await _again(request, refusal)
    request.app[ROOMS].admitted(encounter)
    return _done(request, "visit", visit_id)


async def facts(request: web.Request) -> web.StreamResponse:
    """POST /visits/{id}/facts: identity seen, where the patient is, how to call back."""
    visit_id = request.match_info["id"]
    try:
        form = parse(FactsForm, await form_of(request))
        noted = VisitFacts.model_validate(form.model_dump(exclude={"identity_seen", "spoken", "shared"}))
        await request.app[DATABASE].write(
            request[ACTOR], encounters.record_facts, visit_id, noted, identity_seen=form.identity_seen)
    except (Invalid, Conflict) as refusal:
        return await _again(request, refusal)
    return _done(request, "visit", visit_id, **noted.model_dump())


async def correction(request: web.Request) -> web.StreamResponse:
    """POST /visits/{id}/transcript/{line}: what was meant; what was heard is kept."""
    visit_id = request.match_info["id"]
    try:
        form = parse(CorrectionForm, await form_of(request))
        line = await request.app[DATABASE].write(
            request[ACTOR], corrections.correct, visit_id, request.match_info["line"], form.text)
    except (Invalid, Conflict) as refusal:
        return await _again(request, refusal)
    request.app[ROOMS].corrected(visit_id, line)
    request.app[ROOMS].commanded(visit_id)
    return _done(request, "visit", visit_id)


async def end(request: web.Request) -> web.StreamResponse:
    """POST /visits/{id}/end: the visit is over; its note is being drafted."""
    visit_id = request.match_info["id"]
    try:
        form = parse(EndForm, await form_of(request))
        encounter = await request.app[DATABASE].write(request[ACTOR], encounters.finish, visit_id, form.outcome)
    except (Invalid, Conflict) as refusal:
        return await _again(request, refusal)
    await request.app[ROOMS].ended(encounter.id, encounter.practitioner_id, encounter.outcome)
    return _done(request, "note" if encounter.started_at else "queue", visit_id)


def day(tx: Tx, shown: set[str] | None = None) -> Day:
    """The acting doctor's day; `shown` as waiting.queue takes it."""
    entries_ = waiting.queue(tx, shown)
    return Day(entries_, len(delays.concerned(tx, entries_)), delays.told(tx, entries_))


def _notices(request: web.Request) -> list[dict[str, str]]:
    told = request.query.get("told", "")
    return [{"kind": "good", "text": _told(request, int(told))}] if re.fullmatch(r"\d{1,3}", told) else []


def _marked(request: web.Request, how: str) -> str:
    """The visit that was just marked so, if the address names one."""
    visit_id = request.query.get(how, "")
    return visit_id if re.fullmatch(r"[0-9a-f]{32}", visit_id) else ""


def _told(request: web.Request, told: int) -> str:
    say_ = i18n.translator(request[LANGUAGE])
    return say_.ngettext("%(num)s patient is told.", "%(num)s patients are told.", told) % {"num": told}


def _page(tx: Tx, visit_id: str) -> Page:
    shown = encounters.visit(tx, visit_id)
    patient_id = shown.encounter.patient_id
    return Page(shown, entries.read(tx, patient_id), compositions.past(tx, patient_id), day(tx),
                commands.listed(tx, visit_id, quiet=True))


async def _again(request: web.Request, refusal: ColloqueError) -> web.StreamResponse:
    # The page once more, with what was typed and what is wrong; a script gets the same as JSON.
    fields = {name: translated(request, text) for name, text in getattr(refusal, "fields", {}).items()}
    if _by_script(request):
        error = {"code": refusal.code, "message": say(request, refusal), "fields": fields}
        return web.json_response({"error": error}, status=refusal.status)
    page = await request.app[DATABASE].read(request[ACTOR], _page, request.match_info["id"])
    return _visit_page(request, page, status=refusal.status, sent=await form_of(request), errors=fields,
                       messages=[{"kind": "bad", "text": say(request, refusal)}])


def _visit_page(request: web.Request, page: Page, *, status: int = 200, **more: Any) -> web.Response:
    facts_ = page.visit.facts
    typed = {"location": facts_.location, "callback_phone": facts_.callback_phone,
             "identity_document": facts_.identity_document,
             "identity_seen": "true" if page.visit.encounter.identity_seen_at else ""}
    sent = more.pop("sent", {})
    if "location" in sent:  # the form of facts: an unticked box is not sent
        typed = {name: sent.get(name, "") for name in typed}
    context: dict[str, Any] = {"typed": typed, "errors": {}, "languages": _languages(request)} | more
    return render(request, "doctor/visit.html", status=status, here="queue", visit=page.visit, record=page.record,
                  past=page.past, commands=page.commands, entries=page.day.entries, current=page.visit.encounter.id,
                  delay_min=waiting.delay_min(page.day.entries), untold=page.day.untold, told=page.day.told, **context)


def _languages(request: web.Request) -> list[tuple[str, str]]:
    """What can be spoken: what is tested, then all else that Whisper writes down, by name."""
    names = {code: i18n.language_name(code, request[LANGUAGE]) for code in LANGUAGES}
    others = sorted(set(LANGUAGES) - set(TESTED), key=lambda code: i18n.sortable(names[code]))
    untested = [(code, translated(request, "%(language)s (untested)", {"language": names[code]})) for code in others]
    return [(code, names[code]) for code in TESTED] + untested


def _done(request: web.Request, page: str, visit_id: str, **saved: str) -> web.StreamResponse:
    params = {} if page == "queue" else {"id": visit_id}
    if _by_script(request):
        return web.json_response({"next": url(request, page, **params), "saved": saved})
    return see_other(request, page, **params)


def _by_script(request: web.Request) -> bool:
    return "application/json" in request.headers.get("Accept", "")
