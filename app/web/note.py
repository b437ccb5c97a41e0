"""The note page: read with its evidence, edit, decide, sign, listen. Every act works as a plain form."""

import asyncio
import base64
import json
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from app import i18n
from app.clock import epoch_ms
from app.db import Tx
from app.errors import ColloqueError, Conflict, Invalid, NotFound
from app.record import compositions, drafts, editing, pdf, playback, review
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, LANGUAGE, SETTINGS
from app.web.rendering import render, say, url
from transcription import sealing, spool

VERSION_DIGITS = 6
MARGIN_MS = 250  # heard before and after a line: recognisers cut close


class Edit(BaseModel):
    """What most forms of the page carry: the version they saw, and words or a choice."""

    version: int = Field(ge=0)
    text: str = ""
    section: str = ""
    choice: Literal["", "add", "dismiss", "said", "recorded", "accept"] = ""
    earlier: int = 0


class Clip(BaseModel):
    """Which piece of which stream to hear; epoch milliseconds."""

    stream: str = Field(pattern=r"^[0-9a-f]{32}$")
    from_ms: int = Field(ge=0)
    to_ms: int = Field(ge=0)


async def page(request: web.Request) -> web.Response:
    """The note of a visit, or how far its draft is."""
    return await _show(request)


async def progress(request: web.Request) -> web.Response:
    """Whether the draft is there, for the page that waits: {state, lines, open_streams, version}."""
    now = await request.app[DATABASE].read(request[ACTOR], drafts.progress, request.match_info["id"])
    return web.json_response({"state": now.state, "lines": now.lines, "open_streams": now.open_streams,
                              "version": now.version})


async def sentences(request: web.Request) -> web.StreamResponse:
    """Add a sentence the doctor typed to a section."""
    return await _edit(request, lambda form: partial(editing.append, code=form.section, text=form.text))


async def sentence(request: web.Request) -> web.StreamResponse:
    """Rewrite one sentence."""
    key = request.match_info["sentence"]
    return await _edit(request, lambda form: partial(editing.rewrite, sentence_id=key, text=form.text), at=key)


async def removal(request: web.Request) -> web.StreamResponse:
    """Take one sentence out."""
    key = request.match_info["sentence"]
    return await _edit(request, lambda _form: partial(editing.remove, sentence_id=key), undoable=True)


async def confirmation(request: web.Request) -> web.StreamResponse:
    """Keep a sentence that was marked as unsure."""
    key = request.match_info["sentence"]
    return await _edit(request, lambda _form: partial(editing.confirm, sentence_id=key), at=key)


async def omission(request: web.Request) -> web.StreamResponse:
    """Add what was said but missing, or leave it out."""
    key = request.match_info["item"]

    def change(form: Edit) -> compositions.Change:
        if form.choice == "dismiss":
            return partial(editing.dismiss_omission, omission_id=key)
        return partial(editing.add_omission, omission_id=key)
    return await _edit(request, change)


async def conflict(request: web.Request) -> web.StreamResponse:
    """Decide between what was said and what the record holds."""
    key = request.match_info["item"]
    return await _edit(request, lambda form: partial(editing.settle, conflict_id=key, keep=form.choice))


async def proposal(request: web.Request) -> web.StreamResponse:
    """Take one proposal into the record, or not."""
    key, visit = request.match_info["item"], request.match_info["id"]

    async def act(form: Edit) -> None:
        db, actor = request.app[DATABASE], request[ACTOR]
        if form.choice == "accept":
            await db.write(actor, compositions.accept, visit, form.version, key)
        else:
            await db.write(actor, compositions.edit, visit, form.version,
                           partial(editing.dismiss_proposal, proposal_id=key))
    return await _act(request, act)


async def restoration(request: web.Request) -> web.StreamResponse:
    """Go back to an earlier version."""
    async def act(form: Edit) -> None:
        await request.app[DATABASE].write(request[ACTOR], compositions.undo, request.match_info["id"],
                                          form.version, form.earlier)
    return await _act(request, act)


async def signature(request: web.Request) -> web.StreamResponse:
    """Sign the note: final from now on, its audio destroyed."""
    async def act(form: Edit) -> None:
        await request.app[DATABASE].write(request[ACTOR], compositions.sign, request.match_info["id"], form.version)
    return await _act(request, act)


async def addenda(request: web.Request) -> web.StreamResponse:
    """Add to a signed note."""
    async def act(form: Edit) -> None:
        await request.app[DATABASE].write(request[ACTOR], compositions.amend, request.match_info["id"], form.text)
    return await _act(request, act)


async def version(request: web.Request) -> web.Response:
    """What the note said at one version."""
    def read(tx: Tx, visit: str, number: int) -> dict[str, Any]:
        return {"content": compositions.version(tx, visit, number), "versions": compositions.versions(tx, visit),
                "now": compositions.read(tx, visit, quiet=True), "number": number}
    number = request.match_info["number"]
    if not (number.isdecimal() and len(number) <= VERSION_DIGITS):
        raise NotFound
    context = await request.app[DATABASE].read(request[ACTOR], read, request.match_info["id"], int(number))
    return render(request, "doctor/note_version.html", here="queue", visit_id=request.match_info["id"],
                  **context)


async def document(request: web.Request) -> web.Response:
    """The note as a PDF."""
    sheet = await request.app[DATABASE].read(request[ACTOR], pdf.sheet, request.match_info["id"])
    body = await asyncio.to_thread(pdf.render, sheet)
    return web.Response(body=body, content_type="application/pdf", headers={
        "Content-Disposition": f'inline; filename="{sheet.filename}"'})


async def transcript(request: web.Request) -> web.Response:
    """What was said, as a text file: each line with its time, who spoke, and what is uncertain about it."""
    seen = await request.app[DATABASE].read(request[ACTOR], review.review, request.match_info["id"])
    return web.Response(text=_as_text(request, seen), content_type="text/plain", charset="utf-8", headers={
        "Content-Disposition": f'attachment; filename="transcript-{seen.began_at:%Y-%m-%d}.txt"'})


def _as_text(request: web.Request, seen: review.Review) -> str:
    say = i18n.translator(request[LANGUAGE]).gettext
    told = [f"{seen.patient.name} · {seen.practitioner.name} · {seen.began_at.isoformat(timespec='minutes')}",
            say("Recognised by a machine; nobody has checked it but where a correction is marked."), ""]
    for line in seen.lines:
        marks = [say("shared microphone")] * line.shared + [say("heard badly")] * line.low_confidence
        marks += [f"{say('heard:')} {line.heard}"] if line.heard else []
        told.append(f"{i18n.elapsed(line.start)}  {seen.speaker(line.role)}: {line.text}"
                    + "".join(f" ({mark})" for mark in marks))
    return "\n".join([*told, ""])


async def audio(request: web.Request) -> web.Response:
    """Sealed frames of one stream and its key: only this browser turns them into sound."""
    clip, visit = parse(Clip, dict(request.query)), request.match_info["id"]
    key = await request.app[DATABASE].read(request[ACTOR], playback.listen, visit, clip.stream, clip.from_ms,
                                           clip.to_ms, sealing.stream_key)
    path = spool.stream_path(request.app[SETTINGS].spool_dir, visit, clip.stream)
    try:
        header, frames = await asyncio.to_thread(_sealed, path, clip)
    except (FileNotFoundError, spool.SpoolDamaged):
        raise NotFound("There is no sound of this moment.") from None
    return web.json_response({"key": _b64(key), "header": json.loads(header), "frames": [_b64(f) for f in frames]})


def _sealed(path: Any, clip: Clip) -> tuple[bytes, list[bytes]]:
    return spool.read_header(path).line(), spool.frames_between(path, clip.from_ms, clip.to_ms)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def _edit(request: web.Request, change: Callable[[Edit], compositions.Change], *, at: str = "",
                undoable: bool = False) -> web.StreamResponse:
    async def act(form: Edit) -> None:
        await request.app[DATABASE].write(request[ACTOR], compositions.edit, request.match_info["id"],
                                          form.version, change(form))
    return await _act(request, act, at=at, undoable=undoable)


async def _act(request: web.Request, act: Callable[[Edit], Any], *, at: str = "",
               undoable: bool = False) -> web.StreamResponse:
    """Do what a form asks, then show the page again; refused words stay on the page to be copied."""
    fields = await form_of(request)
    form = parse(Edit, fields)
    try:
        await act(form)
    except (Invalid, Conflict) as refusal:
        if "application/json" in request.headers.get("Accept", ""):
            raise
        return await _show(request, refusal=refusal, typed=form.text)
    query = {"undo": str(form.version)} if undoable else {"sentence": at} if at else {}
    target = url(request, "note", id=request.match_info["id"], **query)
    return web.Response(status=303, headers={"Location": target + (f"#s-{at}" if at else "")})


async def _show(request: web.Request, refusal: ColloqueError | None = None, typed: str = "") -> web.Response:
    visit = request.match_info["id"]
    seen = await request.app[DATABASE].read(request[ACTOR], review.review, visit)
    selected = request.query.get("sentence", "")
    known = {s.id: s for s in seen.sentences}
    return render(
        request, "doctor/note.html", status=refusal.status if refusal else 200, here="queue", visit_id=visit,
        review=seen, note=seen.note, data=_data(request, seen), typed=typed,
        selected=known.get(selected) or next(iter([s for s in seen.sentences if s.evidence] + seen.sentences), None),
        editing_id=selected if request.query.get("edit") else "",
        undo=request.query.get("undo", "") if request.query.get("undo", "").isdigit() else "",
        section_choices=[(code, editing.section_title(code, seen.encounter.language)) for code in editing.SECTIONS],
        refusal=say(request, refusal) if refusal else "",
        lines={line.id: line for line in seen.lines}, zone=seen.zone,
        exchangeable={c.id for c in seen.note.content.conflicts if editing.is_about_amounts(c)} if seen.note else set(),
    )


def _data(request: web.Request, seen: review.Review) -> dict[str, Any]:
    """What the page's script needs: the lines, and which of them prove each sentence."""
    visit = seen.encounter.id
    shared = f" ({i18n.translator(request[LANGUAGE]).gettext('shared microphone')})"
    return {
        "version": seen.note.version if seen.note else 0, "state": seen.progress.state, "audible": seen.audible,
        "urls": {"audio": url(request, "note-audio", id=visit), "progress": url(request, "note-progress", id=visit)},
        "lines": [{
            "id": line.id, "role": line.role, "who": seen.speaker(line.role) + shared * line.shared, "text": line.text,
            "at": i18n.elapsed(line.start), "stream": line.stream_id,
            "from_ms": epoch_ms(line.start_at) - MARGIN_MS, "to_ms": epoch_ms(line.end_at) + MARGIN_MS,
        } for line in seen.lines],
        "evidence": {s.id: [e.segment_id for e in s.evidence] for s in seen.sentences},
        "origins": {s.id: s.origin for s in seen.sentences},
        "flags": {s.id: s.flag for s in seen.sentences if s.flag},
    }
