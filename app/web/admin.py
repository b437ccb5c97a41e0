"""The administrator's audit trail: search, verify, export. Identifiers only, no patient data."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel, Field

from app import i18n
from app.audit import PAGE, AuditEvent, Verdict
from app.errors import Invalid
from app.record import accesses
from app.record.accesses import TrailQuery
from app.web.forms import parse
from app.web.keys import ACTOR, DATABASE, LANGUAGE, SETTINGS, TRAIL
from app.web.rendering import render, translated, url

EXPORT_PAGE, EXPORT_ROWS = 1000, 50_000
COLUMNS = ("seq", "at", "role", "actor_id", "actor_name", "action", "outcome", "purpose", "entity", "entity_id",
           "patient_id", "ip", "request_id", "detail")
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]
_MESSAGES = {  # what app.audit finds, as the page says it
    "an entry was removed or reordered": "An entry was removed or moved.",
    "an entry was edited or reordered": "An entry was changed or moved.",
    "the end of the chain is missing": "The end of the chain is missing.",
    "the trail was cut off": "The newest entries were cut off.",
    "the trail was cut off (the anchor file knows more entries)":
        "The newest entries were cut off: the anchor file knows more of them.",
    "the last entry is not the one the anchor file knows": "The last entry is not the one that the anchor file knows.",
    "the anchor file is missing": "The anchor file is missing.",
    "the anchor file was altered": "The anchor file was altered.",
    "the trail and its anchor file did not agree before this entry":
        "Before this entry the trail and its anchor file did not agree: entries were cut off, or the file was touched.",
}
MEANINGS: dict[str, str] = {  # what an entry of the trail says somebody did
    "slots:read": "Looked for free times",
    "slots:hold": "Held a time while filling in a form",
    "schedule:read": "Read the planner",
    "schedule:write": "Changed availability",
    "appointment:book": "Booked an appointment",
    "appointment:read": "Read an appointment",
    "appointment:move": "Moved an appointment",
    "appointment:equip": "Changed an appointment’s interpreter or room",
    "resource:write": "Changed the list of interpreters and rooms",
    "appointment:cancel": "Cancelled an appointment",
    "appointment:confirm": "Confirmed a time, or a held one",
    "visit:receive": "Noted that a patient came in at the clinic, or not after all",
    "appointment:switch": "Switched a visit to the phone, or back",
    "appointment:hold-end": "Let a held time go",
    "waitlist:read": "Read the waiting list",
    "waitlist:offer": "Offered a freed time",
    "patient:search": "Searched patients",
    "patient:read": "Read an identity",
    "patient:write": "Changed an identity",
    "record:read": "Opened a record",
    "record:write": "Changed a record",
    "queue:read": "Read the queue",
    "queue:tell": "Told patients of a delay",
    "visit:join": "Joined a visit",
    "visit:wait": "Waited for a visit",
    "visit:conduct": "Conducted a visit",
    "visit:withdraw": "Took back the agreement to a visit",
    "consent:give": "Gave or withdrew consent",
    "consent:read": "Read a consent",
    "communication:send": "Wrote or sent something in a visit",
    "communication:read": "Read the messages of visits",
    "document:read": "Opened a photo or document",
    "calendar:own": "Set up their own calendars",
    "attendance:mark": "Noted that a patient came late or never",
    "attendance:read": "Read who came late or never",
    "task:ask": "Asked that something be done about an appointment",
    "task:read": "Read what is to be done",
    "task:end": "Took on or ended a task",
    "guest:invite": "Invited to a visit by link, or locked its room",
    "guest:admit": "Let a guest into a visit, or sent them away",
    "guest:join": "Was a guest in a visit",
    "guest:knock": "Knocked at a visit",
    "transcript:read": "Read or listened to a transcript",
    "transcript:write": "Wrote to a transcript",
    "transcript:correct": "Corrected a transcript",
    "composition:read": "Read a note",
    "composition:write": "Changed a note",
    "composition:sign": "Asked to sign a note",
    "composition:signed": "Signed a note",
    "composition:amended": "Added to a signed note",
    "summary:release": "Edited or released a summary",
    "template:own": "Read or changed their note template",
    "letter:read": "Read a letter to the patient's doctor",
    "letter:release": "Edited or released a letter to the patient's doctor",
    "letter:released": "Released a letter to the patient's doctor",
    "summary:read": "Read a summary",
    "audio:destroyed": "Destroyed the sound of a visit",
    "audit:search": "Searched the audit trail",
    "audit:read-own": "Read who opened their record",
    "audit:fault": "Found the trail tampered with",
    "audit:acknowledged": "Acknowledged a fault of the trail",
    "account:manage": "Managed accounts",
    "account:own": "Changed their own account",
    "account:notice": "Was told of a change to the account",
    "session:begin": "Signed in",
    "session:end": "Signed out",
    "link:issue": "Issued a link",
    "link:revoke": "Revoked a link",
    "code:send": "Sent a code",
    "code:check": "Entered a code",
    "mailbox:read": "Read the demo mailbox",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that begins so


class Filters(BaseModel):
    """What the search form says; days are whole days in the clinic's zone."""

    who: Annotated[str, Field(max_length=100)] = ""
    action: Annotated[str, Field(max_length=40)] = ""
    patient: Annotated[str, Field(max_length=40)] = ""
    outcome: Literal["", "success", "refused", "failure"] = ""
    since: Day | None = None
    until: Day | None = None
    before: Annotated[int, Field(ge=1, lt=2**62)] | None = None

    def query(self, zone: ZoneInfo) -> TrailQuery:
        """As the domain searches."""
        return TrailQuery(
            who=self.who, action=self.action, patient_id=self.patient, outcome=self.outcome, before_seq=self.before,
            since=_midnight(self.since, zone) if self.since else None,
            until=_midnight(self.until + timedelta(days=1), zone) if self.until else None,
        )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


async def audit(request: web.Request) -> web.Response:
    """Search the trail."""
    return await _page(request)


async def verification(request: web.Request) -> web.Response:
    """Walk the whole chain and say whether it is whole."""
    verdict = await request.app[DATABASE].read(request[ACTOR], accesses.verify, request.app[TRAIL])
    return await _page(request, verdict)


async def export(request: web.Request) -> web.Response:
    """Everything the search finds, as CSV (UTF-8 with BOM, so that spreadsheets read accents)."""
    filters, errors = _filters(request)
    if errors:
        raise Invalid(fields=errors)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    async for event in _all(request, filters.query(_zone(request))):
        writer.writerow([_cell(event, column) for column in COLUMNS])
    return web.Response(body=out.getvalue().encode("utf-8-sig"), content_type="text/csv", charset="utf-8", headers={
        "Content-Disposition": 'attachment; filename="colloque-audit.csv"'})


async def _all(request: web.Request, query: TrailQuery) -> AsyncIterator[AuditEvent]:
    query = replace(query, limit=EXPORT_PAGE)
    for _ in range(EXPORT_ROWS // EXPORT_PAGE):
        events = await request.app[DATABASE].read(request[ACTOR], accesses.search, query)
        for event in events:
            yield event
        if len(events) < EXPORT_PAGE:
            return
        query = replace(query, before_seq=events[-1].seq)


def _cell(event: AuditEvent, column: str) -> str:
    value = getattr(event, column)
    text = value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


async def _page(request: web.Request, verdict: Verdict | None = None) -> web.Response:
    filters, errors = _filters(request)
    zone, language = request.app[SETTINGS].clinic_zone, request[LANGUAGE]
    query = filters.query(ZoneInfo(zone))
    events = [] if errors else await request.app[DATABASE].read(request[ACTOR], accesses.search, query)
    return render(
        request, "admin/audit.html", status=422 if errors else 200, here="audit", filters=filters, typed=request.query,
        errors={field: translated(request, text) for field, text in errors.items()}, events=events, verdict=verdict,
        fault=translated(request, _MESSAGES[verdict.fault]) if verdict and verdict.fault else "",
        older=_link(request, filters, before=str(events[-1].seq)) if len(events) == PAGE else "",
        newest=_link(request, filters) if filters.before else "",
        export_url=_link(request, filters, name="audit-export"), meanings=MEANINGS,
        day=lambda at: i18n.day(at, language, zone), time=lambda at: i18n.clock_time(at, language, zone),
    )


def _filters(request: web.Request) -> tuple[Filters, dict[str, str]]:
    try:
        return parse(Filters, dict(request.query)), {}
    except Invalid as refusal:
        return Filters(), refusal.fields


def _link(request: web.Request, filters: Filters, *, name: str = "audit", **more: str) -> str:
    given = {k: str(v) for k, v in filters.model_dump(exclude={"before"}).items() if v} | more
    return url(request, name, **given)


def _zone(request: web.Request) -> ZoneInfo:
    return ZoneInfo(request.app[SETTINGS].clinic_zone)
