"""Finding a time in two keystrokes: the next free ones for what somebody types, with whom, in which language, when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.db import Tx
from app.people import Practitioner, normalise
from app.scheduling import agenda
from app.scheduling.agenda import FreeSlot
from app.scheduling.intervals import Interval
from app.scheduling.tables import Motif
from app.scheduling.wall import day_bounds

MOTIFS, TIMES = 3, 4  # so many reasons that fit are shown, and so many times of each
WEEKS = 9
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. words: of a reason or of a doctor's name; language: a code, or any when empty."""

    words: str = ""
    practitioner_id: str = ""
    language: str = ""
    from_hour: int = 0  # of the clinic's clock, any day
    this_week: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A free time for a reason, with a doctor."""

    motif: Motif
    practitioner: Practitioner
    slot: FreeSlot


@dataclass(frozen=True, slots=True)
class Finding:
    """The clinic, the reasons that fit the words, and their next times: by reason, then by time."""

    clinic: agenda.Clinic
    motifs: list[Motif]
    found: list[Found]
    today: date


def find(tx: Tx, wanted: Wanted) -> Finding:
    """The next times that fit all that is wanted. Raises NotFound before the clinic is set up, AccessDenied."""
    clinic = agenda.clinic(tx)
    today = tx.now.astimezone(clinic.zone).date()
    motifs, doctors = fitting(wanted, [m for m in clinic.motifs if m.active], clinic.practitioners)
    until = day_bounds(today + timedelta(days=6 - today.weekday()), clinic.zone)[1] if wanted.this_week else None
    named = {doctor.id: doctor for doctor in doctors}
    found = [Found(motif, named[slot.practitioner_id], slot) for motif in motifs[:MOTIFS]
             for slot in _next(tx, clinic, [*named], motif, wanted.from_hour, until)]
    return Finding(clinic, motifs, found, today)


def fitting(wanted: Wanted, motifs: Sequence[Motif], doctors: Sequence[Practitioner]
            ) -> tuple[list[Motif], list[Practitioner]]:
    """Reasons and doctors of which each word is a part; a word that only doctors have says nothing of reasons. Pure."""
    may = [d for d in doctors if wanted.practitioner_id in ("", d.id)
           and (not wanted.language or wanted.language in d.languages.split(","))]
    reasons = list(motifs)
    for word in normalise(wanted.words).split():
        of_reasons = [m for m in reasons if word in normalise(f"{m.label_fr} {m.label_en}")]
        of_doctors = [d for d in may if word in normalise(d.name)]
        if not of_reasons and not of_doctors:
            return [], []
        reasons, may = of_reasons or reasons, may if of_reasons else of_doctors
    return reasons, may


def _next(tx: Tx, clinic: agenda.Clinic, doctors: list[str], motif: Motif, from_hour: int, until: datetime | None
          ) -> list[FreeSlot]:
    """The first TIMES free times; each time once, with whoever comes first by name."""
    found: dict[datetime, FreeSlot] = {}
    length = timedelta(minutes=motif.duration_min)
    for week in range(WEEKS):
        window = Interval(tx.now + week * WEEK, tx.now + (week + 1) * WEEK)
        if until is not None:
            window = Interval(window.start, min(window.end, until))
        if not doctors or len(found) >= TIMES or window.length <= timedelta():
            break
        for slot in agenda.free_slots(tx, doctors, length, window, motif.id):
            if slot.start_at.astimezone(clinic.zone).hour >= from_hour:
                found.setdefault(slot.start_at, slot)
    return list(found.values())[:TIMES]
