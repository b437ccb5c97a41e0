"""The letter to the patient's own doctor: read with its sources, edited, released, printed."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from pydantic import BaseModel, Field

from app.db import Tx
from app.errors import ColloqueError, Conflict, Invalid
from app.record import letters
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE
from app.web.rendering import render, say, see_other, translated


class LetterForm(BaseModel):
    """The doctor's words, to whom, and which version they saw."""

    version: int = Field(ge=0)
    recipient: str = ""
    text: str = ""


async def page(request: web.Request) -> web.Response:
    """GET /visits/{id}/letter: the letter beside the sentences of the note it was made from."""
    return await _show(request)


async def save(request: web.Request) -> web.StreamResponse:
    """POST /visits/{id}/letter: keep it without releasing it."""
    return await _change(request, letters.edit)


async def release(request: web.Request) -> web.StreamResponse:
    """POST /visits/{id}/letter/release: let it leave."""
    return await _change(request, letters.release)


async def document(request: web.Request) -> web.Response:
    """GET /visits/{id}/letter/document: the letter as a PDF; a draft says so across the page."""
    printed = await request.app[DATABASE].read(request[ACTOR], letters.printed, request.match_info["id"])
    body = await asyncio.to_thread(letters.render, printed)
    return web.Response(body=body, content_type="application/pdf", headers={
        "Content-Disposition": f'inline; filename="{printed.filename}"'})


async def _change(request: web.Request, change: Callable[[Tx, str, int, str, str], None]) -> web.StreamResponse:
    form, visit = parse(LetterForm, await form_of(request)), request.match_info["id"]
    try:
        await request.app[DATABASE].write(request[ACTOR], change, visit, form.version, form.recipient, form.text)
    except (Invalid, Conflict) as refusal:
        return await _show(request, refusal, form)
    return see_other(request, "letter", id=visit)


async def _show(request: web.Request, refusal: ColloqueError | None = None, typed: LetterForm | None = None
                ) -> web.Response:
    visit = request.match_info["id"]
    shown = await request.app[DATABASE].read(request[ACTOR], letters.read, visit)
    errors = {name: translated(request, text) for name, text in getattr(refusal, "fields", {}).items()}
    sentences = {s.id: s for section in shown.note.content.sections for s in section.sentences}
    return render(request, "doctor/letter.html", status=refusal.status if refusal else 200, here="queue",
                  visit_id=visit, letter=shown.letter, note=shown.note, patient=shown.patient, typed=typed,
                  errors=errors, refusal=say(request, refusal) if refusal else "", sentences=sentences)
