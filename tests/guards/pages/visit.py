"""The doctor's queue and screen."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.calendars import Own
from app.encounters import Encounter, Visit, VisitFacts
from app.record.commands import NOT_UNDERSTOOD, Heard
from app.record.entries import Record
from app.scheduling.tables import Appointment, Motif
from app.waiting import QueueEntry
from tests.guards.pages.model import Page, always, at
from tests.guards.pages.people import CLAIRE, EMPTY_RECORD, PAST, RECORD


def entry(key: str, name: str, start: datetime, status: str, **more: Any) -> QueueEntry:
    """A visit in the queue."""
    known = {
        "age": 54,
        "motif_fr": "Suivi",
        "motif_en": "Follow-up",
        "reason": "",
        "device_test": "",
        "present": True,
        "arrived_at": None,
        "started_at": None,
        "expected_at": start,
        "transcription": False,
    }
    return QueueEntry(id=key, name=name, start_at=start, status=status, **(known | more))


QUEUE = [
    entry("v0", "Paul Moreau", at(13, 30), "finished"),
    entry("v1", "Claire Lefèvre", at(14, 15), "in-progress", reason="Renouvellement, tension", transcription=True),
    entry(
        "v2",
        "Hugo Martin",
        at(14, 30),
        "arrived",
        age=6,
        device_test="ok",
        arrived_at=at(14, 22),
        reason="Toux depuis 5 jours, avec sa mère",
    ),
    entry("v3", "Ahmed Ziani", at(14, 45), "arrived", device_test="weak", arrived_at=at(14, 30), present=False),
    entry("v4", "Jeanne Roux", at(15, 0), "planned", age=71),
    entry("v5", "Odile Faure", at(15, 15), "planned", age=80, on_site=True),
]


def visit(status: str) -> Visit:
    """Claire's visit of 14:15."""
    encounter = Encounter(
        id="v1",
        patient_id="p1",
        practitioner_id="d1",
        language="fr",
        status=status,
        arrived_at=at(14, 10),
        started_at=at(14, 20),
        media_started_at=at(14, 20),
        finished_at=at(14, 31) if status == "finished" else None,
    )
    appointment = Appointment(
        id="v1",
        practitioner_id="d1",
        patient_id="p1",
        motif_id="m1",
        start_at=at(14, 15),
        end_at=at(14, 30),
        created_at=at(9, 0, 1),
    )
    motif = Motif(id="m1", organization_id="o1", label_fr="Suivi", label_en="Follow-up", duration_min=15)
    return Visit(encounter, appointment, motif, "Renouvellement", CLAIRE, VisitFacts(location="Valence"), True)


COMMANDS = [
    Heard("k1", "vital", "open", "Colloque, tension quatorze huit.", "fr", "Pression artérielle 140/80 mmHg", "", "", True, False),
    Heard("k2", "", "refused", "Colloque, ajoute du doliprane comme d'habitude.", "fr", "", "", NOT_UNDERSTOOD, False, False),
    Heard("k3", "follow-up", "accepted", "Colloque, rappel dans trois mois.", "fr", "À revoir", "d'ici le 23 février 2027", "", False, False),
]


def visit_page(status: str, record: Record = RECORD) -> Callable[[str], dict[str, Any]]:
    """The doctor's screen of the visit."""
    typed = {"location": "Valence", "callback_phone": "", "identity_document": "", "identity_seen": "true"}
    return lambda lang: {
        "visit": visit(status),
        "record": record,
        "commands": COMMANDS if status == "in-progress" else [],
        "past": PAST,
        "entries": QUEUE,
        "current": "v1",
        "delay_min": 15,
        "untold": 1,
        "told": {"v4"},
        "typed": typed,
        "languages": [("fr", "French"), ("en", "English"), ("es", "Spanish (untested)")],
        "errors": {"callback_phone": "Please give a phone number such as 06 12 34 56 78."},
    }


PAGES = [
    Page("calendars", "doctor/calendars.html", "doctor", "calendars", always(
        own=Own(at(9, 0), "https://cloud.example/dav/nadia/", "nadia", at(14, 20), "", "Europe/Paris"), link="", errors={},
        typed={"url": "https://cloud.example/dav/nadia/", "user": "nadia"}, done="", possible=True)),
    Page("calendars-new", "doctor/calendars.html", "doctor", "calendars", always(
        own=Own(None, "", "", None, "", "Europe/Paris"), typed={"url": "x", "user": ""}, errors={"url": "Non."}, done="C’est fait.",
        link="https://visits.clinic.example/calendar/yVt6tBz0mC0yVt6tBz0mC0yVt6tBz0mC0yVt6tBz0mC", possible=True)),
    Page("calendars-fault", "doctor/calendars.html", "doctor", "calendars", always(
        own=Own(at(9, 0), "https://cloud.example/", "n", at(14, 20), "sign-in", "Europe/Paris"), link="", errors={},
        typed={"url": "https://cloud.example/", "user": "n"}, done="", possible=False)),
    Page("calendars-impossible", "doctor/calendars.html", "doctor", "calendars", always(
        own=Own(None, "", "", None, "", "Europe/Paris"), link="", errors={}, typed={"url": "", "user": ""}, done="", possible=False)),
    Page("queue", "doctor/queue.html", "doctor", "queue", always(entries=QUEUE, delay_min=15, untold=1, told={"v4"}, current="", missed="v1", came="v2")),
    Page("queue-empty", "doctor/queue.html", "doctor", "queue", always(entries=[], delay_min=0, untold=0, told=set(), current="", missed="", came="")),
    Page("visit", "doctor/visit.html", "doctor", "queue", visit_page("in-progress")),
    Page("visit-arrived", "doctor/visit.html", "doctor", "queue", visit_page("arrived", EMPTY_RECORD)),
]
