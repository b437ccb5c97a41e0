"""Times that are held for a while: in whose way they are, and how they end. `desk` takes those of the desk."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.db import Tx
from app.scheduling import occupancy
from app.scheduling.intervals import Interval
from app.scheduling.occupancy import Occupancy
from app.scheduling.tables import Appointment, DeskHold


def of_doctors(tx: Tx, practitioner_ids: Sequence[str], window: Interval) -> list[DeskHold]:
    """What others at the desk hold of some doctors in the window, in order; the caller may read the schedule."""
    return list(tx.session.exec(select(DeskHold).where(
        col(DeskHold.practitioner_id).in_(practitioner_ids), col(DeskHold.held_until) > tx.now,
        DeskHold.held_by != tx.actor.id,
        col(DeskHold.start_at) < window.end, col(DeskHold.end_at) > window.start).order_by(
        col(DeskHold.start_at))).all())


def of_others(tx: Tx, wanted: Appointment, resource_ids: Sequence[str]) -> DeskHold | None:
    """What another scheduler holds of all that a visit needs, of several what lasts longest."""
    return tx.session.exec(select(DeskHold).where(
        col(DeskHold.held_until) > tx.now, DeskHold.held_by != tx.actor.id,
        col(DeskHold.id).in_(_in_the_way(wanted, resource_ids))).order_by(col(DeskHold.held_until).desc())).first()


def make_way(tx: Tx, wanted: Appointment, resource_ids: Sequence[str]) -> int:
    """Give up what ran out, and what the acting scheduler holds, where somebody wants to book; how many."""
    ended = tx.session.exec(select(Appointment).where(
        Appointment.status == "pending", col(Appointment.held_until) <= tx.now,
        col(Appointment.id).in_(_in_the_way(wanted, resource_ids))).order_by(
        col(Appointment.id)).with_for_update()).all()
    for hold in ended:
        hold.status = "cancelled"
        tx.session.add(hold)
    tx.session.flush()
    mine = (col(DeskHold.held_until) <= tx.now) | (DeskHold.held_by == tx.actor.id)
    return len(ended) + end(tx, mine & col(DeskHold.id).in_(_in_the_way(wanted, resource_ids)))


def end(tx: Tx, which: ColumnElement[bool]) -> int:
    """Give up holds of the desk; how many. Their times are free once this commits."""
    rows = tx.session.exec(select(DeskHold).where(which).order_by(col(DeskHold.id)).with_for_update()).all()
    ids = [row.id for row in rows]
    if ids:
        tx.session.execute(delete(Occupancy).where(col(Occupancy.appointment_id).in_(ids)))
        tx.session.execute(delete(DeskHold).where(col(DeskHold.id).in_(ids)))
    return len(ids)


def prolong(tx: Tx, hold: DeskHold, until: datetime) -> None:
    """Have a hold of the desk last until then, with all that it takes."""
    hold.held_until = until
    tx.session.add(hold)
    for row in tx.session.exec(select(Occupancy).where(Occupancy.appointment_id == hold.id)).all():
        row.held_until = until
        tx.session.add(row)
    tx.session.flush()


def _in_the_way(wanted: Appointment, resource_ids: Sequence[str]) -> SelectOfScalar[str]:
    during = occupancy.occupied(wanted)
    return select(Occupancy.appointment_id).where(
        col(Occupancy.resource_id).in_([wanted.practitioner_id, *resource_ids]), col(Occupancy.active),
        col(Occupancy.start_at) < during.end, col(Occupancy.end_at) > during.start)
