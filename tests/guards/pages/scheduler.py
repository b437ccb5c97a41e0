"""The scheduler's pages."""

from collections.abc import Callable
from datetime import date, time
from types import SimpleNamespace as Some
from typing import Any

from app.attendance import Attendance, Likelihood
from app.forecasting.no_show import Bin, Model, Study
from app.scheduling.clinic_days import Holiday
from app.scheduling.finder import Wanted
from app.scheduling.history import Change
from app.scheduling.month import Load
from app.scheduling.tables import Motif
from app.scheduling.waitlist_figures import Group
from app.tasks import Line
from app.web.attendance import _plot
from tests.guards.pages.model import Page, always, at
from tests.guards.pages.people import CLAIRE, DOCTOR
from tests.guards.pages.visit import visit


def column(title: str, *booked: tuple[int, int, str, str], today: bool = False, closed: bool = False,
           holds: tuple[tuple[int, int, str], ...] = ()) -> dict[str, Any]:
    """A day, or a doctor, of the planner."""
    head: dict[str, Any] = {
        "title": title,
        "href": "#",
        "today": today,
        "practitioner_id": "d1",
        "notes": [],
        "first": False,
        "open": [],
        "now": None,
        "entries": [],
    }
    if closed:
        return head
    taken = {(h, m) for h, m, *_ in (*booked, *holds)}
    entries: list[dict[str, Any]] = [
        {"free": True, "start": time(h, m), "minutes": 15, "href": "#", "value": "2026-11-23T13:15Z"}
        for h in (9, 10, 11, 14, 15)
        for m in (0, 15, 30, 45)
        if (h, m) not in taken
    ]
    entries += [
        {
            "free": False,
            "held": "",
            "id": f"{h}{m}{name}",
            "start": time(h, m),
            "minutes": 15,
            "name": name,
            "full_name": name,
            "label": "Suivi",
            "status": status,
            "movable": status == "booked",
        }
        for h, m, name, status in booked
    ]
    entries += [{"free": False, "held": held, "start": time(h, m), "minutes": 15} for h, m, held in holds]
    for entry in entries:
        entry |= {"time": f"{entry['start']:%H:%M}", "place": f"h{entry['start'].hour} m{entry['start'].minute} d15"}
    return head | {
        "open": [{"start": time(9), "minutes": 180, "place": "h9 m0 d180", "over": today},
                 {"start": time(14), "minutes": 120, "place": "h14 m0 d120", "over": False}],
        "now": time(14, 20) if today else None,
        "entries": sorted(entries, key=lambda entry: entry["start"]),
    }


WEEK = [
    column(
        "Lun. 23",
        (9, 0, "P. Moreau", "fulfilled"),
        (14, 0, "S. Diallo", "fulfilled"),
        (14, 15, "C. Lefèvre", "arrived"),
        (14, 30, "H. Martin", "arrived"),
        (15, 30, "Y. Adam", "booked"),
        today=True,
    ),
    column("Mar. 24", (9, 15, "I. Costa", "booked"), (10, 0, "M. Faure", "booked"), (14, 30, "D. Leroy", "booked")),
    column("Mer. 25", closed=True) | {"notes": ["Noël", "Vacances de Noël"]},
    column("Jeu. 26", (9, 30, "L. Petit", "booked"), (11, 0, "R. Noël", "booked"), (15, 0, "T. Brun", "booked")),
    column("Ven. 27", (10, 15, "G. Blanc", "booked"), (10, 30, "A. Roy", "booked"),
           holds=((11, 15, "Retenu par Sophie Perrin jusqu’à 10:05"),)),
]
PRACTITIONERS = [
    {"id": "d1", "name": "Dr Benali", "href": "#", "here": True},
    {"id": "d2", "name": "Dr Girard", "href": "#", "here": False},
]
PLANNER = {
    "first_hour": 9,
    "last_hour": 18,
    "previous": "#",
    "following": "#",
    "today_href": "#",
    "views": [{"view": view, "href": "#", "here": view == "week"} for view in ("week", "day", "team", "month")],
    "query": "view=day",
    "book_href": "#",
    "away_href": "#",
    "counts": {"booked": 12, "free": 61},
    "undo": None,
    "notes": [],
    "practitioners": PRACTITIONERS,
}
KNOWN = {"id": "p1", "name": CLAIRE.name, "birth_date": CLAIRE.birth_date, "contact": "06 12 34 56 78"}


def booking(**more: Any) -> Callable[[str], dict[str, Any]]:
    """The booking page."""
    slots = [{"value": f"14:{m}", "time": f"14:{m}"} for m in ("00", "15", "30", "45")]
    return lambda lang: (
        {
            "practitioners": [("d1", "Dr Nadia Benali"), ("d2", "Dr Luc Girard")],
            "motifs": [("m1", "Suivi (15 min)")],
            "practitioner_id": "d1",
            "motif_id": "m1",
            "on": date(2026, 11, 24),
            "slots": slots,
            "start": "14:15",
            "query": "",
            "hits": [],
            "patient": None,
            "typed": {},
            "errors": {},
            "taken": "",
            "earliest": date(2026, 11, 23),
            "searched": False,
            "alternatives": [],
            "duplicates": [],
            "interpreters": [("i1", "Amina K. (arabe, pachto)")], "rooms": [("r1", "Salle 2")], "interpreter": "", "room": "",
            "occurrences": [],
            "previous": "#",
            "following": "#",
        }
        | more
    )


ABSENCE = {
    "practitioner_id": "d1",
    "practitioner_name": DOCTOR.name,
    "practitioners": [("d1", "Dr Nadia Benali"), ("d2", "Dr Luc Girard")],
    "on": date(2026, 11, 23),
    "rows": [
        {"id": f"v{n}", "start_at": at(14, 15 * n), "name": name, "motif_label": "Suivi", "email": email, "phone": phone,
         "options": [{"value": "d2@2026-11-23T13:30Z", "start_at": at(14, 30), "doctor": "Dr Luc Girard"}] if n < 3 else []}
        for n, (name, email, phone) in enumerate((
            ("Claire Lefèvre", True, "+33 6 12 34 56 78"), ("Hugo Martin", True, ""), ("محمد الفارسي", False, "+33 6 39 98 01 03"),
            ("Jeanne Roux", False, "")))
    ],
    "keep": "keep",
    "cancel": "cancel",
    "fault": "",
    "undo_href": "",
    "planner_href": "#",
}
APPOINTMENT = {
    "appointment": visit("planned").appointment,
    "had": None,
    "practitioner_name": DOCTOR.name,
    "motif_label": "Suivi",
    "patient": KNOWN | {"email": CLAIRE.email, "phone": CLAIRE.phone},
    "moving": False,
    "cancelling": False,
    "needs": ["Amina K. (arabe)", "Salle 2"],
    "interpreters": [("i1", "Amina K. (arabe)")],
    "rooms": [("r1", "Salle 2"), ("r2", "Salle 3")],
    "interpreter": "i1",
    "room": "r1",
    "occupied": ["Sami (ourdou)"],
    "changes": [
        Change(at(9, 0, 20), "appointment:book", "system", "booking", place="public"),
        Change(at(9, 5, 20), "appointment:confirm", "patient", "", place="message"),
        Change(at(11, 30, 21), "appointment:move", "scheduler", "Sophie Perrin", "doctor", at(10, 0), at(14, 15), "desk"),
        Change(at(12, 0, 21), "waitlist:offer", "system", "jobs"),
    ],
    "practitioners": [("d1", "Dr Nadia Benali")],
    "practitioner_id": "d1",
    "alternatives": [],
    "restorable": False,
    "planner_href": "#",
    "slots": [{"value": "a", "label": "09:00"}, {"value": "b", "label": "09:15"}],
    "on": date(2026, 11, 24),
    "errors": {},
    "taken": "",
    "attendance": None,
    "confirmed_at": at(9, 0),
    "device_test": "failed",
    "by_phone": False,
    "arrival": "",
    "likelihood": Likelihood(0.234, 0.081),
    "reasons": ("unknown", "forgot"),
    "messages_sent": [
        {"kind": "invitation", "channel": "email", "state": "sent", "at": at(10, 0)},
        {"kind": "moved", "channel": "sms", "state": "failed", "at": None},
    ],
}


def availability(lang: str) -> dict[str, Any]:
    """A doctor's hours."""

    def rule(weekday: int, start: time, end: time) -> Some:
        return Some(
            id=f"{weekday}{start}",
            weekday=weekday,
            start=start,
            end=end,
            motif_label="",
            valid_from=date(2026, 1, 1),
            valid_until=None,
        )

    return {
        "practitioners": PRACTITIONERS,
        "practitioner": DOCTOR,
        "typed": {},
        "errors": {},
        "notice": None,
        "outside": [{"id": "v1", "start_at": at(14, 15), "name": CLAIRE.name}],
        "rules": [rule(d, time(h), time(h + 3)) for d in (0, 1, 3, 4) for h in (9, 14)],
        "exceptions": [
            Some(id="x1", on=date(2026, 12, 1), closed=True, start=None, end=None),
            Some(id="x2", on=date(2026, 12, 5), closed=False, start=time(9), end=time(11)),
        ],
        "holidays": [Holiday(date(2026, 12, 25), "Noël", False), Holiday(date(2027, 1, 1), "Jour de l'an", True)],
        "places": [("", "none"), ("FR", "France, except Alsace-Moselle and overseas")],
        "place": "FR",
        "languages": [("en", "English"), ("fr", "French"), ("fsl", "French Sign Language")],
        "speaks": ["fr", "fsl"],
        "school_zone": "A",
        "motifs": [
            Motif(id="m1", organization_id="o1", label_fr="Suivi", label_en="Follow-up", duration_min=15),
            Motif(id="m2", organization_id="o1", label_fr="Nouveau patient", label_en="New patient", duration_min=30),
        ],
    }


MONTH = [[None if not 0 < 7 * week + n - 5 <= 30 else {
    "on": date(2026, 11, 7 * week + n - 5), "today": 7 * week + n - 5 == 23, "past": 7 * week + n - 5 < 23, "href": "#",
    "notes": ["Armistice"] if 7 * week + n - 5 == 11 else [],
    "load": Load(3 * n if n < 5 else int(n == 6 and week == 3), 45 * n, 0 if n > 4 or 7 * week + n - 5 == 11 else 510)} for n in range(7)]
    for week in range(6)]
FINDER: dict[str, Any] = {
    "wanted": Wanted("suivi"), "known": True, "practitioners": [("d1", "Dr Nadia Benali")],
    "languages": [("fr", "français"), ("en", "anglais")],
    "found": [{"motif": "Suivi", "minutes": 15, "doctor": "Dr Nadia Benali", "day": "lundi 23 novembre", "time": f"17:{m}", "href": "#"}
              for m in ("00", "15", "30")]}
MOTIFS: dict[str, Any] = {
    "lines": [Motif(id=key, organization_id="o1", label_fr=fr, label_en=en, duration_min=15, mode=mode, public=mode == "video",
                    active=mode != "onsite").model_dump() | {"reminders": (168, 24), "hours": (168, 72, 24, 1)}
              for key, fr, en, mode in (("m1", "Suivi", "Follow-up", "video"), ("m2", "Résultats", "Results", "phone"),
                                        ("m3", "Pansement", "Dressing", "onsite"), ("", "", "", "video"))],
    "tried": "m2", "errors": {"": "Please name the documents in both languages, or in neither."}, "offered": (168, 24, 1), "usual": (24, 1), "reminders_saved": False,
    "saved": Motif(id="m1", organization_id="o1", label_fr="Suivi", label_en="Follow-up", duration_min=15)}
NONE = dict.fromkeys(("open", "accepted", "declined", "expired", "gained_h"), 0)
ASKED = NONE | {"open": 1, "accepted": 4, "declined": 1, "gained_h": 250}
GROUPS = [
    Group("18-39", 1, 4, 2, 120), Group("80+", 2, 1, 0, 0), Group("sms", 2, 4, 2, 120), Group("none", 1, 1, 0, 0)]
WAITING = [
    {"id": "a1", "name": CLAIRE.name, "has_at": at(14, 15, 30), "doctor": DOCTOR.name, "urgent": True, "any_doctor": False,
     "from_hour": 8, "to_hour": 12, "since_at": at(9, 0), "offers": [{"start_at": at(9, 15, 25), "state": "open"}]},
    {"id": "a2", "name": "محمد الفارسي", "has_at": at(15, 0, 30), "doctor": DOCTOR.name, "urgent": False, "any_doctor": True,
     "from_hour": 0, "to_hour": 24, "since_at": at(9, 5), "offers": []},
]


def task(n: int, kind: str, name: str, phone: str, **more: Any) -> Line:
    """Something to do."""
    return Line(**({"id": f"{n}", "kind": kind, "about": "", "appointment_id": f"v{n}", "name": name, "phone": phone,
                    "start_at": at(14, 15, 24), "due_at": at(15, n), "overdue": False, "owner": "", "mine": False,
                    "ended_at": None} | more))


CALLED = task(9, "call-back", "Ahmed Ziani", "", ended_at=at(14, 30))
TASKS = [
    task(1, "call-back", "Hugo Martin", "+33 6 39 98 01 01", overdue=True, owner="Sophie Perrin", mine=True),
    task(2, "delivery-failed", "Jeanne Roux", "", about="reminder:sms", owner="Dr Nadia Benali"),
    task(3, "device-failed", CLAIRE.name, CLAIRE.phone),
    task(5, "phone-visit", "Zoé Roy", "+33 6 39 98 01 04"),
    task(4, "unconfirmed", "محمد الفارسي", "+33 6 39 98 01 03"),
]

STUDY = Study(
    model=Model(base=0.081, motifs={}, weights=[]), cases=1240, tested=372, brier=0.0712, brier_base=0.0745,
    bins=[Bin(said=s, came_true=t, low=max(0, t - 0.03), high=t + 0.04, count=75)
          for s, t in ((0.03, 0.027), (0.05, 0.06), (0.08, 0.07), (0.12, 0.147), (0.22, 0.2))])


def rated(name: str, visits: int, missed: int) -> dict[str, Any]:
    """One line of rates."""
    return {"name": name, "visits": visits, "missed": missed, "late": 3, "share": missed / visits, "low": 0.02, "high": 0.11}


ATTENDED = {
    "total": rated("", 1240, 101), "by_motif": [rated("Suivi", 900, 60), rated("Premier rendez-vous", 340, 41)],
    "by_channel": [rated("sms", 1000, 70), rated("none", 240, 31)], "reasons": [("unknown", 40), ("forgot", 61)],
    "unmarked": 12, "study": STUDY, "plot": _plot(STUDY)}
NOBODY = {"name": "", "visits": 0, "missed": 0, "late": 0, "share": 0.0, "low": 0.0, "high": 1.0}

RESOURCES = [
    {"id": "i1", "kind": "interpreter", "name": "Amina K.", "languages": "ar,ps", "spoken": "arabe, pachto", "active": True},
    {"id": "i2", "kind": "interpreter", "name": "Réseau Langues et Soins, service de nuit", "languages": "so", "spoken": "somali",
     "active": False},
    {"id": "r1", "kind": "room", "name": "Salle 2", "languages": "", "spoken": "", "active": True}]
LANGUAGES = [("ar", "arabe"), ("ps", "pachto"), ("so", "somali"), ("fsl", "langue des signes française")]

PAGES = [
    Page("attendance", "scheduler/attendance.html", "scheduler", "tasks", always(**ATTENDED)),
    Page("attendance-useless", "scheduler/attendance.html", "scheduler", "tasks", always(**(
        ATTENDED | {"study": STUDY.model_copy(update={"brier": 0.08})}))),
    Page("attendance-none", "scheduler/attendance.html", "scheduler", "tasks", always(
        total=NOBODY, by_motif=[], by_channel=[], reasons=[], unmarked=0, study=None, plot=None)),
    Page("absence", "scheduler/absence.html", "scheduler", "planner", always(**ABSENCE)),
    Page("absence-done", "scheduler/absence.html", "scheduler", "planner", always(**(ABSENCE | {"rows": [], "undo_href": "#"}))),
    Page("absence-none", "scheduler/absence.html", "scheduler", "planner", always(**(
        ABSENCE | {"rows": [], "fault": "The day changed meanwhile. Look at it again."}))),
    Page("tasks", "tasks.html", "scheduler", "tasks", always(done=CALLED, tasks=TASKS)),
    Page("tasks-none", "tasks.html", "doctor", "tasks", always(done=None, tasks=[])),
    Page("waiting-list-empty", "scheduler/waiting_list.html", "scheduler", "planner", always(lines=[], figures=NONE, groups=[])),
    Page("waiting-list", "scheduler/waiting_list.html", "scheduler", "planner", always(lines=WAITING, figures=ASKED, groups=GROUPS)),
    Page(
        "planner-week",
        "scheduler/planner_week.html",
        "scheduler",
        "planner",
        always(title="23 – 27 novembre", columns=WEEK, **PLANNER),
    ),
    Page(
        "planner-day",
        "scheduler/planner_day.html",
        "scheduler",
        "planner",
        always(
            title="lundi 23 novembre",
            columns=[WEEK[0] | {"title": "Dr Benali"}, WEEK[1] | {"title": "Dr Girard"}],
            **(
                PLANNER
                | {
                    "undo": {
                        "text": "Le rendez-vous de C. Lefèvre est annulé.",
                        "action": "#",
                        "fields": {"start": "a"},
                    }
                }
            ),
        ),
    ),
    Page("book", "scheduler/book.html", "scheduler", "planner", booking()),
    Page("book-known", "scheduler/book.html", "scheduler", "planner", booking(patient=KNOWN)),
    Page(
        "book-taken",
        "scheduler/book.html",
        "scheduler",
        "planner",
        booking(
            query="lef",
            hits=[KNOWN],
            taken="This slot was just taken. Here are the next free ones.",
            searched=True,
            duplicates=[KNOWN],
            typed={"given": "Claire"},
            errors={"email": "Please give an e-mail or a phone."},
            alternatives=[{"value": "x", "label": "mar. 24, 14:30", "practitioner_id": "d1"}],
        ),
    ),
    Page("book-series", "scheduler/book.html", "scheduler", "planner", booking(
        patient=KNOWN, typed={"count": "3", "weeks": "2"}, interpreter="i1", room="r1", occurrences=[
            {"moment": "mardi 24 novembre, 14:15", "is_free": True, "alternatives": []},
            {"moment": "mardi 8 décembre, 14:15", "is_free": False, "alternatives": ["mar. 8, 14:30", "mar. 8, 14:45"]},
            {"moment": "mardi 22 décembre, 14:15", "is_free": False, "alternatives": []}])),
    Page("resources", "scheduler/resources.html", "scheduler", "availability", always(
        rows=RESOURCES, languages=LANGUAGES, typed={"name": "Sami", "kind": "interpreter"}, chosen=["ar"],
        errors={"languages": "Please choose at least one language."}, fault="")),
    Page("resources-none", "scheduler/resources.html", "scheduler", "availability", always(
        rows=[], languages=LANGUAGES, typed={}, chosen=[], errors={}, fault="There is one of this name already.")),
    Page("appointment", "scheduler/appointment.html", "scheduler", "planner", always(**APPOINTMENT)),
    Page("appointment-equipped", "scheduler/appointment.html", "scheduler", "planner", always(**(APPOINTMENT | {
        "had": {"interpreter": "i2", "room": ""},
        "errors": {"resource": "Pris à l’heure de ce rendez-vous : Salle 3. Libre à cette heure : Salle 2."}}))),
    Page("appointment-coming", "scheduler/appointment.html", "scheduler", "planner", always(**(
        APPOINTMENT | {"appointment": Some(id="v1", status="booked", start_at=at(14, 0, 25), end_at=at(14, 15, 25))}))),
    Page("appointment-due", "scheduler/appointment.html", "scheduler", "planner", always(**(
        APPOINTMENT | {"arrival": "due", "appointment": Some(id="v1", status="booked", on_site=True, start_at=at(15, 0), end_at=at(15, 15))}))),
    Page("appointment-here", "scheduler/appointment.html", "scheduler", "planner", always(**(
        APPOINTMENT | {"arrival": "here", "appointment": Some(id="v1", status="arrived", on_site=True, start_at=at(15, 0), end_at=at(15, 15))}))),
    Page("appointment-past", "scheduler/appointment.html", "scheduler", "planner", always(**(
        APPOINTMENT | {"likelihood": None, "by_phone": True, "confirmed_at": None, "appointment": Some(id="v1", status="booked", start_at=at(14, 0), end_at=at(14, 15))}))),
    Page("appointment-missed", "scheduler/appointment.html", "scheduler", "planner", always(**(
        APPOINTMENT | {"likelihood": None, "attendance": Attendance(id="v1", kind="never", reason="forgot"),
                       "appointment": Some(id="v1", status="noshow", start_at=at(14, 0), end_at=at(14, 15))}))),
    Page(
        "appointment-move",
        "scheduler/appointment.html",
        "scheduler",
        "planner",
        always(**(APPOINTMENT | {"moving": True, "taken": "This slot was just taken. Here are the next free ones."})),
    ),
    Page("availability", "scheduler/availability.html", "scheduler", "availability", availability),
    Page("planner-team", "scheduler/planner_team.html", "scheduler", "planner", always(title="23 – 27 novembre", columns=[
        column(name, *booked, closed=closed) | {"notes": [day], "first": name == "Dr Benali"}
        for day, closed in (("Lun. 23", False), ("Mar. 24", False), ("Mer. 25", True), ("Jeu. 26", False), ("Ven. 27", False))
        for name, booked in (("Dr Benali", [(9, 15, "I. Costa", "booked"), (14, 30, "D. Leroy", "booked")]), ("Dr Girard", []),
                             ("Dr Okonkwo", [(10, 0, "M. Faure", "booked")]), ("Dr Petit", []), ("Dr Roux", [(14, 0, "A. Roy", "booked")]))
    ], **PLANNER)),
    Page("planner-month", "scheduler/planner_month.html", "scheduler", "planner", always(
        title="novembre 2026", weekdays=["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."], weeks=MONTH, **PLANNER)),
    Page("finder", "scheduler/finder.html", "scheduler", "planner", always(**FINDER)),
    Page("finder-none", "scheduler/finder.html", "scheduler", "planner", always(**(FINDER | {"found": []}))),
    Page("finder-unknown", "scheduler/finder.html", "scheduler", "planner", always(**(
        FINDER | {"found": [], "known": False, "wanted": Wanted("zzz", from_hour=17, this_week=True)}))),
    Page("motifs", "scheduler/motifs.html", "scheduler", "availability", always(**MOTIFS)),
    Page("motifs-none", "scheduler/motifs.html", "scheduler", "availability", always(**(
        MOTIFS | {"lines": MOTIFS["lines"][-1:], "tried": "", "errors": {"label_en": "This is not valid."}}))),
    Page("patients", "scheduler/patients.html", "scheduler", "patients", always(query="lef", hits=[KNOWN])),
    Page("patients-none", "scheduler/patients.html", "scheduler", "patients", always(query="zzz", hits=[])),
    Page(
        "patient",
        "scheduler/patient.html",
        "scheduler",
        "patients",
        always(
            patient=Some(id="p1", identity=CLAIRE),
            typed={},
            errors={},
            saved=True,
            appointments=[
                Some(id="v1", start_at=at(14, 15), status="booked", practitioner_name=DOCTOR.name, motif_label="Suivi")
            ],
        ),
    ),
]
