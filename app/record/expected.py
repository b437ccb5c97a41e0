"""Words that a visit is likely to hold, for the recogniser to spell right: the record's, the motif's, common drugs.

Whisper that has read "amlodipine" writes it when it hears it; Whisper that has not writes "l'am le dipine".
"""

import re

from app import encounters
from app.access.policy import Action
from app.db import Tx
from app.record import drafts, entries
from app.scheduling.tables import Appointment, BookingNote

LETTERS = re.compile(r"[^\W\d_]{4,}")
MOST = 24  # of one record: more would push the common ones out
# What is taken most and Whisper does not spell by itself (it knows paracétamol, Ventoline): 120 tokens, no more.
COMMON = {
    "fr": "Crestor Symbicort spironolactone pantoprazole prégabaline candésartan Tahor Solupred Inexium codéine "
          "Spasfon Xarelto Lexomil atorvastatine périndopril amlodipine furosémide Eliquis Lévothyrox Kardégic "
          "bisoprolol metformine oméprazole amoxicilline ibuprofène",
    "en": "paracetamol ibuprofen aspirin amoxicillin omeprazole metformin insulin ramipril amlodipine bisoprolol "
          "atorvastatin simvastatin salbutamol prednisolone codeine tramadol sertraline citalopram levothyroxine "
          "warfarin apixaban",
}


def words(tx: Tx, encounter_id: str) -> list[str]:
    """The words, the likeliest last. Raises AccessDenied."""
    encounter = encounters.find(tx, encounter_id, Action.TRANSCRIPT_WRITE, quiet=True)
    record = entries.read(tx, encounter.patient_id)
    lines = [line.text for line in (*record.problems, *record.allergies, *record.treatments)]
    own = named([drafts.motif(tx, encounter), _reason(tx, encounter_id), *lines])[-MOST:]
    known = {word.casefold() for word in own}
    return [word for word in COMMON[encounter.language].split() if word.casefold() not in known] + own


def named(lines: list[str]) -> list[str]:
    """Each word of four letters or more, once, in order: doses and "x2/j" say nothing."""
    found = {word.casefold(): word for line in lines for word in LETTERS.findall(line)}
    return list(found.values())


def _reason(tx: Tx, encounter_id: str) -> str:
    appointment = tx.session.get(Appointment, encounter_id)
    return tx.open(appointment, BookingNote).reason if appointment else ""
