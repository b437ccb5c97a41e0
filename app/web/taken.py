"""What the desk is told about a time that cannot be had: who holds it and until when, if a colleague does."""

from aiohttp import web

from app import i18n
from app.scheduling import agenda
from app.scheduling.booking import SlotTaken
from app.web.keys import ACTOR, DATABASE, LANGUAGE
from app.web.rendering import say, translated


async def taken_said(request: web.Request, taken: SlotTaken) -> str:
    """For schedulers only: patients do not read who holds what."""
    if taken.held is None:
        return say(request, taken)
    clinic = await request.app[DATABASE].read(request[ACTOR], agenda.clinic)
    until = i18n.clock_time(taken.held.held_until, request[LANGUAGE], clinic.organization.zone)
    return translated(request, "Held by %(name)s until %(time)s. Choose another time, or wait.",
                      {"name": i18n.isolated(taken.held.holder_name), "time": until})
