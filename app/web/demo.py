"""The demo's own pages: the mailbox in which its patients' messages arrive. 404 outside demo mode."""

from dataclasses import asdict

from aiohttp import web

from app.actor import system
from app.errors import NotFound
from app.notifications import mailbox as box
from app.web.keys import DATABASE, REQUEST_ID, SETTINGS
from app.web.middleware import client_ip
from app.web.rendering import render


async def mailbox(request: web.Request) -> web.StreamResponse:
    """GET /demo/mailbox: messages of the demo clinic, newest first; as JSON for programs that ask for it."""
    if request.app[SETTINGS].mode != "demo":
        raise NotFound
    actor = system("demo").at(client_ip(request), request[REQUEST_ID])
    mails = await request.app[DATABASE].read(actor, box.recent)
    if "application/json" in request.headers.get("Accept", ""):
        return web.json_response([asdict(mail) | {"at": mail.at.isoformat()} for mail in mails])
    return render(request, "demo/mailbox.html", mails=mails)
