"""The waiting list in figures, by age and by how people are reached: whom the offers pass by has to be seen."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import col, select

from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.people import PatientIdentity, identities
from app.scheduling.waitlist import WaitEntry, WaitOffer

BANDS = (("0-17", 0), ("18-39", 18), ("40-64", 40), ("65-79", 65), ("80+", 80))


@dataclass(frozen=True, slots=True)
class Group:
    """Some of those who ever waited: how many wait now, were offered a time and took it, and the hours they gained."""

    name: str
    waiting: int
    offers: int
    accepted: int
    gained_h: int


def groups(tx: Tx) -> list[Group]:
    """Each age band and each way of being reached that occurs: sms, email, none. Raises AccessDenied."""
    guard.permit(tx, Action.WAITLIST_READ, entity="WaitingList", step="figures")
    entries = tx.session.exec(select(WaitEntry)).all()
    offers: dict[str, list[WaitOffer]] = {}
    for offer in tx.session.exec(select(WaitOffer).order_by(col(WaitOffer.offered_at))).all():
        offers.setdefault(offer.entry_id, []).append(offer)
    known = identities(tx, (entry.patient_id for entry in entries))
    today = tx.now.date()

    def group(name: str, some: Iterable[WaitEntry]) -> Group:
        these = list(some)
        made = [offer for entry in these for offer in offers.get(entry.id, [])]
        taken = [offer for offer in made if offer.state == "accepted"]
        return Group(name, sum(entry.ended_at is None for entry in these), len(made), len(taken),
                     sum(offer.gained_h for offer in taken))

    def who(entry: WaitEntry) -> PatientIdentity:
        return known[entry.patient_id]

    by_age = [(name, [e for e in entries if band(who(e).age(today)) == name]) for name, _ in BANDS]
    by_way = [(name, [e for e in entries if who(e).reached_by == name]) for name in ("sms", "email", "none")]
    return [group(name, some) for name, some in (*by_age, *by_way) if some]


def band(age: int) -> str:
    """The age band of somebody: 0-17, 18-39, 40-64, 65-79, 80+."""
    return next(name for name, first in reversed(BANDS) if age >= first)
