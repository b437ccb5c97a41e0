"""The planner: a doctor's week, every doctor's day. Positions are wall-clock times; links carry instants."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from app import i18n
from app.db import Tx
from app.people import Practitioner
from app.scheduling import agenda, french_days, month, series
from app.scheduling.agenda import AgendaEntry, Board, FreeSlot
from app.scheduling.intervals import Interval
from app.scheduling.tables import DeskHold, Motif
from app.scheduling.wall import day_bounds, is_repeated
from app.web.keys import ACTOR, DATABASE, LANGUAGE
from app.web.rendering import render, translated, url

WORKING_DAYS = 5
TEAM = 5  # doctors side by side, unless others are chosen
WHERE = ("view", "on", "practitioner", "doctors")
FIRST_HOUR, LAST_HOUR = 8, 18  # shown even when nothing is open
EARLIEST_FIRST = 12
REACH = timedelta(days=5 * 366)  # pages do not lead further than this


@dataclass(frozen=True, slots=True)
class Start:
    """What a page of the planner is about when the address says nothing."""

    clinic: agenda.Clinic
    today: date
    chosen: str


async def planner(request: web.Request) -> web.Response:
    """GET /planner: the week of one doctor, or with view=day the day of all."""
    asked = request.query.get("practitioner", "")
    start = await request.app[DATABASE].read(request[ACTOR], _start, asked)
    on = day_asked(request.query.get("on", ""), start.today)
    page = {"day": _day, "team": _team, "month": _month}.get(request.query.get("view", ""), _week)
    return await page(request, start, on)


async def _team(request: web.Request, start: Start, on: date) -> web.Response:
    """The week of several doctors side by side: each day has a column for each."""
    monday = on - timedelta(days=on.weekday())
    known = [d.id for d in start.clinic.practitioners]
    asked = [d for d in request.query.get("doctors", "").split(",") if d in known] or known[:TEAM]
    chosen = [d for d in start.clinic.practitioners if d.id in asked]
    board = await request.app[DATABASE].read(request[ACTOR], agenda.board, asked, monday, monday + timedelta(days=6))
    days, lang, shown = _shown_days(monday, board), request[LANGUAGE], ",".join(asked)
    notes = day_notes(request, board.clinic, days[0], days[-1])
    columns = [
        _column(request, board, doctor.id, day, f"{doctor.prefix} {doctor.family}".strip(),
                url(request, "planner", practitioner=doctor.id, on=day), day == start.today)
        | {"notes": [i18n.short_day(day, lang, _zone_name(board)), *notes[day]], "first": doctor is chosen[0]}
        for day in days for doctor in chosen]

    def week(begin: date, doctors: str = shown) -> str:
        return url(request, "planner", view="team", on=begin, doctors=doctors)

    return render(
        request, "scheduler/planner_team.html", here="planner", zone=_zone_name(board), columns=columns, notes=[],
        title=i18n.days_of(days[0], days[-1], lang), **_hours(columns), undo=await _notice(request),
        practitioners=[{"name": d.name, "here": d.id in asked,
                        "href": week(monday, ",".join(_toggled(asked, d.id)))} for d in start.clinic.practitioners],
        previous=week(monday - timedelta(days=7)), following=week(monday + timedelta(days=7)),
        today_href=week(start.today), **views(request, "team", monday, start.chosen),
        **_actions(request, max(monday, start.today)),
    )


def _toggled(chosen: list[str], one: str) -> list[str]:
    return [d for d in chosen if d != one] or chosen if one in chosen else [*chosen, one]


async def _month(request: web.Request, start: Start, on: date) -> web.Response:
    """How full each day is; each leads to the day itself."""
    first, asked = on.replace(day=1), request.query.get("practitioner", "")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    known = start.clinic.practitioners
    chosen = [d.id for d in known if d.id == asked] or [d.id for d in known]
    full = await request.app[DATABASE].read(request[ACTOR], month.loads, chosen, first, last)
    notes = day_notes(request, start.clinic, first, last)
    before = [None] * first.weekday()
    cells = [*before, *({"on": day, "today": day == start.today, "past": day < start.today, "notes": notes[day],
                         "load": full[day], "href": url(request, "planner", view="day", on=day)} for day in full)]
    cells += [None] * (-len(cells) % 7)
    one = asked if asked in chosen and len(known) > 1 else ""

    def there(day: date, doctor: str = one) -> str:
        return url(request, "planner", view="month", on=day, **({"practitioner": doctor} if doctor else {}))

    zone = start.clinic.organization.zone
    return render(
        request, "scheduler/planner_month.html", here="planner", zone=zone, notes=[], undo=None,
        title=i18n.month(first, request[LANGUAGE]), weeks=[cells[n:n + 7] for n in range(0, len(cells), 7)],
        weekdays=[i18n.weekday(n, request[LANGUAGE]) for n in range(7)],
        practitioners=[{"name": "", "here": not one, "href": there(first, "")}] * (len(known) > 1) + [
            {"name": d.name, "here": d.id == one, "href": there(first, d.id)} for d in known],
        previous=there(first - timedelta(days=1)), following=there(last + timedelta(days=1)),
        today_href=there(start.today), **_actions(request, max(first, start.today)),
        **views(request, "month", start.today if first <= start.today <= last else first, start.chosen),
    )


def _actions(request: web.Request, on: date) -> dict[str, Any]:
    return {"book_href": url(request, "book", on=on), "away_href": url(request, "absence", on=on)}


def views(request: web.Request, here: str, on: date, practitioner_id: str) -> dict[str, Any]:
    """The ways of looking at the planner, and what the address of this one says."""
    ways = {"week": url(request, "planner", practitioner=practitioner_id, on=on),
            **{view: url(request, "planner", view=view, on=on) for view in ("day", "team", "month")}}
    return {"views": [{"view": view, "href": href, "here": view == here} for view, href in ways.items()],
            "query": request.query_string}


async def _week(request: web.Request, start: Start, on: date) -> web.Response:
    monday = on - timedelta(days=on.weekday())
    doctors = start.clinic.practitioners
    read = request.app[DATABASE].read
    board = await read(request[ACTOR], agenda.board, [start.chosen], monday, monday + timedelta(days=6))
    notice = await _notice(request)
    days = _shown_days(monday, board)
    notes = day_notes(request, board.clinic, days[0], days[-1])
    columns = [_column(request, board, start.chosen, day, i18n.short_day(day, request[LANGUAGE], _zone_name(board)),
                       url(request, "planner", view="day", on=day), day == start.today) | {"notes": notes[day]}
               for day in days]
    return render(
        request, "scheduler/planner_week.html", here="planner", zone=_zone_name(board), columns=columns,
        title=i18n.days_of(days[0], days[-1], request[LANGUAGE]), **_hours(columns), undo=notice, notes=[],
        practitioners=[{"id": d.id, "name": d.name, "here": d.id == start.chosen,
                        "href": url(request, "planner", practitioner=d.id, on=monday)} for d in doctors],
        previous=url(request, "planner", practitioner=start.chosen, on=monday - timedelta(days=7)),
        following=url(request, "planner", practitioner=start.chosen, on=monday + timedelta(days=7)),
        today_href=url(request, "planner", practitioner=start.chosen),
        **views(request, "week", start.today if start.today in days else monday, start.chosen),
        book_href=url(request, "book", practitioner=start.chosen, on=max(monday, start.today)),
        away_href=url(request, "absence", practitioner=start.chosen, on=start.today if start.today in days else monday),
        counts={"booked": len(board.entries), "free": len(board.free)},
    )


async def _day(request: web.Request, start: Start, on: date) -> web.Response:
    board = await request.app[DATABASE].read(request[ACTOR], agenda.board, None, on, on)
    columns = [_column(request, board, doctor.id, on, doctor.name,
                       url(request, "planner", practitioner=doctor.id, on=on), on == start.today)
               for doctor in start.clinic.practitioners]
    return render(
        request, "scheduler/planner_day.html", here="planner", zone=_zone_name(board), columns=columns,
        title=i18n.day(on, request[LANGUAGE], _zone_name(board)), **_hours(columns), undo=await _notice(request),
        notes=day_notes(request, board.clinic, on, on)[on],
        previous=url(request, "planner", view="day", on=on - timedelta(days=1)),
        following=url(request, "planner", view="day", on=on + timedelta(days=1)),
        today_href=url(request, "planner", view="day"), **views(request, "day", on, start.chosen),
        **_actions(request, on),
    )


def day_notes(request: web.Request, clinic: agenda.Clinic, first: date, last: date) -> dict[date, list[str]]:
    """What the planner says of each day: a public holiday's name, school holidays."""
    public = french_days.public(clinic.organization.holiday_place, first, last, request[LANGUAGE])
    school = french_days.school(clinic.organization.school_zone, first, last)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {on: [*([public[on]] if on in public else []),
                 *([translated(request, school[on])] if on in school else [])] for on in days}


def day_asked(text: str, today: date) -> date:
    """The day an address names; today when it names none or one out of reach."""
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return today
    return on if abs(on - today) <= REACH else today


def slot_label(instant: datetime, lang: str, zone: ZoneInfo) -> str:
    """A time of day; with its UTC offset in the night that shows it twice."""
    label = i18n.clock_time(instant, lang, zone.key)
    return f"{label} (UTC{instant.astimezone(zone):%z})" if is_repeated(instant, zone) else label


def motif_label(motif: Motif, lang: str) -> str:
    """A motif's name in the page's language."""
    return motif.label_fr if lang == "fr" else motif.label_en


def start_value(instant: datetime) -> str:
    """An instant as forms and addresses carry it: 2026-11-23T13:15Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def _start(tx: Tx, asked: str) -> Start:
    clinic = agenda.clinic(tx)
    ids = [p.id for p in clinic.practitioners]
    chosen = asked if asked in ids else (tx.actor.practitioner_id or "")
    return Start(clinic, tx.now.astimezone(clinic.zone).date(), chosen if chosen in ids else next(iter(ids), ""))


def _shown_days(monday: date, board: Board) -> list[date]:
    zone = board.clinic.zone
    used = {i.start.astimezone(zone).date() for opened in board.opened.values() for i in opened}
    used |= {e.appointment.start_at.astimezone(zone).date() for e in board.entries}
    last = max((n for n in range(7) if monday + timedelta(days=n) in used), default=0)
    return [monday + timedelta(days=n) for n in range(max(WORKING_DAYS, last + 1))]


def _column(request: web.Request, board: Board, doctor: str, on: date, title: str, href: str, today: bool
            ) -> dict[str, Any]:
    zone = board.clinic.zone
    day = Interval(*day_bounds(on, zone))
    booking = url(request, "book", practitioner=doctor)
    return {
        "title": title, "href": href, "today": today, "practitioner_id": doctor, "notes": [],
        "first": False,
        "open": [_place(part, day, zone) | {"over": part.end <= board.now} for i in board.opened.get(doctor, [])
                 for part in _before_and_after(board.now, i) if part.overlaps(day)],
        "now": board.now.astimezone(zone).replace(tzinfo=None) if day.start <= board.now < day.end else None,
        "entries": _in_order(
            [_free(booking, slot, day, zone) for slot in board.free_of(doctor)
             if day.start <= slot.start_at < day.end]
            + [_held(request, hold, day, zone) for hold in board.holds
               if hold.practitioner_id == doctor and day.start <= hold.start_at < day.end]
            + [_entry(request, e, day, zone, board.now) for e in board.entries_of(doctor)
               if day.start <= e.appointment.start_at < day.end]),
    }


def _before_and_after(now: datetime, interval: Interval) -> list[Interval]:
    if interval.start < now < interval.end:
        return [Interval(interval.start, now), Interval(now, interval.end)]
    return [interval]


def _in_order(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Instants, not wall-clock times: the night that clocks go back shows two o'clock twice.
    return sorted(entries, key=lambda entry: entry["at"])


def _place(interval: Interval, day: Interval, zone: ZoneInfo) -> dict[str, Any]:
    """Where something stands in its column; only the part that lies in the day, in wall-clock minutes."""
    start = max(interval.start, day.start).astimezone(zone).replace(tzinfo=None)
    end = min(interval.end, day.end).astimezone(zone).replace(tzinfo=None)
    minutes = max(5, round((end - start).total_seconds() / 60))
    # Said in classes, because the page's policy allows no inline style (planner.css, day.css): a week has a thousand.
    return {"start": start, "minutes": minutes, "time": f"{start.hour:02d}:{start.minute:02d}",
            "place": f"h{start.hour} m{start.minute // 5 * 5} d{max(minutes // 5 * 5, 5)}"}


def _free(booking: str, slot: FreeSlot, day: Interval, zone: ZoneInfo) -> dict[str, Any]:
    """`booking`: the address of the booking page for this doctor."""
    on, value = slot.start_at.astimezone(zone).date(), start_value(slot.start_at)
    return _place(Interval(slot.start_at, slot.end_at), day, zone) | {
        "free": True, "at": slot.start_at, "href": f"{booking}&on={on}&start={value}", "value": value}


def _held(request: web.Request, hold: DeskHold, day: Interval, zone: ZoneInfo) -> dict[str, Any]:
    said = translated(request, HELD_BY, {"name": i18n.isolated(hold.holder_name),
                                         "time": slot_label(hold.held_until, request[LANGUAGE], zone)})
    return _place(Interval(hold.start_at, hold.end_at), day, zone) | {
        "free": False, "at": hold.start_at, "held": said}


def _entry(request: web.Request, entry: AgendaEntry, day: Interval, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    row, who = entry.appointment, entry.identity
    return _place(Interval(row.start_at, row.end_at), day, zone) | {
        "free": False, "held": "", "at": row.start_at, "id": row.id, "status": row.status, "full_name": who.name,
        "name": f"{who.given[:1]}. {who.family}", "label": motif_label(entry.motif, request[LANGUAGE]),
        "movable": row.status == "booked" and row.start_at > now,
    }


def _hours(columns: list[dict[str, Any]]) -> dict[str, int]:
    placed = [p for c in columns for p in (*c["open"], *c["entries"])]
    starts = [p["start"].hour for p in placed]
    ends = [-(-(p["start"].hour * 60 + p["start"].minute + p["minutes"]) // 60) for p in placed]
    first = min(min(starts, default=FIRST_HOUR), EARLIEST_FIRST)
    return {"first_hour": first, "last_hour": min(24, max(ends, default=LAST_HOUR))}


async def _notice(request: web.Request) -> dict[str, Any] | None:
    """What was just done to an appointment, and how to take it back."""
    done, appointment_id = request.query.get("done", ""), request.query.get("appointment", "")
    if done not in NOTICES or not appointment_id:
        return None
    entry = await request.app[DATABASE].read(request[ACTOR], agenda.appointment, appointment_id)
    row = entry.appointment
    clinic = await request.app[DATABASE].read(request[ACTOR], agenda.clinic)
    moment = i18n.moment(row.start_at, request[LANGUAGE], clinic.organization.zone)
    several = await request.app[DATABASE].read(request[ACTOR], series.of, row.series_id) if row.series_id else []
    if done == "booked" and len(several) > 1:  # perhaps not all that were wanted: say which
        done = "series"
        moment = "; ".join(i18n.moment(one.start_at, request[LANGUAGE], clinic.organization.zone) for one in several)
    text = translated(request, NOTICES[done], {"name": i18n.isolated(entry.identity.name), "moment": moment})
    if done == "cancelled":
        return {"text": text, "action": url(request, "appointment-restoration", id=row.id), "fields": {}}
    back = {"start": request.query.get("was", ""), "practitioner": request.query.get("doctor", row.practitioner_id),
            "view": urlencode({key: request.query[key] for key in WHERE if key in request.query})}
    if done in ("moved", "dragged") and back["start"]:
        return {"text": text, "action": url(request, "appointment-time", id=row.id), "fields": back}
    return {"text": text, "action": "", "fields": {}}


def _(text: str) -> str:
    return text  # marks catalogue texts; they are translated when shown


HELD_BY = _("Held by %(name)s until %(time)s")
NOTICES = {
    "booked": _("Booked for %(name)s, %(moment)s. The invitation is on its way."),
    "cancelled": _("The appointment of %(name)s, %(moment)s, is cancelled. The patient is told."),
    "dragged": _("The appointment of %(name)s is moved to %(moment)s. "
                 "The patient is told in a moment, unless you undo it."),
    "moved": _("The appointment of %(name)s is moved to %(moment)s. The patient is told."),
    "series": _("Booked for %(name)s: %(moment)s. The invitations are on their way."),
    "restored": _("The appointment of %(name)s, %(moment)s, stands again."),
}


def _zone_name(board: Board) -> str:
    return board.clinic.organization.zone


def doctor_named(practitioners: list[Practitioner], practitioner_id: str) -> str:
    """A doctor's name; empty for one who left."""
    return next((p.name for p in practitioners if p.id == practitioner_id), "")
