"""A clinic in the middle of its day, for whoever looks at its pages: every list has something on it, every state is there."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from sqlmodel import select

from app import attendance, encounters, people, tasks
from app.__main__ import database_or_fail
from app.access import links
from app.actor import Actor, PurposeOfUse, Role, system
from app.db import Tx
from app.forecasting import no_show
from app.notifications.messages import Message, MessageContent
from app.people import Organization, Patient, PatientIdentity, Practitioner
from app.scheduling import booking, planning, replies, resources, series, waitlist
from app.scheduling.planning import DayForm, HoursForm
from app.scheduling.resources import ResourceForm
from app.scheduling.series import Repeat
from app.scheduling.tables import Appointment, BookingNote, Motif
from app.scheduling.waitlist import Wish
from app.settings import Settings
from tests.trips import people as personas
from tests.trips.conftest import House

SEED = system("demonstration")
CLERK = Actor(Role.SCHEDULER, "clerk", "Sophie Perrin", purpose=PurposeOfUse.OPERATIONS)
AHEAD, LATER, LEAVE = (personas.day_ahead(days) for days in (8, 29, 43))
LONG = ("Abd al-Rahman", "Ben Mohamed-Lefrançois de la Tour")
RIGHT_TO_LEFT = ("محمد", "العربي")
PAST_VISITS = 260


@dataclass
class Day:
    """What was made: doctors, appointments by what they are, and the links of their patients."""

    doctors: list[str]
    zone: ZoneInfo
    appointments: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


def fill(house: House) -> Day:
    """Make the day through the functions that the pages call, in this process."""
    names = {key.removeprefix("COLLOQUE_").lower(): value for key, value in house.env.items()
             if key.startswith("COLLOQUE_") and key != "COLLOQUE_ENV_FILE"}
    db = database_or_fail(Settings(_env_file=None, **names))  # type: ignore[arg-type]
    try:
        day = db.write_sync(SEED, _appointments)
        db.write_sync(CLERK, _at_the_desk, day)
        db.write_sync(SEED, _what_happened, day)
        db.write_sync(CLERK, attendance.mark, day.appointments["missed"], "never", "forgot")
        db.write_sync(SEED, _the_past, day)
    finally:
        db.close()
    return day


def _names() -> Iterator[tuple[str, str]]:
    yield LONG
    yield RIGHT_TO_LEFT
    yield from ((f"Zoé-{n}", f"Ng-{n}") for n in count())


def _booker(tx: Tx, zone: ZoneInfo) -> Callable[..., Appointment]:
    """Books for somebody new each time."""
    names, years = _names(), count(1931)

    def book(doctor: str, motif: Motif, on: date, hour: int, minute: int = 0) -> Appointment:
        given, family = next(names)
        born = date(next(years), 5, 17)
        who = people.register(tx, PatientIdentity(family=family, given=given, birth_date=born, phone="+33639980199",
                                                  email=f"born{born.year}@patients.example", language="fr"))
        return booking.book(tx, practitioner_id=doctor, motif_id=motif.id, patient_id=who.id, language="fr",
                            start_at=datetime.combine(on, time(hour, minute), zone))
    return book


def _appointments(tx: Tx) -> Day:
    clinic = tx.session.exec(select(Organization)).one()
    doctors = [d.id for d in tx.session.exec(select(Practitioner).order_by(Practitioner.rpps)).all()]
    video = tx.session.exec(select(Motif).where(Motif.label_en == "Follow-up visit")).one()
    onsite = Motif(organization_id=clinic.id, label_fr="Soin au centre avec pansement et explications",
                   label_en="Care at the clinic with dressing and explanations", duration_min=30, before_min=5, after_min=10,
                   mode="onsite", public=True, documents_fr="Votre ordonnance et votre carnet de santé.",
                   documents_en="Your prescription and your health booklet.")
    tx.session.add(onsite)
    tx.session.flush()
    zone = ZoneInfo(clinic.zone)
    day, book = Day(doctors, zone), _booker(tx, zone)
    made = {
        "confirmed": book(doctors[1], video, AHEAD, 11), "device": book(doctors[1], video, AHEAD, 11, 15),
        "phone": book(doctors[1], video, AHEAD, 11, 30), "plain": book(doctors[1], video, AHEAD, 14),
        "onsite": book(doctors[2], onsite, AHEAD, 15), "failed": book(doctors[2], video, AHEAD, 16),
        "cancelled": book(doctors[2], video, AHEAD, 17), "waits": book(doctors[0], video, LATER, 9),
        "asked": book(doctors[0], video, LATER, 9, 30), "gone": book(doctors[1], video, LATER, 14),
        "missed": book(doctors[0], video, LATER, 11), **{f"answered-{n}": book(doctors[0], video, LATER, 15, 15 * n) for n in range(4)},
        "own": book(doctors[1], onsite, LATER, 10)}
    for name, row in made.items():
        day.appointments[name] = row.id
        day.links[name] = f"/l/{links.issue(tx, row.id, links.VISIT)}"
    return day


def _at_the_desk(tx: Tx, day: Day) -> None:
    interpreter = resources.add(tx, ResourceForm(kind="interpreter", name="Léa Fontaine", languages=["ar", "es"]))
    room = resources.add(tx, ResourceForm(kind="room", name="Salle des Tilleuls, premier étage"))
    booking.equip(tx, day.appointments["onsite"], [interpreter.id, room.id])
    booking.move(tx, day.appointments["confirmed"], datetime.combine(AHEAD, time(10, 30), day.zone), why="patient")
    booking.cancel(tx, day.appointments["cancelled"], "doctor")
    planning.differ(tx, day.doctors[1], DayForm(kind="closed", on=LEAVE, until=LEAVE + timedelta(days=4)))
    planning.differ(tx, day.doctors[1], DayForm(kind="open", on=LEAVE + timedelta(days=12), start=time(9), end=time(12)))
    planning.open_weekly(tx, day.doctors[2], HoursForm(weekdays=[5], start=time(9), end=time(12)))
    replies.switch(tx, day.appointments["phone"], phone=True)
    for name in ("waits", "asked"):
        waitlist.join(tx, day.appointments[name], Wish(any_doctor=True, urgent=name == "asked", from_hour=8, to_hour=18))
    follow_up = tx.session.get_one(Appointment, day.appointments["plain"])
    made = series.book(tx, datetime.combine(LATER, time(16), day.zone), Repeat(count=3, weeks=1), all_or_none=False,
                       practitioner_id=day.doctors[2], motif_id=follow_up.motif_id, patient_id=follow_up.patient_id,
                       language="fr")
    day.appointments["series"] = made.appointments[0].id


def _what_happened(tx: Tx, day: Day) -> None:
    """Answers, tests and failures."""
    for name, kind in (("failed", "delivery-failed"), ("device", "device-failed"), ("plain", "unconfirmed"),
                       ("phone", "phone-visit"), ("confirmed", "call-back")):
        tasks.ask(tx, kind, day.appointments[name], "invitation:email" if name == "failed" else "")
    encounters.open_for(tx, day.appointments["device"]).device_test = "failed"
    freed = datetime.combine(AHEAD + timedelta(days=1), time(11), day.zone)
    offer = waitlist.offer(tx, day.doctors[0], freed, freed + timedelta(minutes=15))
    assert offer is not None
    day.links["offer"] = f"/l/{links.issue(tx, offer.appointment_id, links.VISIT)}"
    row = tx.session.get_one(Appointment, day.appointments["failed"])
    message = Message(patient_id=row.patient_id, appointment_id=row.id, kind="invitation", channel="email", state="failed",
                      attempts=5, created_at=tx.now, error="refused")
    tx.seal(message, MessageContent(to="nobody@patients.example", subject="x", text="x"))
    tx.session.add(message)
    missed = tx.session.get_one(Appointment, day.appointments["missed"])
    missed.start_at, missed.end_at = tx.now - timedelta(hours=2), tx.now - timedelta(minutes=105)
    tx.session.add_all([row, missed])


def _the_past(tx: Tx, day: Day) -> None:
    """A year of visits, some missed by people who miss, so that the chance of not coming can be learnt."""
    chance = random.Random(7)
    motifs = tx.session.exec(select(Motif)).all()
    patients = tx.session.exec(select(Patient)).all()
    rows = []
    for n in range(PAST_VISITS):
        patient = patients[n % len(patients)]
        start = (tx.now - timedelta(days=300 - n, hours=n % 5)).replace(minute=0, second=0, microsecond=0)
        row = Appointment(practitioner_id=day.doctors[n % 3], patient_id=patient.id, motif_id=motifs[n % len(motifs)].id,
                          start_at=start, end_at=start + timedelta(minutes=15), created_at=start - timedelta(days=1 + n % 40),
                          status="noshow" if chance.random() < (0.5 if n % len(patients) < 4 else 0.03) else "fulfilled")
        tx.seal(row, BookingNote())
        rows.append(row)
    tx.session.add_all(rows)
    tx.session.flush()
    attendance._keep(tx, no_show.study(attendance.cases(tx)))  # as its nightly job does


