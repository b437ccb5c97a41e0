"""Home, health and metrics: what is neither patient's nor staff's."""

import asyncio

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.actor import Role
from app.db import Tx
from app.errors import NotFound
from app.scheduling import selfservice
from app.web.keys import ACTOR, DATABASE, SETTINGS
from app.web.rendering import render, see_other

START_PAGE = {Role.DOCTOR: "queue", Role.SCHEDULER: "planner", Role.ADMINISTRATOR: "audit"}


async def home(request: web.Request) -> web.StreamResponse:
    """Staff go to their first page; others see what this place is (in demo mode, who can sign in)."""
    if page := START_PAGE.get(request[ACTOR].role):
        return see_other(request, page)
    bookable = await request.app[DATABASE].read(request[ACTOR], selfservice.open_to_public)
    return render(request, "home.html", bookable=bookable)


async def health(request: web.Request) -> web.StreamResponse:
    """200 when the database answers; for supervisors and proxies."""
    await asyncio.wait_for(request.app[DATABASE].read(request[ACTOR], _answers), timeout=5)
    return web.json_response({"status": "ok"})


def _answers(tx: Tx) -> bool:
    return tx.session.connection() is not None


async def metrics(request: web.Request) -> web.StreamResponse:
    """Prometheus metrics, without personal data; to this machine alone, never through the proxy."""
    if request.remote not in ("127.0.0.1", "::1") or "X-Forwarded-For" in request.headers:
        raise NotFound
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def design(request: web.Request) -> web.StreamResponse:
    """Every piece of the design system on one page; demo mode only."""
    if request.app[SETTINGS].mode != "demo":
        raise NotFound
    return render(request, "design.html")
