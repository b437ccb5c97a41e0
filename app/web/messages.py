"""Messages, photos and documents of a visit: sent and read by those in the call, and by the doctor afterwards."""

import asyncio
from urllib.parse import quote, unquote

from aiohttp import web
from pydantic import BaseModel

from app import encounters
from app.clock import epoch_ms
from app.record import communications, photos
from app.record.communications import Document, Message
from app.web.forms import file_of, form_of, parse
from app.web.keys import ACTOR, DATABASE, ROOMS
from app.web.limits import RateLimit
from app.web.seats import Body

NAME_HEADER = "X-File-Name"  # percent-encoded; a name may say what ails somebody, so it is in no address
ENDINGS = {photos.JPEG: "jpg", photos.PDF: "pdf"}
SENDINGS = RateLimit(60, 60)  # of one session
ONE_PHOTO = asyncio.Semaphore(1)  # decoding takes memory: one after the other


class TextForm(BaseModel):
    """A message: the id that the sender's browser gave it, and its words."""

    id: str = ""
    text: str = ""


async def listing(request: web.Request) -> web.Response:
    """GET …/messages: what was written and sent in the visit, as JSON."""
    messages = await request.app[DATABASE].read(request[ACTOR], communications.read, _visit(request))
    return web.json_response({"messages": [message_body(message) for message in messages]})


async def send(request: web.Request) -> web.Response:
    """POST …/messages: words to the others."""
    SENDINGS.hit(request[ACTOR].session_id or "")
    form = parse(TextForm, await form_of(request))
    message = await request.app[DATABASE].write(
        request[ACTOR], communications.send, _visit(request), form.id, form.text)
    return _sent(request, message)


async def send_document(request: web.Request) -> web.Response:
    """POST …/documents/{document}: a photo or document; the body is the file itself, the address the id it gets."""
    SENDINGS.hit(request[ACTOR].session_id or "")
    await request.app[DATABASE].read(request[ACTOR], communications.may_send, _visit(request))
    data = await file_of(request, photos.FILE_LIMIT_BYTES)
    async with ONE_PHOTO:
        media_type, kept = await asyncio.to_thread(photos.clean, data)
    message = await request.app[DATABASE].write(
        request[ACTOR], communications.attach, _visit(request), request.match_info["document"],
        unquote(request.headers.get(NAME_HEADER, "")), media_type, kept)
    return _sent(request, message)


async def document(request: web.Request) -> web.Response:
    """GET …/documents/{document}: a photo to look at, or a document to keep."""
    about, data = await request.app[DATABASE].read(
        request[ACTOR], communications.content, request.match_info["document"])
    shown = "inline" if about.media_type == photos.JPEG else "attachment"  # a PDF may hold scripts: not in our pages
    return web.Response(body=data, content_type=about.media_type, headers={
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(_file_name(about))}"})


def message_body(message: Message) -> Body:
    """A message as browsers get it; `participant` is whose seat in the call it came from."""
    about = message.document
    participant = message.role if message.role in encounters.SPEAKERS else message.author_id
    return {"type": "message", "id": message.id, "participant": participant, "role": message.role,
            "name": message.author, "text": message.text, "sent_at_ms": epoch_ms(message.sent_at),
            "document": about and {"id": about.id, "name": about.name, "media_type": about.media_type,
                                   "size_bytes": about.size_bytes}}


def _sent(request: web.Request, message: Message) -> web.Response:
    body = message_body(message)
    request.app[ROOMS].tell(message.encounter_id, body)
    return web.json_response(body)


def _visit(request: web.Request) -> str:
    return request.match_info.get("id") or request[ACTOR].appointment_id or ""


def _file_name(about: Document) -> str:
    return f"{about.name.rpartition('.')[0] or about.name}.{ENDINGS[about.media_type]}"
