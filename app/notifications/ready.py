"""A message when the doctor is ready: for who waits away from the page, asked for from the waiting room, sent once."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Field, SQLModel

from app import encounters, jobs, people, waiting
from app.access import links
from app.access.policy import Action
from app.actor import system
from app.db import Database, Tx, UTCInstant
from app.encounters import Encounter
from app.errors import Conflict
from app.notifications import invitations, letters
from app.notifications.invitations import Site

KIND = "ready"


class ReadyWish(SQLModel, table=True):
    """Somebody wants to be told when it is their turn; the id is the visit's."""

    __tablename__ = "ready_wish"
    id: str = Field(primary_key=True, foreign_key="encounter.id")
    patient_id: str = Field(foreign_key="patient.id")
    asked_at: datetime = Field(sa_type=UTCInstant)
    told_at: datetime | None = Field(default=None, sa_type=UTCInstant)


def way(tx: Tx, site: Site) -> str:
    """How the acting patient would be told: sms, email, or "" when neither is on file."""
    identity = people.identity_of(tx, tx.actor.patient_id or "")
    return "sms" if identity.phone and site.sms else "email" if identity.email else ""


def wished(tx: Tx) -> bool:
    """Whether the acting patient asked to be told and was not yet."""
    wish = tx.session.get(ReadyWish, tx.actor.appointment_id or "")
    return wish is not None and wish.told_at is None


def ask(tx: Tx, *, wanted: bool) -> None:
    """The acting patient wants to be told, or not any more. Raises Conflict when they have not arrived."""
    visit_id = tx.actor.appointment_id or ""
    encounter = encounters.find(tx, visit_id, Action.VISIT_WAIT, step="tell-me" if wanted else "do-not-tell")
    wish = tx.session.get(ReadyWish, visit_id)
    if wish is not None:
        tx.session.delete(wish)
        tx.session.flush()
    if wanted:
        if encounter.status != "arrived":
            raise Conflict("You are not in the waiting room.")
        tx.session.add(ReadyWish(id=visit_id, patient_id=encounter.patient_id, asked_at=tx.now))


def tell(tx: Tx, practitioner_id: str, site: Site) -> int:
    """Write to whom the doctor is ready for, if they asked; how many."""
    told = 0
    for visit_id in waiting.whose_turn(tx, practitioner_id):
        wish = tx.session.get(ReadyWish, visit_id)
        about = invitations.standing(tx, visit_id, KIND) if wish and wish.told_at is None else None
        if wish is None or about is None:
            continue
        wish.told_at = tx.now
        tx.session.add(wish)
        encounter = tx.session.get_one(Encounter, visit_id)
        if encounter.status == "in-progress" and waiting.is_present(encounter, tx.now):
            continue  # their page has taken them in
        link = site.link(links.issue(tx, visit_id, links.VISIT))
        invitations.send_quickly(tx, KIND, about, site, letters.ready(about.visit, link))
        told += 1
    return told


def handlers(db: Database, site: Site) -> dict[str, jobs.Handler]:
    """What the jobs runner calls for kind queue.moved."""

    async def moved(payload: Mapping[str, str]) -> None:
        await db.write(system("messages"), tell, payload["practitioner_id"], site)

    return {"queue.moved": moved}
