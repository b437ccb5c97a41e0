"""The patient's pages."""

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace as Some
from typing import Any

from app.record.accesses import Access
from app.record.summaries import Summary
from app.scheduling.replies import Question
from app.waiting import Place
from tests.guards.pages.model import Page, always, at, dates
from tests.guards.pages.people import DOCTOR


def waiting(ahead: int, delay: int, test: str) -> Callable[[str], dict[str, Any]]:
    """The waiting room."""
    return lambda lang: {
        "name": "Mme Lefèvre" if lang == "fr" else "Ms Lefèvre",
        "doctor": DOCTOR,
        "doctor_initials": "NB",
        "place": Place("arrived", ahead, delay, at(14, 30), at(14, 30), at(14, 52), 0.79, 143 if ahead else 0, DOCTOR),
        "start_at": at(14, 15),
        "device_test": test,
        "transcription": False,
        "arrived": test != "",
        "tell_by": {"ok": "email", "weak": "sms"}.get(test, ""),
        "tell_me": test == "ok",
        "by_phone": test == "ok",
    }


def not_now(phase: str) -> Callable[[str], dict[str, Any]]:
    """The right patient at the wrong time."""
    return lambda lang: {
        "doctor": DOCTOR,
        "phone": "04 75 00 00 00",
        "phase": phase,
        "opens_at": at(13, 45, 24),
        "start_at": at(14, 15, 24),
        "device_test": "",
        "zone_city": "Paris",
        "by_phone": phase == "early",
    }


def code(**more: Any) -> Callable[[str], dict[str, Any]]:
    """The page that asks for the code."""
    return lambda lang: (
        {
            "token": "t0k3n",
            "sent_to": "+33 ·· ·· ·· 78",
            "channel": "sms",
            "other_channel": "email",
            "error": "",
            "resend_s": 30,
            "locked": False,
            "then": "",
"held_until": None,
            "phone": "04 75 00 00 00",
        }
        | more
    )


def link(state: str, asked: Question | None = None, medium: str = "video") -> Callable[[str], dict[str, Any]]:
    """Where the invitation lands."""
    return lambda lang: {"token": "t0k3n", "state": state, "phone": "04 75 00 00 00", "opens_at": at(13, 45, 24), "fault": "", "question": asked, "medium": medium, "address": "3 place du Marché"}


SUMMARY = Summary(
    "v1",
    "fr",
    DOCTOR,
    [
        "Votre tension est bonne quand vous prenez vos comprimés.",
        "Mesurez votre tension trois jours de suite avant le prochain rendez-vous.",
        "Rappelez si une seule jambe gonfle.",
    ],
    at(14, 15),
    at(14, 40),
    True,
)


ACCESSES = [
    Access(DOCTOR.name, "doctor", "Opened your record", "TREAT", False, at(14, 15), at(14, 31), 3),
    Access("Sophie Perrin", "scheduler", "Booked an appointment for you", "HOPERAT", False, at(9, 0, 1), at(9, 0, 1)),
    Access("Dr Luc Girard", "doctor", "Opened your record", "TREAT", True, at(9, 5, 1), at(9, 5, 1)),
]


OWN = {
    "appointment": Some(id="a1", status="booked", start_at=at(14, 15, 25)),
    "doctor": DOCTOR.name,
    "motif": "Suivi",
    "changeable": True,
    "change_until": at(14, 15, 24),
    "doing": "",
    "waits": False,
    "confirmed": False,
    "by_phone": False,
    "on_site": False,
    "address": "",
    "documents": "",
    "on": None,
    "days": [],
    "done": "",
    "fault": "",
    "phone": "04 75 00 00 00",
}
FREE = [{"on": date(2026, 11, 25), "slots": [{"value": f"v{m}", "label": f"09:{m}"} for m in (15, 30, 45)]}]


def offered(state: str) -> Callable[[str], dict[str, Any]]:
    """An earlier time from the waiting list."""
    until = at(16, 0) if state == "open" else None
    return always(state=state, start_at=at(9, 0, 24), held_until=until, has_at=at(14, 15, 25), doctor="Dr X", fault="")


TIMES = {
    "phone": "04 75 00 00 00",
    "motifs": [{"id": "m1", "label": "Suivi", "minutes": 15, "mode": "video"}, {"id": "m2", "label": "Vaccin", "minutes": 15, "mode": "onsite"}],
    "by_video": False,
    "motif_id": "m1",
    "practitioners": [("d1", DOCTOR.name)],
    "practitioner_id": "",
    "on": None,
    "taken": "",
    "days": [
        {"on": date(2026, 11, day), "slots": [{"time": f"09:{m}", "doctor": DOCTOR.name, "with_whom": "Dr Benali", "href": "#"} for m in (15, 30, 45)]}
        for day in (25, 26)
    ],
}
DETAILS = {
    "phone": "",
    "motif": "Suivi",
    "doctor": DOCTOR.name,
    "start_at": at(14, 15, 25),
    "choice": {"motif": "m1", "practitioner": "d1", "start": "2026-11-25T13:15Z"},
    "typed": {},
    "errors": {},
}
PAGES = [
    Page("own", "patient/appointment.html", context=always(**OWN)),
    Page("own-on-site", "patient/appointment.html", context=always(**(
        OWN | {"on_site": True, "address": "3 place du Marché, 26000 Valence", "documents": "Vos derniers résultats."}))),
    Page("own-confirmed", "patient/appointment.html", context=always(**(OWN | {"confirmed": True, "by_phone": True}))),
    Page("own-done", "patient/appointment.html", context=always(**(OWN | {"done": "C’est fait."}))),
    Page("own-late", "patient/appointment.html", context=always(**(OWN | {"changeable": False, "fault": "Trop tard."}))),
    Page("own-move", "patient/appointment.html", context=always(**(OWN | {"doing": "move", "days": FREE}))),
    Page("own-move-none", "patient/appointment.html", context=always(**(OWN | {"doing": "move"}))),
    Page("own-cancel", "patient/appointment.html", context=always(**(OWN | {"doing": "cancel"}))),
    Page(
        "own-cancelled",
        "patient/appointment.html",
        context=always(**(OWN | {"appointment": Some(id="a1", status="cancelled", start_at=at(14, 15, 25))})),
    ),
    Page("own-waits", "patient/appointment.html", context=always(**(OWN | {"waits": True}))),
    Page("offer", "patient/offer.html", context=offered("open")),
    Page("offer-accepted", "patient/offer.html", context=offered("accepted")),
    Page("offer-declined", "patient/offer.html", context=offered("declined")),
    Page("public-times", "public/times.html", context=always(**TIMES)),
    Page("public-times-taken", "public/times.html", context=always(**(TIMES | {"taken": "Ce créneau vient d’être pris."}))),
    Page("public-times-choose", "public/times.html", context=always(**(TIMES | {"motif_id": "", "days": []}))),
    Page("public-times-full", "public/times.html", context=always(**(TIMES | {"days": []}))),
    Page("public-times-none", "public/times.html", context=always(**(TIMES | {"motifs": []}))),
    Page("public-details", "public/details.html", context=always(**DETAILS)),
    Page(
        "public-details-wrong",
        "public/details.html",
        context=always(**(DETAILS | {"errors": {"phone": "Ce numéro ne va pas."}, "typed": {"given": "Zoë"}})),
    ),
    Page("link", "patient/link.html", context=link("open")),
    Page("link-asks", "patient/link.html", context=link("open", Question(at(14, 15, 24), "Europe/Paris", False, True, ""))),
    Page("link-confirmed", "patient/link.html", context=link("confirmed", Question(at(14, 15, 24), "Europe/Paris", True, True, ""))),
    Page("link-near", "patient/link.html", context=link("open", Question(at(14, 15), "Europe/Paris", True, False, "04 75 00 00 00"))),
    Page("link-phone", "patient/link.html", context=link("open", Question(at(14, 15, 24), "Europe/Paris", False, True, ""), "phone")),
    Page("link-onsite", "patient/link.html", context=link("open", medium="onsite")),
    Page("link-cancelled", "patient/link.html", context=link("cancelled")),
    Page("not-now-early", "patient/not_now.html", context=not_now("early")),
    Page("not-now-late", "patient/not_now.html", context=not_now("late")),
    Page("link-early", "patient/link.html", context=link("early")),
    Page("link-gone", "patient/link.html", context=link("gone")),
    Page("code", "patient/code.html", context=code()),
    Page("code-wrong", "patient/code.html", context=code(error="This code is not right. 3 tries left.")),
    Page("code-locked", "patient/code.html", context=code(locked=True, channel="email", other_channel="sms")),
    Page("device-test", "patient/device_test.html", context=always(result="", phone="04 75 00 00 00")),
    Page(
        "consent",
        "patient/consent.html",
        context=always(
            doctor=DOCTOR, visit=False, transcription=False, withdrawn=True, audio_days=7, phone="04 75 00 00 00", errors={}
        ),
    ),
    Page(
        "consent-missing",
        "patient/consent.html",
        context=always(
            doctor=DOCTOR,
            visit=False,
            transcription=True,
            withdrawn=False,
            audio_days=7,
            phone="",
            errors={"visit": "Please agree to the visit, or call the clinic."},
        ),
    ),
    Page("waiting", "patient/waiting.html", context=waiting(1, 15, "weak")),
    Page("waiting-next", "patient/waiting.html", context=waiting(0, 0, "ok")),
    Page("waiting-untested", "patient/waiting.html", context=waiting(3, 0, "")),
    Page("call", "patient/call.html", context=always(doctor=DOCTOR, phone="04 75 00 00 00", transcription=True)),
    Page("ended", "patient/ended.html", context=always(doctor=DOCTOR, over=True, withdrawn=False, phone="", summary=False)),
    Page("ended-read", "patient/ended.html", context=always(doctor=DOCTOR, over=True, withdrawn=False, phone="", summary=True)),
    Page(
        "ended-withdrawn",
        "patient/ended.html",
        context=always(doctor=DOCTOR, over=True, withdrawn=True, phone="04 75 00 00 00", summary=False),
    ),
    Page("left", "patient/ended.html", context=always(doctor=DOCTOR, over=False)),
    Page("own-summary", "patient/summary.html", context=lambda lang: {"summary": SUMMARY} | dates(lang)),
    Page("own-accesses", "patient/access_log.html", context=lambda lang: {"accesses": ACCESSES} | dates(lang)),
    Page("own-accesses-empty", "patient/access_log.html", context=lambda lang: {"accesses": []} | dates(lang)),
]
