"""What can be booked: each reason for a visit with its length, buffers, mode, and the rules for who books it."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator
from sqlmodel import select

from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.errors import Invalid, NotFound
from app.people import Organization
from app.scheduling import agenda
from app.scheduling.tables import Motif

REMINDERS_H: Final = (168, 24, 1)  # a week, a day and an hour before
MOST_H: Final = 24 * 30


def _of_fives(value: int) -> int:
    if value % 5:
        raise ValueError("Please give a multiple of 5 minutes.")
    return value


Fives = Annotated[int, AfterValidator(_of_fives)]  # slots begin on multiples of five minutes


class MotifForm(BaseModel):
    """A reason for a visit, in both languages. reminders_h: hours before the start; None: as usual here."""

    label_fr: str = Field(max_length=80)
    label_en: str = Field(max_length=80)
    duration_min: Fives = Field(ge=5, le=240)
    before_min: Fives = Field(default=0, ge=0, le=120)
    after_min: Fives = Field(default=0, ge=0, le=120)
    mode: Literal["video", "phone", "onsite"] = "video"
    public: bool = False
    lead_h: int = Field(default=2, ge=0, le=MOST_H)
    cutoff_h: int = Field(default=24, ge=0, le=MOST_H)
    documents_fr: str = Field(default="", max_length=400)
    documents_en: str = Field(default="", max_length=400)
    reminders_h: str | None = Field(default=None, pattern=r"^(\d{1,4}(,\d{1,4}){0,11})?$")

    @model_validator(mode="after")
    def told_to_everybody(self) -> Self:
        """Documents are asked for in both languages, or not at all."""
        if bool(self.documents_fr) != bool(self.documents_en):
            raise ValueError("Please name the documents in both languages, or in neither.")
        return self


def reminder_hours(motif: Motif, usual: tuple[int, ...]) -> tuple[int, ...]:
    """How many hours before its visits patients are reminded; `usual`: as `usual_hours` says."""
    return _hours(motif.reminders_h, usual)


def usual_hours(clinic: Organization, site: tuple[int, ...]) -> tuple[int, ...]:
    """How many hours before its visits a clinic reminds, where the motif says nothing; `site`: the configuration."""
    return _hours(clinic.reminders_h, site)


def remind(tx: Tx, hours: Sequence[int]) -> Organization:
    """When the clinic reminds from now on, for bookings to come. Raises Invalid, NotFound, AccessDenied."""
    chosen = ",".join(str(each) for each in sorted(set(hours), reverse=True))
    guard.permit(tx, Action.SCHEDULE_WRITE, entity="Schedule", step="reminders", hours=chosen)
    if not all(0 < each <= MOST_H for each in hours):
        raise Invalid
    clinic = agenda.clinic(tx).organization
    clinic.reminders_h = chosen
    tx.session.add(clinic)
    return clinic


def _hours(chosen: str | None, otherwise: tuple[int, ...]) -> tuple[int, ...]:
    return otherwise if chosen is None else tuple(int(hours) for hours in chosen.split(",") if hours)


def offer(tx: Tx, form: MotifForm) -> Motif:
    """A new reason that can be booked. Raises Invalid for a name in use, AccessDenied."""
    _permit(tx)
    _check_names(tx, form)
    motif = Motif(organization_id=agenda.clinic(tx).organization.id, **form.model_dump())
    tx.session.add(motif)
    return motif


def change(tx: Tx, motif_id: str, form: MotifForm, *, active: bool) -> Motif:
    """Change a motif for bookings to come, or offer it no longer. What documents are asked for counts at once.

    Raises Invalid for a name in use, NotFound, AccessDenied.
    """
    _permit(tx, motif_id)
    motif = tx.session.get(Motif, motif_id)
    if motif is None:
        raise NotFound
    _check_names(tx, form, motif)
    for name, value in form.model_dump().items():
        setattr(motif, name, value)
    motif.active = active
    tx.session.add(motif)
    return motif


def _check_names(tx: Tx, form: MotifForm, was: Motif | None = None) -> None:
    # Who chooses by name could not tell two of one name apart; a form sent twice makes no second one.
    for field in ("label_fr", "label_en"):
        name = getattr(form, field)
        if name == getattr(was, field, None):
            continue
        if tx.session.exec(select(Motif.id).where(getattr(Motif, field) == name)).first():
            raise Invalid(fields={field: "There is one of this name already."})


def _permit(tx: Tx, motif_id: str = "") -> None:
    guard.permit(tx, Action.SCHEDULE_WRITE, entity="Schedule", entity_id=motif_id, step="motif")
