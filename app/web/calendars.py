"""The doctor's calendars: the feed of their visits, and their own calendar that blocks time here."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, StringConstraints

from app import calendars
from app.actor import system
from app.calendars import CalendarLogin
from app.errors import Invalid
from app.notifications import calendar
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, REQUEST_ID, SETTINGS
from app.web.limits import RateLimit, household
from app.web.middleware import client_ip
from app.web.rendering import render, see_other, translated, url

FEEDS = RateLimit(60, 60)
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class LoginForm(BaseModel):
    """Where a doctor's own calendar is and how it is read."""

    url: Text
    user: Text
    password: Annotated[str, StringConstraints(max_length=200)] = ""


async def page(request: web.Request) -> web.Response:
    """GET /calendars."""
    return await _page(request)


async def share(request: web.Request) -> web.Response:
    """POST /calendars/feed: a new link, shown once; the one before ends."""
    token = await request.app[DATABASE].write(request[ACTOR], calendars.share)
    return await _page(request, link=request.app[SETTINGS].base_url + url(request, "calendar-feed", token=token))


async def revoke(request: web.Request) -> web.StreamResponse:
    """POST /calendars/feed/revocation."""
    await request.app[DATABASE].write(request[ACTOR], calendars.revoke)
    return see_other(request, "calendars", done="revoked")


async def block(request: web.Request) -> web.StreamResponse:
    """POST /calendars/busy: this calendar blocks time here; with stop=yes it does no more."""
    fields, db = await form_of(request), request.app[DATABASE]
    if fields.get("stop"):
        await db.write(request[ACTOR], calendars.unblock)
        return see_other(request, "calendars", done="unblocked")
    try:
        login = CalendarLogin(**parse(LoginForm, fields).model_dump())
        await db.write(request[ACTOR], calendars.block_with, login, request.app[SETTINGS].calendar_hosts)
    except Invalid as refusal:
        errors = {field: translated(request, text) for field, text in refusal.fields.items()}
        return await _page(request, typed=fields, errors=errors, status=refusal.status)
    return see_other(request, "calendars", done="blocked")


async def feed(request: web.Request) -> web.Response:
    """GET /calendar/{token}: a doctor's visits for their calendar program; changes nothing."""
    FEEDS.hit(household(client_ip(request)))
    reader = system("calendar feed").at(client_ip(request), request[REQUEST_ID])
    seen = await request.app[DATABASE].read(reader, calendars.feed, request.match_info["token"])
    site = request.app[SETTINGS]
    text = calendar.render_feed(seen, lambda visit: site.base_url + url(request, "visit", id=visit))
    return web.Response(text=text, content_type="text/calendar", headers={"Cache-Control": "no-store"})


def _(text: str) -> str:
    return text  # marks catalogue texts; they are translated when shown


DONE = {
    "revoked": _("The link answers nobody any more."),
    "blocked": _("Saved. The calendar is being read; reload this page in a moment to see whether it worked."),
    "unblocked": _("Your calendar blocks nothing here any more."),
}


async def _page(request: web.Request, *, link: str = "", typed: dict[str, str] | None = None,
                errors: dict[str, str] | None = None, status: int = 200) -> web.Response:
    own = await request.app[DATABASE].read(request[ACTOR], calendars.own)
    done = DONE.get(request.query.get("done", ""), "")
    shown: dict[str, Any] = typed or {"url": own.url, "user": own.user}
    return render(request, "doctor/calendars.html", status=status, here="calendars", own=own, link=link, typed=shown,
                  errors=errors or {}, zone=own.zone, done=translated(request, done) if done else "",
                  possible=bool(request.app[SETTINGS].calendar_hosts))
