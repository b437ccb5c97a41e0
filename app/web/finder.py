"""Finding a time from the keyboard: what one types, and the next free times that fit it."""

from typing import Any

from aiohttp import web

from app import i18n
from app.scheduling import finder
from app.scheduling.finder import Finding, Found, Wanted
from app.web.keys import ACTOR, DATABASE, LANGUAGE
from app.web.planner import motif_label, slot_label, start_value
from app.web.rendering import render, url
from app.web.resources import choice

EVENING_H = 17
LONGEST = 80


async def page(request: web.Request) -> web.StreamResponse:
    """GET /planner/finder: the next free times; with book=first, on to booking the first of them."""
    asked = request.query
    wanted = Wanted(asked.get("q", "")[:LONGEST], asked.get("practitioner", ""), asked.get("language", ""),
                    EVENING_H if asked.get("evening") else 0, bool(asked.get("week")))
    seen = await request.app[DATABASE].read(request[ACTOR], finder.find, wanted)
    found = [_time(request, seen, one) for one in seen.found]
    if asked.get("book") == "first" and found:
        raise web.HTTPSeeOther(found[0]["href"])
    lang, doctors = request[LANGUAGE], seen.clinic.practitioners
    spoken = {code for doctor in doctors for code in doctor.languages.split(",") if code}
    return render(
        request, "scheduler/finder.html", here="planner", zone=seen.clinic.organization.zone, wanted=wanted,
        found=found, practitioners=[(d.id, d.name) for d in doctors], known=bool(seen.motifs),
        languages=choice(spoken, lang),
    )


def _time(request: web.Request, seen: Finding, one: Found) -> dict[str, Any]:
    zone, lang, at = seen.clinic.zone, request[LANGUAGE], one.slot.start_at
    return {"motif": motif_label(one.motif, lang), "minutes": one.motif.duration_min, "doctor": one.practitioner.name,
            "day": i18n.day_month(at, lang, zone.key), "time": slot_label(at, lang, zone),
            "href": url(request, "book", practitioner=one.practitioner.id, motif=one.motif.id,
                        on=at.astimezone(zone).date(), start=start_value(at))}
