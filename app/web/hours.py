"""A doctor's opening hours, the days that differ, and the clinic's public holidays."""

from datetime import date
from typing import Any

from aiohttp import web

from app.db import Tx
from app.errors import Conflict, Invalid
from app.scheduling import agenda, clinic_days, french_days, planning
from app.scheduling.clinic_days import CalendarForm, Holiday
from app.scheduling.planning import DayForm, Hours, HoursForm, LanguagesForm
from app.scheduling.tables import AvailabilityException, AvailabilityRule
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, LANGUAGE
from app.web.planner import motif_label
from app.web.rendering import render, say, see_other, translated, url
from app.web.resources import choice, ticked

WEEK = range(7)


async def availability(request: web.Request) -> web.Response:
    """GET /availability: one doctor's hours."""
    return await _page(request)


async def open_weekly(request: web.Request) -> web.StreamResponse:
    """POST /availability/hours: open the same hours every week."""
    fields = await form_of(request)
    days = ",".join(str(n) for n in WEEK if fields.get(f"day{n}"))
    try:
        form = parse(HoursForm, {"weekdays": days, "motif_id": fields.get("motif", ""), **fields})
        await request.app[DATABASE].write(request[ACTOR], planning.open_weekly, fields.get("practitioner", ""), form)
    except (Invalid, Conflict) as refusal:
        return await _page(request, refusal)
    return _back(request, fields, "opened")


async def close_weekly(request: web.Request) -> web.StreamResponse:
    """POST /availability/hours/{id}/closing: end weekly hours; the page offers to open them again."""
    rule = await request.app[DATABASE].write(request[ACTOR], planning.close_weekly, request.match_info["id"])
    return see_other(request, "availability", practitioner=rule.practitioner_id, done="closed", **_as_query(rule))


async def add_exception(request: web.Request) -> web.StreamResponse:
    """POST /availability/days: leave, closed hours or extra hours."""
    fields = await form_of(request)
    try:
        form = parse(DayForm, {"kind": "open" if fields.get("closed") == "no" else "closed", **fields})
        await request.app[DATABASE].write(request[ACTOR], planning.differ, fields.get("practitioner", ""), form)
    except (Invalid, Conflict) as refusal:
        return await _page(request, refusal)
    return _back(request, fields, "differs")


async def remove_exception(request: web.Request) -> web.StreamResponse:
    """POST /availability/days/{id}/removal: that day is as usual again; the page offers to undo."""
    row = await request.app[DATABASE].write(request[ACTOR], planning.as_usual, request.match_info["id"])
    return see_other(request, "availability", practitioner=row.practitioner_id, done="usual", **_as_query(row))


async def speak(request: web.Request) -> web.StreamResponse:
    """POST /availability/languages: in which languages a doctor receives."""
    fields = await form_of(request)
    try:
        form = parse(LanguagesForm, {"languages": ",".join(ticked(fields))})
        await request.app[DATABASE].write(request[ACTOR], planning.speaks, fields.get("practitioner", ""), form)
    except Invalid as refusal:
        return await _page(request, refusal)
    return _back(request, fields, "languages")


async def keep_calendar(request: web.Request) -> web.StreamResponse:
    """POST /availability/calendar: whose public and school holidays the clinic keeps."""
    fields = await form_of(request)
    try:
        await request.app[DATABASE].write(request[ACTOR], clinic_days.keep, parse(CalendarForm, fields))
    except Invalid as refusal:
        return await _page(request, refusal)
    return _back(request, fields, "calendar")


async def work_on_holiday(request: web.Request) -> web.StreamResponse:
    """POST /availability/holidays: a doctor works on a public holiday, or not after all."""
    fields = await form_of(request)
    try:
        on = date.fromisoformat(fields.get("on", ""))
    except ValueError:
        return await _page(request, Invalid(fields={"form": "This is not valid."}))
    try:
        await request.app[DATABASE].write(request[ACTOR], clinic_days.work_on, fields.get("practitioner", ""), on,
                                          open=fields.get("open") == "yes")
    except Conflict as refusal:
        return await _page(request, refusal)
    return _back(request, fields, "holiday-open" if fields.get("open") == "yes" else "holiday-closed")


def _back(request: web.Request, fields: dict[str, str], done: str) -> web.Response:
    return see_other(request, "availability", practitioner=fields.get("practitioner", ""), done=done)


def _as_query(row: AvailabilityRule | AvailabilityException) -> dict[str, str]:
    """What was removed, as the form that makes it again."""
    values: dict[str, Any] = row.model_dump(exclude={"id", "practitioner_id", "motif_id", "weekday", "closed"})
    if isinstance(row, AvailabilityRule):
        values |= {f"day{row.weekday}": "yes", "motif": row.motif_id or ""}
    else:
        values["closed"] = "yes" if row.closed else "no"
    return {key: value.isoformat(*_minutes(value)) if hasattr(value, "isoformat") else value
            for key, value in values.items() if value not in (None, "")}


def _minutes(value: object) -> tuple[str, ...]:
    return ("minutes",) if hasattr(value, "minute") else ()


def _read(tx: Tx, asked: str, lang: str) -> tuple[agenda.Clinic, Hours | None, list[Holiday]]:
    clinic = agenda.clinic(tx)
    ids = [p.id for p in clinic.practitioners]
    chosen = asked if asked in ids else next(iter(ids), "")
    if not chosen:
        return clinic, None, []
    return clinic, planning.hours(tx, chosen), clinic_days.ahead(tx, chosen, lang)


async def _page(request: web.Request, refusal: Invalid | Conflict | None = None) -> web.Response:
    fields = dict(await form_of(request)) if request.method == "POST" else {}
    asked = fields.get("practitioner", "") or request.query.get("practitioner", "")
    lang = request[LANGUAGE]
    clinic, hours, holidays = await request.app[DATABASE].read(request[ACTOR], _read, asked, lang)
    motifs = {m.id: motif_label(m, lang) for m in clinic.motifs}
    errors = {field: translated(request, text) for field, text in getattr(refusal, "fields", {}).items()}
    if refusal and not errors:
        errors = {"form": say(request, refusal)}
    return render(
        request, "scheduler/availability.html", status=refusal.status if refusal else 200, here="availability",
        zone=clinic.organization.zone, practitioner=hours.practitioner if hours else None,
        practitioners=[{"id": p.id, "name": p.name, "href": url(request, "availability", practitioner=p.id),
                        "here": hours is not None and p.id == hours.practitioner.id} for p in clinic.practitioners],
        rules=[_rule(r, motifs) for r in hours.rules] if hours else [], exceptions=hours.exceptions if hours else [],
        outside=[{"id": e.appointment.id, "start_at": e.appointment.start_at, "name": e.identity.name}
                 for e in hours.outside] if hours else [],
        holidays=holidays, places=[(place, translated(request, PLACES[place])) for place in ("", *french_days.PLACES)],
        place=clinic.organization.holiday_place, school_zone=clinic.organization.school_zone,
        languages=choice(planning.SPOKEN, lang), speaks=_speaks(hours, fields),
        motifs=clinic.motifs, typed=fields, errors=errors, notice=_notice(request),
    )


def _speaks(hours: Hours | None, fields: dict[str, str]) -> list[str]:
    if fields.get("form") == "languages":
        return ticked(fields)
    return hours.practitioner.languages.split(",") if hours else []


def _rule(rule: AvailabilityRule, motifs: dict[str, str]) -> dict[str, Any]:
    return {"id": rule.id, "weekday": rule.weekday, "start": rule.start, "end": rule.end,
            "motif_label": motifs.get(rule.motif_id or "", ""), "valid_from": rule.valid_from,
            "valid_until": rule.valid_until}


def _(text: str) -> str:
    return text  # marks catalogue texts; they are translated when shown


PLACES = {
    "": _("No public holidays"),
    "FR": _("France, except Alsace-Moselle and overseas"), "57": _("Moselle"), "6AE": _("Alsace"),
    "971": _("Guadeloupe"), "972": _("Martinique"), "973": _("French Guiana"), "974": _("Réunion"), "976": _("Mayotte"),
    "BL": _("Saint Barthélemy"), "MF": _("Saint Martin"), "PM": _("Saint Pierre and Miquelon"),
    "NC": _("New Caledonia"), "PF": _("French Polynesia"), "WF": _("Wallis and Futuna"),
}
NOTICES = {
    "opened": _("These hours are open."),
    "closed": _("These hours are closed. Appointments booked in them stay."),
    "differs": _("The day is noted."),
    "usual": _("This day is as usual again."),
    "languages": _("Saved: this doctor is found by these languages."),
    "calendar": _("Saved. What is booked on a public holiday stays booked."),
    "holiday-open": _("The usual hours hold on this public holiday."),
    "holiday-closed": _("This public holiday is closed."),
}
REMAKE = {"closed": "availability-hours", "usual": "availability-days"}


def _notice(request: web.Request) -> dict[str, Any] | None:
    """What was just done; for what was removed, the form that makes it again."""
    done = request.query.get("done", "")
    if done not in NOTICES:
        return None
    fields = {key: value for key, value in request.query.items() if key != "done"}
    action = url(request, REMAKE[done]) if done in REMAKE else ""
    return {"text": translated(request, NOTICES[done]), "action": action, "fields": fields if action else {}}
