"""Every page with a context that its handler could give: for the guard that renders them all and for scripts/preview.py."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace as Some
from typing import Any
from urllib.parse import urlencode

from app.audit import AuditEvent, Verdict
from app.encounters import Encounter, Visit, VisitFacts
from app.people import PatientIdentity, Practitioner
from app.record.accesses import Access
from app.record.compositions import Addition, Note, NoteVersion, PastNote
from app.record.drafts import Progress
from app.record.entries import Record, RecordLine
from app.record.review import Review
from app.record.roster import CaredFor
from app.record.summaries import Summary
from app.record.tables import Evidence, NoteContent, Omission, Proposal, RecordConflict, Section, Sentence
from app.record.transcripts import Line
from app.scheduling.tables import Appointment, Motif
from app.waiting import Place, QueueEntry
from app.web.admin import Filters
from app.web.record_pages import Chart
from app.web.routes import ROUTES

NOW = datetime(2026, 11, 23, 13, 31, tzinfo=UTC)  # 14:31 in Paris
PATHS = {route.name: route.path for route in ROUTES}


@dataclass(frozen=True)
class Page:
    """One page in one state; `account` is the role signed in, "" for nobody."""

    name: str
    template: str
    account: str = ""
    here: str = ""
    context: Callable[[str], dict[str, Any]] = lambda lang: {}


def url(name: str, **params: object) -> str:
    """As the web's, but a route that is still to come gets a path of its name."""
    path = PATHS.get(name, f"/{name}")
    for key in [key for key in params if f"{{{key}" in path]:
        path = path.replace(f"{{{key}}}", str(params.pop(key)))
    return f"{path}?{urlencode(params)}" if params else path


ACCOUNTS = {
    "doctor": {"name": "Dr Nadia Benali", "role": "doctor", "initials": "NB"},
    "scheduler": {"name": "Sophie Perrin", "role": "scheduler", "initials": "SP"},
    "administrator": {"name": "Alain Dupré", "role": "administrator", "initials": "AD"},
}


def base_context(lang: str, page: Page) -> dict[str, Any]:
    """What the web gives to every page."""
    return {
        "lang": lang, "static": lambda path: f"/static/preview/{path}", "url": url, "csrf_token": "t" * 48,
        "account": ACCOUNTS.get(page.account), "path": "/", "here": page.here, "messages": [],
        "clinic": "Centre de santé des Tilleuls", "zone": "Europe/Paris", "now": NOW, "demo": True,
    }


# --- people and times ---------------------------------------------------------------------------

DOCTOR = Practitioner(id="d1", organization_id="o1", prefix="Dr", given="Nadia", family="Benali",
                      speciality="General practice", rpps="10101234567")
CLAIRE = PatientIdentity(family="Lefèvre", given="Claire", birth_date=date(1972, 5, 31), sex="female",
                         email="claire.lefevre@example.org", phone="+33 6 12 34 56 78")
HUGO = PatientIdentity(family="Martin", given="Hugo", birth_date=date(2020, 2, 3), sex="male")


def at(hour: int, minute: int, day: int = 23) -> datetime:
    """A time of day in Paris, in UTC."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def entry(key: str, name: str, start: datetime, status: str, **more: Any) -> QueueEntry:
    """A visit in the queue."""
    known = {"age": 54, "motif_fr": "Suivi", "motif_en": "Follow-up", "reason": "", "device_test": "", "present": True,
             "arrived_at": None, "started_at": None, "expected_at": start, "transcription": False}
    return QueueEntry(id=key, name=name, start_at=start, status=status, **(known | more))


QUEUE = [
    entry("v0", "Paul Moreau", at(13, 30), "finished"),
    entry("v1", "Claire Lefèvre", at(14, 15), "in-progress", reason="Renouvellement, tension", transcription=True),
    entry("v2", "Hugo Martin", at(14, 30), "arrived", age=6, device_test="ok", arrived_at=at(14, 22),
          reason="Toux depuis 5 jours, avec sa mère"),
    entry("v3", "Ahmed Ziani", at(14, 45), "arrived", device_test="weak", arrived_at=at(14, 30), present=False),
    entry("v4", "Jeanne Roux", at(15, 0), "planned", age=71),
]


def line(key: str, kind: str, text: str, detail: str) -> RecordLine:
    """A line of the record."""
    return RecordLine(key, kind, text, detail, at(9, 0, 1), None, None)


RECORD = Record(
    allergies=[line("a1", "allergy", "pénicilline", "urticaire, 2011")],
    treatments=[line("t1", "treatment", "Amlodipine 5 mg", "1 le matin"),
                line("t2", "treatment", "Metformine 1 000 mg", "matin et soir")],
    problems=[line("p1", "problem", "Hypertension artérielle", "2019"), line("p2", "problem", "Diabète de type 2", "2021")],
    ended=[],
)
EMPTY_RECORD = Record([], [], [], [RecordLine("e1", "treatment", "Ibuprofène 400 mg", "", at(9, 0, 1), at(9, 0, 2), None)])
PAST = [PastNote("v9", "final", at(10, 0, 2), DOCTOR.name, "Compte-rendu de téléconsultation", "Contrôle tensionnel.")]


def visit(status: str) -> Visit:
    """Claire's visit of 14:15."""
    encounter = Encounter(id="v1", patient_id="p1", practitioner_id="d1", language="fr", status=status,
                          arrived_at=at(14, 10), started_at=at(14, 20), media_started_at=at(14, 20),
                          finished_at=at(14, 31) if status == "finished" else None)
    appointment = Appointment(id="v1", practitioner_id="d1", patient_id="p1", motif_id="m1", start_at=at(14, 15),
                              end_at=at(14, 30), created_at=at(9, 0, 1))
    motif = Motif(id="m1", organization_id="o1", label_fr="Suivi", label_en="Follow-up", duration_min=15)
    return Visit(encounter, appointment, motif, "Renouvellement", CLAIRE, VisitFacts(location="Valence"), True)


def visit_page(status: str, record: Record = RECORD) -> Callable[[str], dict[str, Any]]:
    """The doctor's screen of the visit."""
    typed = {"location": "Valence", "callback_phone": "", "identity_document": "", "identity_seen": "true"}
    return lambda lang: {
        "visit": visit(status), "record": record, "past": PAST, "entries": QUEUE, "current": "v1", "delay_min": 15,
        "typed": typed, "errors": {"callback_phone": "Please give a phone number such as 06 12 34 56 78."},
    }


# --- the note -----------------------------------------------------------------------------------

SAID = [("doctor", 341, "Vous l'avez prise ce matin, la tension ?"),
        ("patient", 344, "Oui, quatorze huit. Mais samedi j'étais à seize neuf, j'avais oublié mon amlodipine."),
        ("doctor", 352, "D'accord. Pas de maux de tête, pas de gêne quand vous montez ?")]
LINES = [Line(i, f"l{i}", f"stream-{role}", role, "speech", text, start, start + 4, at(14, 20) + timedelta(seconds=start),
              at(14, 20) + timedelta(seconds=start + 4), False) for i, (role, start, text) in enumerate(SAID)]
PROOF = [Evidence(segment=1, segment_id="l1", start=344, end=348)]


def section(code: str, title: str, *sentences: str, flag: str = "") -> Section:
    """A section whose sentences all come from one line."""
    return Section(code=code, title=title, sentences=[
        Sentence(id=f"{code}-{i}", text=text, evidence=PROOF, flag=flag) for i, text in enumerate(sentences)])


CONTENT = NoteContent(
    title="Compte-rendu de téléconsultation",
    sections=[
        section("10154-3", "Motif", "Renouvellement de traitement, contrôle tensionnel."),
        section("10164-2", "Histoire", "Oubli de l'amlodipine samedi, avec une tension à 16/9 ce jour-là.",
                "Tension à 14/8 ce matin.", "Pas de céphalées, pas de dyspnée d'effort.",
                "Œdème des chevilles le soir depuis trois semaines."),
        section("10160-0", "Traitements", "Metformine 850 mg matin et soir.", flag="differs"),
        section("51848-0", "Conclusion", "Hypertension équilibrée hors oubli ; œdème probablement lié à l'amlodipine."),
        section("18776-5", "Conduite à tenir", "Automesure trois jours de suite, matin et soir, avant le prochain rendez-vous.",
                "Contrôle dans un mois."),
    ],
    omissions=[Omission(text="ma mère a fait un AVC à soixante ans", evidence=PROOF),
               Omission(text="rappelez-moi si ça gonfle d'un seul côté", evidence=PROOF)],
    conflicts=[RecordConflict(text="Metformine : « huit cent cinquante » à 03:12 ; le dossier indique 1 000 mg.",
                              said="850 mg", recorded="1 000 mg")],
    proposals=[Proposal(kind="problem", text="Œdème des chevilles", detail="depuis trois semaines", evidence=PROOF)],
)


def note(status: str, content: NoteContent = CONTENT) -> Note:
    """Claire's note."""
    signed = status != "preliminary"
    return Note("n1", "v1", "p1", DOCTOR, status, "fr", 3, False, at(14, 31), at(14, 35) if signed else None, content,
                [Addition(DOCTOR.name, at(14, 50), "Kaliémie reçue : 4,2 mmol/L.")] if status == "amended" else [],
                [] if signed else ["Something said differs from the record."], True, "9f2c41d07a33be55" if signed else "")


def note_page(written: Note | None, state: str = "ready", **more: Any) -> Callable[[str], dict[str, Any]]:
    """The note page, or the page that waits for the draft."""
    progress = Progress(state, 42, 1, 3, 2.0, True)  # type: ignore[arg-type]
    review = Review(visit("finished").encounter, CLAIRE, DOCTOR, "Europe/Paris", progress, written, LINES,
                    written is not None and written.status == "preliminary")
    chosen = written.content.sections[1].sentences[1] if written and written.content.sections else None
    return lambda lang: {
        "review": review, "note": written, "data": {}, "typed": "", "selected": chosen, "editing_id": "", "undo": "",
        "section_choices": [("51848-0", "Conclusion")], "refusal": "", "lines": {each.id: each for each in LINES},
        "clock": lambda s: f"{int(s) // 60:02d}:{int(s) % 60:02d}", "day": lambda when: "23 novembre", "time": "14:20",
        "moment": lambda when: "23 novembre, 14:35", "visit_id": "v1",
    } | {"day": "lundi 23 novembre 2026"} | more


def dates(lang: str) -> dict[str, Any]:
    """The date functions that some handlers give."""
    return {"day": lambda when: "23 novembre 2026", "time": lambda when: "14:35"}


# --- scheduling ---------------------------------------------------------------------------------

def column(title: str, *booked: tuple[int, int, str, str], today: bool = False, closed: bool = False) -> dict[str, Any]:
    """A day, or a doctor, of the planner."""
    if closed:
        return {"title": title, "href": "#", "today": today, "practitioner_id": "d1", "open": [], "free": [], "appointments": []}
    taken = {(h, m) for h, m, _, _ in booked}
    free = [{"start": time(h, m), "minutes": 15, "href": "#"} for h in (9, 10, 11, 14, 15) for m in (0, 15, 30, 45)
            if (h, m) not in taken]
    return {
        "title": title, "href": "#", "today": today, "practitioner_id": "d1", "free": free,
        "open": [{"start": time(9), "minutes": 180}, {"start": time(14), "minutes": 120}],
        "appointments": [{"id": f"{h}{m}{name}", "start": time(h, m), "minutes": 15, "name": name, "label": "Suivi",
                          "status": status.removesuffix("?"), "unconfirmed": status.endswith("?")}
                         for h, m, name, status in booked],
    }


WEEK = [
    column("Lun. 23", (9, 0, "P. Moreau", "fulfilled"), (14, 0, "S. Diallo", "fulfilled"), (14, 15, "C. Lefèvre", "arrived"),
           (14, 30, "H. Martin", "arrived"), (15, 30, "Y. Adam", "booked?"), today=True),
    column("Mar. 24", (9, 15, "I. Costa", "booked"), (10, 0, "M. Faure", "booked"), (14, 30, "D. Leroy", "booked")),
    column("Mer. 25", closed=True),
    column("Jeu. 26", (9, 30, "L. Petit", "booked"), (11, 0, "R. Noël", "booked?"), (15, 0, "T. Brun", "booked")),
    column("Ven. 27", (10, 15, "G. Blanc", "booked"), (10, 30, "A. Roy", "booked")),
]
PRACTITIONERS = [{"id": "d1", "name": "Dr Benali", "href": "#", "here": True}, {"id": "d2", "name": "Dr Girard", "href": "#", "here": False}]
PLANNER = {"first_hour": 9, "last_hour": 18, "previous": "#", "following": "#", "today_href": "#", "day_href": "#",
           "week_href": "#", "book_href": "#", "counts": {"booked": 12, "free": 61}, "undo": None, "practitioners": PRACTITIONERS}
KNOWN = {"id": "p1", "name": CLAIRE.name, "birth_date": CLAIRE.birth_date, "contact": "06 12 34 56 78"}


def booking(**more: Any) -> Callable[[str], dict[str, Any]]:
    """The booking page."""
    slots = [{"value": f"14:{m}", "time": f"14:{m}"} for m in ("00", "15", "30", "45")]
    return lambda lang: {
        "practitioners": [("d1", "Dr Nadia Benali"), ("d2", "Dr Luc Girard")], "motifs": [("m1", "Suivi (15 min)")],
        "practitioner_id": "d1", "motif_id": "m1", "on": date(2026, 11, 24), "slots": slots, "start": "14:15", "query": "",
        "hits": [], "patient": None, "typed": {}, "errors": {}, "taken": False, "alternatives": [], "duplicates": [],
        "previous": "#", "following": "#",
    } | more


APPOINTMENT = {
    "appointment": visit("planned").appointment, "practitioner_name": DOCTOR.name, "motif_label": "Suivi", "patient": KNOWN,
    "moving": False, "slots": [{"value": "a", "label": "09:00"}, {"value": "b", "label": "09:15"}], "on": date(2026, 11, 24),
    "errors": {}, "taken": False, "messages_sent": [{"channel": "email", "state": "sent", "at": at(10, 0)},
                                                    {"channel": "sms", "state": "failed", "at": None}],
}


def availability(lang: str) -> dict[str, Any]:
    """A doctor's hours."""
    def rule(weekday: int, start: time, end: time) -> Some:
        return Some(id=f"{weekday}{start}", weekday=weekday, start=start, end=end, motif_label="", valid_from=date(2026, 1, 1),
                    valid_until=None)
    return {
        "practitioners": PRACTITIONERS, "practitioner": DOCTOR, "typed": {}, "errors": {},
        "rules": [rule(d, time(h), time(h + 3)) for d in (0, 1, 3, 4) for h in (9, 14)],
        "exceptions": [Some(id="x1", on=date(2026, 12, 1), closed=True, start=None, end=None),
                       Some(id="x2", on=date(2026, 12, 5), closed=False, start=time(9), end=time(11))],
        "motifs": [Motif(id="m1", organization_id="o1", label_fr="Suivi", label_en="Follow-up", duration_min=15),
                   Motif(id="m2", organization_id="o1", label_fr="Nouveau patient", label_en="New patient", duration_min=30)],
    }


# --- patient ------------------------------------------------------------------------------------

def waiting(ahead: int, delay: int, test: str) -> Callable[[str], dict[str, Any]]:
    """The waiting room."""
    return lambda lang: {
        "name": "Mme Lefèvre" if lang == "fr" else "Ms Lefèvre", "doctor": DOCTOR, "doctor_initials": "NB",
        "place": Place("arrived", ahead, delay, at(14, 30), DOCTOR), "start_at": at(14, 15), "device_test": test,
        "transcription": False,
    }


def code(**more: Any) -> Callable[[str], dict[str, Any]]:
    """The page that asks for the code."""
    return lambda lang: {"token": "t0k3n", "sent_to": "+33 ·· ·· ·· 78", "channel": "sms", "other_channel": "email",
                         "error": "", "resend_s": 30, "locked": False, "phone": "04 75 00 00 00"} | more


def link(state: str) -> Callable[[str], dict[str, Any]]:
    """Where the invitation lands."""
    return lambda lang: {"token": "t0k3n", "state": state, "phone": "04 75 00 00 00", "opens_at": at(13, 45, 24)}


SUMMARY = Summary("v1", "fr", DOCTOR, ["Votre tension est bonne quand vous prenez vos comprimés.",
                                       "Mesurez votre tension trois jours de suite avant le prochain rendez-vous.",
                                       "Rappelez si une seule jambe gonfle."], at(14, 15), at(14, 40), True)
EVENTS = [AuditEvent(seq=42 - i, at=at(14, 31), role="doctor", actor_id="d1", actor_name=DOCTOR.name, action=action,
                     outcome=outcome, purpose="TREAT", entity="Patient", entity_id="p1", patient_id="p1", ip="192.0.2.7",
                     request_id="r", detail="", mac=b"")
          for i, (action, outcome) in enumerate([("record:read", "success"), ("record:read", "refused"), ("sign-in", "failure")])]
ACCESSES = [Access(DOCTOR.name, "doctor", "Opened your record", "TREAT", False, at(14, 15), at(14, 31), 3),
            Access("Sophie Perrin", "scheduler", "Booked an appointment for you", "HOPERAT", False, at(9, 0, 1), at(9, 0, 1)),
            Access("Dr Luc Girard", "doctor", "Opened your record", "TREAT", True, at(9, 5, 1), at(9, 5, 1))]


def trail(verdict: Verdict | None, events: list[AuditEvent]) -> Callable[[str], dict[str, Any]]:
    """The audit page."""
    return lambda lang: {"filters": Filters(), "typed": {}, "errors": {}, "events": events, "verdict": verdict,
                         "older": "#" if events else "", "newest": "", "export_url": "#"} | dates(lang)


def always(**context: Any) -> Callable[[str], dict[str, Any]]:
    """The same context in every language."""
    return lambda lang: context


PAGES = [
    Page("error", "error.html", context=always(code="not_found", message="This page does not exist or is not for you.", request_id="4f1c")),
    Page("error-staff", "error.html", "doctor", context=always(code="conflict", message="This slot has just been taken.", request_id="4f1c")),
    Page("home", "home.html"),
    Page("design", "design.html"),
    Page("sign-in", "sign_in.html", context=always(email="", error="", next="")),
    Page("sign-in-wrong", "sign_in.html", context=always(email="a@example.org", error="E-mail or password is wrong.", next="/queue")),
    Page("sign-in-code", "sign_in_code.html", context=always(error="", next="")),
    Page("link", "patient/link.html", context=link("open")),
    Page("link-early", "patient/link.html", context=link("early")),
    Page("link-gone", "patient/link.html", context=link("gone")),
    Page("code", "patient/code.html", context=code()),
    Page("code-wrong", "patient/code.html", context=code(error="This code is not right. 3 tries left.")),
    Page("code-locked", "patient/code.html", context=code(locked=True, channel="email", other_channel="sms")),
    Page("device-test", "patient/device_test.html", context=always(result="", name="Claire")),
    Page("consent", "patient/consent.html", context=always(doctor=DOCTOR, visit=False, transcription=False, errors={})),
    Page("consent-missing", "patient/consent.html", context=always(
        doctor=DOCTOR, visit=False, transcription=True, errors={"visit": "Please agree to the visit, or call the clinic."})),
    Page("waiting", "patient/waiting.html", context=waiting(1, 15, "weak")),
    Page("waiting-next", "patient/waiting.html", context=waiting(0, 0, "ok")),
    Page("waiting-untested", "patient/waiting.html", context=waiting(3, 0, "")),
    Page("call", "patient/call.html", context=always(doctor=DOCTOR, transcription=True)),
    Page("ended", "patient/ended.html", context=always(doctor=DOCTOR, over=True)),
    Page("left", "patient/ended.html", context=always(doctor=DOCTOR, over=False)),
    Page("own-summary", "patient/summary.html", context=lambda lang: {"summary": SUMMARY} | dates(lang)),
    Page("own-accesses", "patient/access_log.html", context=lambda lang: {"accesses": ACCESSES} | dates(lang)),
    Page("own-accesses-empty", "patient/access_log.html", context=lambda lang: {"accesses": []} | dates(lang)),
    Page("queue", "doctor/queue.html", "doctor", "queue", always(entries=QUEUE, delay_min=15, current="")),
    Page("queue-empty", "doctor/queue.html", "doctor", "queue", always(entries=[], delay_min=0, current="")),
    Page("visit", "doctor/visit.html", "doctor", "queue", visit_page("in-progress")),
    Page("visit-arrived", "doctor/visit.html", "doctor", "queue", visit_page("arrived", EMPTY_RECORD)),
    Page("note", "doctor/note.html", "doctor", "queue", note_page(note("preliminary"))),
    Page("note-signed", "doctor/note.html", "doctor", "queue", note_page(note("amended"))),
    Page("note-editing", "doctor/note.html", "doctor", "queue", note_page(note("preliminary"), editing_id="10164-2-1", undo="2")),
    Page("note-waiting", "doctor/note.html", "doctor", "queue", note_page(None, "drafting")),
    Page("note-nothing", "doctor/note.html", "doctor", "queue",
         note_page(note("preliminary", NoteContent(title="Compte-rendu", reason="Rien de clinique n'a été dit.")))),
    Page("note-version", "doctor/note_version.html", "doctor", "queue", always(
        content=CONTENT, versions=[NoteVersion(1, "Colloque", at(14, 31)), NoteVersion(2, DOCTOR.name, at(14, 33))],
        now=note("preliminary"), number=1, visit_id="v1")),
    Page("summary", "doctor/summary.html", "doctor", "queue", lambda lang: {
        "summary": SUMMARY, "note": note("final"), "patient": CLAIRE, "typed": None, "error": "", "visit_id": "v1"} | dates(lang)),
    Page("records", "doctor/patients.html", "doctor", "records", lambda lang: {
        "query": "", "patients": [CaredFor("p1", CLAIRE, at(14, 15)), CaredFor("p2", HUGO, None)]} | dates(lang)),
    Page("record", "doctor/patient.html", "doctor", "records", lambda lang: {
        "chart": Chart("p1", CLAIRE, 54, RECORD, PAST), "errors": {}, "typed": {}, "ended": ""} | dates(lang)),
    Page("record-empty", "doctor/patient.html", "doctor", "records", lambda lang: {
        "chart": Chart("p1", HUGO, 6, EMPTY_RECORD, []), "errors": {"text": "Please fill in this field."}, "typed": {},
        "ended": "e1"} | dates(lang)),
    Page("planner-week", "scheduler/planner_week.html", "scheduler", "planner",
         always(title="23 – 27 novembre", columns=WEEK, **PLANNER)),
    Page("planner-day", "scheduler/planner_day.html", "scheduler", "planner",
         always(title="lundi 23 novembre", columns=[WEEK[0] | {"title": "Dr Benali"}, WEEK[1] | {"title": "Dr Girard"}],
                **(PLANNER | {"undo": {"id": "v1", "text": "Le rendez-vous de C. Lefèvre est annulé."}}))),
    Page("book", "scheduler/book.html", "scheduler", "planner", booking()),
    Page("book-known", "scheduler/book.html", "scheduler", "planner", booking(patient=KNOWN)),
    Page("book-taken", "scheduler/book.html", "scheduler", "planner", booking(
        query="lef", hits=[KNOWN], taken=True, duplicates=[KNOWN], typed={"given": "Claire"}, errors={"email": "Please give an e-mail or a phone."},
        alternatives=[{"value": "x", "label": "mar. 24, 14:30", "href": "#"}])),
    Page("appointment", "scheduler/appointment.html", "scheduler", "planner", always(**APPOINTMENT)),
    Page("appointment-move", "scheduler/appointment.html", "scheduler", "planner", always(**(APPOINTMENT | {"moving": True, "taken": True}))),
    Page("availability", "scheduler/availability.html", "scheduler", "availability", availability),
    Page("patients", "scheduler/patients.html", "scheduler", "patients", always(query="lef", hits=[KNOWN])),
    Page("patients-none", "scheduler/patients.html", "scheduler", "patients", always(query="zzz", hits=[])),
    Page("patient", "scheduler/patient.html", "scheduler", "patients", always(
        patient=Some(id="p1", identity=CLAIRE), typed={}, errors={}, saved=True,
        appointments=[Some(id="v1", start_at=at(14, 15), status="booked", practitioner_name=DOCTOR.name, motif_label="Suivi")])),
    Page("audit", "admin/audit.html", "administrator", "audit", trail(Verdict(1342), EVENTS)),
    Page("audit-tampered", "admin/audit.html", "administrator", "audit", trail(Verdict(1342, "edited", 17), [])),
    Page("accounts", "admin/accounts.html", "administrator", "accounts", always(
        accounts=[Some(id="1", name=DOCTOR.name, email="benali@example.org", role="doctor", active=True, totp=True),
                  Some(id="2", name="Sophie Perrin", email="perrin@example.org", role="scheduler", active=False, totp=True)],
        enrolment=None, practitioners=[("d1", DOCTOR.name)], typed={}, errors={})),
    Page("mailbox", "demo/mailbox.html", context=always(mails=[
        Some(id="1", channel="email", to="claire.lefevre@example.org", subject="Votre rendez-vous du 23 novembre",
             text="Votre rendez-vous avec le Dr Benali…", sent_at=at(10, 0), state="sent", link="https://clinic.example/l/x", code=""),
        Some(id="2", channel="sms", to="+33 6 12 34 56 78", subject="", text="482 913 est votre code.", sent_at=at(14, 5),
             state="sent", link="", code="482913")])),
]
