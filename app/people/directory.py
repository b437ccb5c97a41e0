"""Finding patients through the blind index: search as somebody types, and possible duplicates.

The index holds keyed hashes of beginnings of names, birth dates, phones and e-mails. What it finds is
opened, compared in clear and ranked in memory; nothing readable is stored or logged.
"""

import re
from dataclasses import dataclass
from datetime import date

from rapidfuzz import fuzz
from sqlmodel import col, func, select

from app.access import guard
from app.access.policy import Action
from app.actor import Role
from app.db import Tx
from app.people import PatientToken, identities
from app.people.identity import (
    PREFIX_LETTERS,
    PatientIdentity,
    held_words,
    index_terms,
    international,
    name_term,
    normalise,
    words,
)

CANDIDATES = 300  # opened and compared for one search
SHOWN = 20
ALIKE = 80  # percent of likeness (rapidfuzz) from which two names may be one person's
FUZZY_LETTERS = 3


@dataclass(frozen=True, slots=True)
class PatientHit:
    """A patient that a search found; `likeness` in percent."""

    id: str
    identity: PatientIdentity
    likeness: float = 100.0


def search(tx: Tx, text: str) -> list[PatientHit]:
    """Patients by beginnings of names, birth date, phone or e-mail; all of it must fit. Best SHOWN first.

    When no name fits, names that are alike. A doctor finds the patients in their care. The trail
    notes the search, not its words. Raises AccessDenied.
    """
    guard.permit(tx, Action.PATIENT_SEARCH, entity="Patient")
    terms, name_words = search_terms(text)
    if not terms:
        return []
    found = identities(tx, _matching(tx, terms))
    # The index vouches for the beginnings it knows; only longer words and lone letters are left to compare.
    unsure = [word for word in name_words if len(word) > PREFIX_LETTERS or name_term(word) not in terms]
    exact = [PatientHit(i, who) for i, who in found.items() if not unsure or _has_all(who, unsure)]
    only_names = all(term.startswith("name:") for term in terms)
    hits = exact or (_alike(tx, name_words) if only_names else [])
    return sorted(hits, key=lambda hit: (-hit.likeness, normalise(hit.identity.sorting_name)))[:SHOWN]


def search_terms(text: str) -> tuple[set[str], list[str]]:
    """Index terms of a search, and its words to be compared with opened names. Pure."""
    terms, left = set(), []
    digits = re.sub(r"[\s.()-]", "", text)
    if re.fullmatch(r"(\+|0)\d{8,14}", digits):
        try:
            return {f"phone:{international(digits)}"}, []
        except ValueError:
            return set(), []
    for part in text.split():
        if born := _birth_date(part):
            terms.add(f"birth:{born.isoformat()}")
        elif "@" in part:
            terms.add(f"email:{part.casefold()}")
        else:
            left += words(part)
    # A single Latin letter beside a whole word narrows nothing that the index knows.
    terms |= {name_term(word) for word in left if len(word) > 1 or not word.isascii()}
    return terms, left


def possible_duplicates(tx: Tx, identity: PatientIdentity) -> list[PatientHit]:
    """Patients who may be this person already: alike in name, and in birth date, phone or e-mail."""
    guard.permit(tx, Action.PATIENT_SEARCH, entity="Patient", step="duplicates")
    keys = [{term} for term in index_terms(identity) if not term.startswith("name:")]
    keys.append({name_term(word) for word in words(identity.name)})
    ids = {patient_id for terms in keys for patient_id in _matching(tx, terms)}
    hits = (PatientHit(i, who, _likeness(who.name, identity.name)) for i, who in identities(tx, ids).items()
            if _shares_a_key(who, identity))
    return sorted((hit for hit in hits if hit.likeness >= ALIKE), key=lambda hit: -hit.likeness)[:SHOWN]


def known_person(tx: Tx, identity: PatientIdentity) -> str | None:
    """The one patient who is surely this person: same name and birth date, and the same phone or e-mail.

    For registering: whoever asks learns nothing, and a code goes to the address on file. Raises AccessDenied.
    """
    guard.permit(tx, Action.PATIENT_WRITE, entity="Patient", step="match")
    birth = f"birth:{identity.birth_date.isoformat()}"
    contacts = [term for term in index_terms(identity) if term.startswith(("phone:", "email:"))]
    found = identities(tx, (i for contact in contacts for i in _matching(tx, {birth, contact})))
    same = [i for i, who in found.items() if sorted(words(who.name)) == sorted(words(identity.name))]
    return same[0] if len(same) == 1 else None


def _matching(tx: Tx, terms: set[str]) -> list[str]:
    tokens = [tx.keyring.blind(tx.session, term) for term in sorted(terms)]
    query = (
        select(PatientToken.patient_id).where(col(PatientToken.token).in_(tokens)).group_by(col(PatientToken.patient_id))
        .having(func.count(func.distinct(col(PatientToken.token))) == len(tokens)).limit(CANDIDATES)
    )
    if tx.actor.role is Role.DOCTOR:
        query = query.where(col(PatientToken.patient_id).in_(guard.patients_in_care(tx)))
    return list(tx.session.exec(query).all())


def _has_all(identity: PatientIdentity, wanted: list[str]) -> bool:
    held = held_words(identity.name)
    return all(any(word.startswith(want) for word in held) for want in wanted)


def _alike(tx: Tx, wanted: list[str]) -> list[PatientHit]:
    # The beginning of a word is the part least often mistyped.
    beginnings = {name_term(word[:FUZZY_LETTERS]) for word in wanted if len(word) > FUZZY_LETTERS}
    found = identities(tx, (i for term in beginnings for i in _matching(tx, {term})))
    # Part of a name was typed: compare with the part of each name that fits best.
    typed = " ".join(wanted)
    hits = (PatientHit(i, who, fuzz.partial_token_sort_ratio(" ".join(words(who.name)), typed))
            for i, who in found.items())
    return [hit for hit in hits if hit.likeness >= ALIKE]


def _likeness(one: str, other: str) -> float:
    return fuzz.token_sort_ratio(" ".join(words(one)), " ".join(words(other)))


def _shares_a_key(one: PatientIdentity, other: PatientIdentity) -> bool:
    same = (one.birth_date == other.birth_date, one.phone and one.phone == other.phone,
            one.email and one.email.casefold() == other.email.casefold())
    return any(same) or _mistyped(one.birth_date, other.birth_date)


def _mistyped(one: date, other: date) -> bool:
    """Whether one date is the other with day and month swapped, or one of its three parts wrong."""
    equal = [one.year == other.year, one.month == other.month, one.day == other.day]
    swapped = equal[0] and (one.month, one.day) == (other.day, other.month)
    return swapped or sum(equal) == 2


def _birth_date(text: str) -> date | None:
    for pattern in (r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})", r"(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4})"):
        if match := re.fullmatch(pattern, text):
            try:
                return date(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                return None
    return None
