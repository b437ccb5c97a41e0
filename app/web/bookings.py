"""Booking a slot, and one appointment: moved, cancelled, brought back. Each page works without script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from app import i18n, people
from app.db import Tx
from app.errors import Invalid
from app.notifications import messages
from app.people import IdentityForm, PatientIdentity, directory
from app.people.directory import PatientHit
from app.scheduling import agenda, booking, history, resources, series
from app.scheduling.agenda import AgendaEntry, Board, FreeSlot
from app.scheduling.booking import LooksKnown, NotFree, SlotTaken
from app.scheduling.intervals import Interval
from app.scheduling.series import Occurrence, Repeat, SeriesTaken
from app.scheduling.tables import Appointment, Resource
from app.scheduling.wall import day_bounds
from app.web.attendance import beside
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, LANGUAGE
from app.web.planner import WHERE, day_asked, doctor_named, motif_label, slot_label, start_value
from app.web.rendering import render, say, see_other, translated, url
from app.web.resources import languages_named
from app.web.taken import taken_said

UPCOMING = 4  # slots offered when a day has none
KINDS = ("interpreter", "room")
YEARS = range(2000, 2200)  # beyond lies what no calendar can add a quarter of an hour to
UNDO_FOR_S = 20  # as long as what was dragged can be put back before the patient hears of it
CHOICE = ("practitioner", "motif", "on", "start", "patient", "interpreter", "room")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the booking page shows: a day of one doctor, and for whom."""

    board: Board
    on: date
    practitioner_id: str
    motif_id: str
    start_at: datetime | None
    upcoming: list[FreeSlot]
    patient: tuple[str, PatientIdentity] | None
    needed: dict[str, list[Resource]]  # what can be booked besides, by kind
    also: dict[str, str]               # what was chosen of it


@dataclass(frozen=True, slots=True)
class Card:
    """One appointment with all that its page shows."""

    entry: AgendaEntry
    clinic: agenda.Clinic
    messages: list[messages.Message]
    board: Board | None
    upcoming: list[FreeSlot]
    changes: list[history.Change]
    beside: dict[str, Any]
    resources: list[tuple[Resource, bool]]  # what it may need, and whether that is free


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a booking did not go through, for the page that is shown again."""

    errors: dict[str, str]
    duplicates: list[PatientHit]
    alternatives: list[FreeSlot]
    taken: str = ""
    status: int = 200
    occurrences: Sequence[Occurrence] = ()


NO_TROUBLE = Trouble({}, [], [])


async def book_form(request: web.Request) -> web.Response:
    """GET /planner/booking: with whom, for whom, when."""
    return await _book_page(request, {key: request.query.get(key, "") for key in CHOICE})


async def book(request: web.Request) -> web.StreamResponse:
    """POST /planner/booking: search a patient (step=search), or book for a known or a new one."""
    fields = await form_of(request)
    if fields.get("step") == "search":
        hits = await request.app[DATABASE].read(request[ACTOR], directory.search, fields.get("q", "")[:120])
        return await _book_page(request, fields, hits=hits)
    try:
        appointment = await _book(request, fields)
    except LooksKnown as doubt:
        return await _book_page(request, fields, Trouble({}, doubt.hits, [], status=doubt.status))
    except SlotTaken as taken:
        trouble = Trouble({}, [], taken.alternatives, await taken_said(request, taken), taken.status)
        return await _book_page(request, fields, trouble)
    except SeriesTaken as taken:
        trouble = Trouble({}, [], [], status=taken.status, occurrences=taken.occurrences)
        return await _book_page(request, fields, trouble)
    except Invalid as refusal:
        return await _book_page(request, fields, Trouble(_spoken(request, refusal), [], [], status=refusal.status))
    return see_other(request, "planner", practitioner=appointment.practitioner_id, done="booked",
                     on=await _local_day(request, appointment), appointment=appointment.id)


async def appointment(request: web.Request) -> web.Response:
    """GET /appointments/{id}."""
    return await _appointment_page(request)


async def new_time(request: web.Request) -> web.Response:
    """GET /appointments/{id}/time: where it may move to."""
    return await _appointment_page(request, doing="move")


async def move(request: web.Request) -> web.StreamResponse:
    """POST /appointments/{id}/time."""
    fields, appointment_id = await form_of(request), request.match_info["id"]
    db, actor = request.app[DATABASE], request[ACTOR]
    try:
        was = (await db.read(actor, agenda.appointment, appointment_id)).appointment
        moved = await db.write(actor, booking.move, appointment_id, instant(fields.get("start", "")),
                               fields.get("practitioner") or None, fields.get("why", ""),
                               undo_for_s=UNDO_FOR_S if "view" in fields else 0)
    except SlotTaken as taken:
        trouble = Trouble({}, [], taken.alternatives, await taken_said(request, taken), taken.status)
        return await _appointment_page(request, trouble, doing="move")
    except Invalid as refusal:
        return await _appointment_page(request, Trouble(_spoken(request, refusal), [], [], status=refusal.status),
                                       doing="move")
    here = {"practitioner": moved.practitioner_id, "on": await _local_day(request, moved)}
    here |= {key: value for key, value in parse_qsl(fields.get("view", "")) if key in WHERE}  # where it was dragged
    return see_other(request, "planner", **here, done="dragged" if "view" in fields else "moved",
                     appointment=moved.id, was=start_value(was.start_at), doctor=was.practitioner_id)


async def cancellation(request: web.Request) -> web.Response:
    """GET /appointments/{id}/cancellation: says what is lost, and asks."""
    return await _appointment_page(request, doing="cancel")


async def cancel(request: web.Request) -> web.StreamResponse:
    """POST /appointments/{id}/cancellation."""
    why = (await form_of(request)).get("why", "")
    gone = await request.app[DATABASE].write(request[ACTOR], booking.cancel, request.match_info["id"], why)
    return see_other(request, "planner", practitioner=gone.practitioner_id, done="cancelled", appointment=gone.id,
                     on=await _local_day(request, gone))


async def equip(request: web.Request) -> web.StreamResponse:
    """POST /appointments/{id}/resources: another interpreter or room, or none."""
    fields, appointment_id = await form_of(request), request.match_info["id"]
    wanted = [fields[kind] for kind in KINDS if fields.get(kind)]
    db, actor = request.app[DATABASE], request[ACTOR]
    try:
        had = (await db.read(actor, agenda.appointment, appointment_id)).resources
        await db.write(actor, booking.equip, appointment_id, wanted)
    except NotFree as taken:
        return await _appointment_page(request, Trouble({"resource": say(request, taken)}, [], [], status=taken.status))
    except Invalid as refusal:
        return await _appointment_page(request, Trouble(_spoken(request, refusal), [], [], status=refusal.status))
    return see_other(request, "appointment", id=appointment_id, done="equipped", **{row.kind: row.id for row in had})


async def restore(request: web.Request) -> web.StreamResponse:
    """POST /appointments/{id}/restoration: take a cancellation back."""
    try:
        back = await request.app[DATABASE].write(request[ACTOR], booking.undo_cancel, request.match_info["id"])
    except SlotTaken as taken:
        return await _appointment_page(request, Trouble({}, [], [], await taken_said(request, taken), taken.status))
    return see_other(request, "planner", practitioner=back.practitioner_id, done="restored", appointment=back.id,
                     on=await _local_day(request, back))


def instant(text: str) -> datetime:
    """The instant a form carries, such as 2026-11-23T13:15Z. Raises Invalid."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at.second or at.microsecond or at.year not in YEARS:
        raise Invalid(fields={"start": "Please choose a time."})
    return at


async def _book(request: web.Request, fields: dict[str, str]) -> Appointment:
    db, actor, patient_id = request.app[DATABASE], request[ACTOR], fields.get("patient", "")
    place: dict[str, Any] = {
        "practitioner_id": fields.get("practitioner", ""), "motif_id": fields.get("motif", ""),
        "resource_ids": [fields[kind] for kind in KINDS if fields.get(kind)],
        "repeat": parse(Repeat, {name: fields[name] for name in ("count", "weeks")
                                 if fields.get(name)}) if fields.get("count") else None,
        "all_or_none": fields.get("as_many") != "yes"}
    start_at = instant(fields.get("start", ""))
    if patient_id:
        return await db.write(actor, _book_for_known, patient_id, start_at, **place)
    identity = parse(IdentityForm, fields).identity()
    return await db.write(actor, _book_for_new, identity, start_at, certain=fields.get("new_person") == "yes", **place)


def _book_for_new(tx: Tx, /, identity: PatientIdentity, start_at: datetime, *, certain: bool, **place: Any
                  ) -> Appointment:
    return _book_for_known(tx, booking.registered(tx, identity, certain=certain), start_at, **place)


def _book_for_known(tx: Tx, /, patient_id: str, start_at: datetime, *, repeat: Repeat | None, all_or_none: bool,
                    **place: Any) -> Appointment:
    place |= {"patient_id": patient_id, "language": people.identity_of(tx, patient_id).language}
    if repeat:
        return series.book(tx, start_at, repeat, all_or_none=all_or_none, **place).appointments[0]
    return booking.book(tx, start_at=start_at, **place)


def _desk(tx: Tx, choice: dict[str, str]) -> Desk:
    clinic = agenda.clinic(tx)
    today = tx.now.astimezone(clinic.zone).date()
    on = max(day_asked(choice.get("on", ""), today), today)
    doctors, offered = [p.id for p in clinic.practitioners], [m.id for m in clinic.motifs if m.active]
    doctor = _one_of(choice.get("practitioner", ""), doctors)
    motif = _one_of(choice.get("motif", ""), offered)
    listed = resources.listed(tx)
    needed = {kind: [each for each in listed if each.kind == kind] for kind in KINDS}
    also = {kind: next((r.id for r in needed[kind] if r.id == choice.get(kind)), "") for kind in KINDS}
    wanted = [resource for resource in also.values() if resource]
    board = agenda.board(tx, [doctor], on, on, motif or None, wanted)
    length = next((timedelta(minutes=m.duration_min) for m in clinic.motifs if m.id == motif), timedelta(minutes=15))
    upcoming = [] if board.free or not doctor else agenda.next_slots(
        tx, doctor, length, max(board.now, day_bounds(on, clinic.zone)[0]), motif_id=motif or None, limit=UPCOMING,
        also=wanted)
    patient_id = choice.get("patient", "")
    patient = (patient_id, people.identity_of(tx, patient_id)) if patient_id else None
    return Desk(board, on, doctor, motif, _chosen(choice.get("start", "")), upcoming, patient, needed, also)


def _chosen(text: str) -> datetime | None:
    try:
        return instant(text)
    except Invalid:
        return None


def _one_of(asked: str, known: list[str]) -> str:
    return asked if asked in known else next(iter(known), "")


async def _book_page(request: web.Request, choice: dict[str, str], trouble: Trouble = NO_TROUBLE,
                     hits: list[PatientHit] | None = None) -> web.Response:
    desk = await request.app[DATABASE].read(request[ACTOR], _desk, choice)
    lang, clinic = request[LANGUAGE], desk.board.clinic
    # A free time that the grid of this length does not name (it came from the planner) is offered as well.
    free = sorted({s.start_at for s in desk.board.free} | _fitting(desk))
    here = {"practitioner": desk.practitioner_id, "motif": desk.motif_id, "on": desk.on.isoformat(), **desk.also}
    return render(
        request, "scheduler/book.html", status=trouble.status, here="planner", zone=clinic.organization.zone,
        practitioners=[(p.id, p.name) for p in clinic.practitioners], practitioner_id=desk.practitioner_id,
        motifs=[(m.id, f"{motif_label(m, lang)} ({m.duration_min} min)") for m in clinic.motifs if m.active],
        motif_id=desk.motif_id, on=desk.on, start=start_value(desk.start_at) if desk.start_at else "",
        slots=[{"value": start_value(at), "time": slot_label(at, lang, clinic.zone)} for at in free],
        alternatives=_offered(request, trouble.alternatives or desk.upcoming, clinic),
        taken=trouble.taken, errors=trouble.errors, duplicates=_people(trouble.duplicates), typed=choice,
        query=choice.get("q", "") if hits is not None else "", hits=_people(hits or []), searched=hits is not None,
        interpreters=[(r.id, _named(r, lang)) for r in desk.needed["interpreter"]],
        rooms=[(r.id, r.name) for r in desk.needed["room"]], **desk.also,
        occurrences=[{"moment": i18n.moment(one.start_at, lang, clinic.organization.zone), "is_free": one.is_free,
                      "alternatives": [each["label"] for each in _offered(request, list(one.alternatives), clinic)]}
                     for one in trouble.occurrences],
        patient=_known(desk.patient), earliest=desk.board.now.astimezone(clinic.zone).date(),
        previous=url(request, "book", **(here | {"on": (desk.on - timedelta(days=1)).isoformat()}), **_kept(choice)),
        following=url(request, "book", **(here | {"on": (desk.on + timedelta(days=1)).isoformat()}), **_kept(choice)),
    )


def _fitting(desk: Desk) -> set[datetime]:
    """The time asked for, if free time holds the motif's whole length."""
    if desk.start_at is None or desk.start_at <= desk.board.now:
        return set()
    motif = next((m for m in desk.board.clinic.motifs if m.id == desk.motif_id), None)
    wanted = Interval(desk.start_at, desk.start_at + timedelta(minutes=motif.duration_min if motif else 0))
    opened = desk.board.opened.get(desk.practitioner_id, [])
    taken = any(wanted.overlaps(Interval(e.appointment.start_at, e.appointment.end_at)) for e in desk.board.entries)
    return set() if taken or not any(wanted.within(hours) for hours in opened) else {desk.start_at}


def _kept(choice: dict[str, str]) -> dict[str, str]:
    return {"patient": choice["patient"]} if choice.get("patient") else {}


def _offered(request: web.Request, slots: list[FreeSlot], clinic: agenda.Clinic) -> list[dict[str, str]]:
    lang = request[LANGUAGE]
    return [{"value": start_value(s.start_at), "practitioner_id": s.practitioner_id,
             "label": f"{i18n.short_date(s.start_at, lang, clinic.organization.zone)}, "
                      f"{slot_label(s.start_at, lang, clinic.zone)}"} for s in slots]


def _named(resource: Resource, lang: str) -> str:
    spoken = languages_named(resource, lang)
    return f"{resource.name} ({spoken})" if spoken else resource.name


def _people(hits: list[PatientHit]) -> list[dict[str, Any]]:
    return [{"id": hit.id, "name": hit.identity.name, "birth_date": hit.identity.birth_date} for hit in hits]


def _known(patient: tuple[str, PatientIdentity] | None) -> dict[str, Any] | None:
    if patient is None:
        return None
    who = patient[1]
    return {"id": patient[0], "name": who.name, "birth_date": who.birth_date, "contact": who.email or who.phone}


async def _appointment_page(request: web.Request, trouble: Trouble = NO_TROUBLE, doing: str = "") -> web.Response:
    fields = await form_of(request) if request.method == "POST" else request.query
    card = await request.app[DATABASE].read(request[ACTOR], _card, request.match_info["id"], doing == "move",
                                            fields.get("practitioner", ""), fields.get("on", ""))
    lang, clinic, row, who = request[LANGUAGE], card.clinic, card.entry.appointment, card.entry.identity
    on = day_asked(fields.get("on", ""), row.start_at.astimezone(clinic.zone).date())
    free = card.board.free if card.board else []
    return render(
        request, "scheduler/appointment.html", status=trouble.status, here="planner", zone=clinic.organization.zone,
        appointment=row, practitioner_name=doctor_named(clinic.practitioners, row.practitioner_id),
        motif_label=motif_label(card.entry.motif, lang),
        needs=[_named(r, lang) for r in card.entry.resources], **_choices(card, lang),
        had={kind: request.query.get(kind, "") for kind in KINDS} if request.query.get("done") == "equipped" else None,
        patient={"id": row.patient_id, "name": who.name, "birth_date": who.birth_date, "email": who.email,
                 "phone": who.phone},
        moving=doing == "move", cancelling=doing == "cancel", on=on, errors=trouble.errors, taken=trouble.taken,
        practitioners=[(p.id, p.name) for p in clinic.practitioners],
        practitioner_id=fields.get("practitioner", "") or row.practitioner_id,
        slots=[{"value": start_value(s.start_at), "label": slot_label(s.start_at, lang, clinic.zone)} for s in free],
        alternatives=_offered(request, trouble.alternatives or card.upcoming, clinic),
        messages_sent=[{"kind": m.kind, "channel": m.channel, "state": m.state, "at": m.sent_at or m.created_at}
                       for m in card.messages],
        changes=card.changes, **card.beside, restorable=row.status == "cancelled" and row.cancelled_at is not None,
        planner_href=url(request, "planner", practitioner=row.practitioner_id,
                         on=row.start_at.astimezone(clinic.zone).date()),
    )


def _choices(card: Card, lang: str) -> dict[str, Any]:
    """What else the visit may need when it is; the interpreter and the room that it has are chosen."""
    had = {row.kind: row.id for row in card.entry.resources}
    free = {kind: [(row.id, _named(row, lang)) for row, is_free in card.resources if row.kind == kind and is_free]
            for kind in KINDS}
    return {"interpreters": free["interpreter"], "rooms": free["room"],
            "occupied": [row.name for row, is_free in card.resources if not is_free],
            "interpreter": had.get("interpreter", ""), "room": had.get("room", "")}


def _card(tx: Tx, appointment_id: str, moving: bool, practitioner_id: str, on_text: str) -> Card:
    entry, clinic = agenda.appointment(tx, appointment_id), agenda.clinic(tx)
    told, more = messages.of_appointment(tx, appointment_id), beside(tx, entry.appointment)
    changes = history.of_appointment(tx, appointment_id)
    if not moving:
        return Card(entry, clinic, told, None, [], changes, more, resources.beside(tx, entry.appointment))
    row = entry.appointment
    doctor = practitioner_id or row.practitioner_id
    on = day_asked(on_text, row.start_at.astimezone(clinic.zone).date())
    also = [each.id for each in entry.resources]
    board = agenda.board(tx, [doctor], on, on, row.motif_id, also)
    upcoming = [] if board.free else agenda.next_slots(tx, doctor, row.end_at - row.start_at,
                                                       max(tx.now, day_bounds(on, clinic.zone)[0]),
                                                       motif_id=row.motif_id, limit=UPCOMING, also=also)
    return Card(entry, clinic, told, board, upcoming, changes, more, [])


async def _local_day(request: web.Request, row: Appointment) -> str:
    clinic = await request.app[DATABASE].read(request[ACTOR], agenda.clinic)
    return row.start_at.astimezone(clinic.zone).date().isoformat()


def _spoken(request: web.Request, refusal: Invalid) -> dict[str, str]:
    errors = {field: translated(request, text) for field, text in refusal.fields.items()}
    if "start_at" in errors:  # the domain's name of the field that the form calls start
        errors["start"] = errors.pop("start_at")
    return errors or {"": say(request, refusal)}
