"""Holds of the desk: while a scheduler fills a form in, nobody else gets the time that they chose.

A hold takes the doctor, the interpreter and the room, buffers included, in `occupancy`: the same constraint guards it
that guards appointments. It ends by itself, and lasts longer while somebody types, up to a limit. To whoever holds a
time it is free: booking or moving there gives the hold up in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, func, select

from app.access import guard
from app.access.policy import Action
from app.db import Tx, new_id
from app.errors import Conflict, NotFound
from app.prepared import unsaved
from app.scheduling import booking, holds, occupancy
from app.scheduling.tables import Appointment, DeskHold

HOLD = timedelta(minutes=5)      # without a sign of life
AT_MOST = timedelta(minutes=20)  # however much is typed
AT_ONCE = 5                      # by one scheduler: forms that were forgotten do not close a doctor's day
OVER = "This time is no longer held."


def hold(tx: Tx, *, practitioner_id: str, start_at: datetime, motif_id: str, resource_ids: Sequence[str] = (),
         instead_of: str = "") -> DeskHold:
    """Hold the time of a visit that is about to be booked, instead of what the same form held before.

    Raises SlotTaken (it says who holds it, if the desk does; what was held stays), Conflict (too many at once),
    Invalid, NotFound, AccessDenied.
    """
    wanted = unsaved(Appointment, practitioner_id=practitioner_id, patient_id="", motif_id=motif_id,
                     start_at=start_at, end_at=start_at, created_at=tx.now)
    _permit(tx, wanted.id, start_at)
    booking.fit(tx, wanted, resource_ids)
    return _held(tx, wanted, resource_ids, instead_of)


def hold_elsewhere(tx: Tx, appointment_id: str, practitioner_id: str, start_at: datetime, *, instead_of: str = ""
                   ) -> DeskHold:
    """Hold the time that an appointment is about to be moved to, with all that it needs. Raises as `hold`."""
    appointment = tx.session.get(Appointment, appointment_id)
    guard.permit(tx, Action.APPOINTMENT_MOVE, entity="Appointment", entity_id=appointment_id, quiet=True,
                 patient_id=appointment.patient_id if appointment else None)
    if appointment is None:
        raise NotFound
    if appointment.status != "booked":
        raise Conflict("Only a booked appointment that has not begun can be moved.")
    wanted, also = booking.elsewhere(tx, appointment, start_at, practitioner_id or appointment.practitioner_id)
    wanted.id = new_id()
    _permit(tx, wanted.id, start_at)
    return _held(tx, wanted, also, instead_of)


def prolong(tx: Tx, hold_id: str) -> DeskHold:
    """Somebody is still typing: the hold lasts longer, up to its limit. Raises Conflict once it ran out."""
    guard.permit(tx, Action.SLOTS_HOLD, entity="Slot", entity_id=hold_id, quiet=True)
    held = tx.session.get(DeskHold, hold_id, with_for_update=True)
    if held is None or held.held_by != tx.actor.id or held.held_until <= tx.now:
        raise Conflict(OVER)
    holds.prolong(tx, held, min(tx.now + HOLD, held.began_at + AT_MOST))
    return held


def let_go(tx: Tx, hold_id: str) -> bool:
    """Whoever held it left: the time is free at once. False when it was not theirs, or over. Raises AccessDenied."""
    guard.permit(tx, Action.SLOTS_HOLD, entity="Slot", entity_id=hold_id, quiet=True)
    return holds.end(tx, (col(DeskHold.id) == hold_id) & (col(DeskHold.held_by) == tx.actor.id)) > 0


def _permit(tx: Tx, hold_id: str, start_at: datetime) -> None:
    guard.permit(tx, Action.SLOTS_HOLD, entity="Slot", entity_id=hold_id, start_at=start_at.isoformat())


def _held(tx: Tx, wanted: Appointment, resource_ids: Sequence[str], instead_of: str) -> DeskHold:
    began_at = _begun(tx, wanted)
    holds.end(tx, (col(DeskHold.held_by) == tx.actor.id) & (
        (col(DeskHold.id) == instead_of) | (col(DeskHold.held_until) <= tx.now)))
    holds.make_way(tx, wanted, resource_ids)
    if tx.session.exec(select(func.count()).where(DeskHold.held_by == tx.actor.id)).one() >= AT_ONCE:
        raise Conflict("You hold %(count)s times already. Book or leave one of those forms first.", count=AT_ONCE)
    wanted.held_until = min(tx.now + HOLD, began_at + AT_MOST)
    if not occupancy.take(tx, wanted, resource_ids):
        raise booking.refused(tx, wanted, resource_ids)
    held = DeskHold(id=wanted.id, practitioner_id=wanted.practitioner_id, start_at=wanted.start_at,
                    end_at=wanted.end_at, held_by=tx.actor.id, holder_name=tx.actor.name, began_at=began_at,
                    held_until=wanted.held_until)
    tx.session.add(held)
    tx.session.flush()
    return held


def _begun(tx: Tx, wanted: Appointment) -> datetime:
    """When its holder began to hold this time: a form that is loaded again does not begin anew."""
    begun = tx.session.exec(select(DeskHold.began_at).where(
        DeskHold.held_by == tx.actor.id, DeskHold.practitioner_id == wanted.practitioner_id,
        DeskHold.start_at == wanted.start_at, col(DeskHold.held_until) > tx.now)).first()
    return begun or tx.now
