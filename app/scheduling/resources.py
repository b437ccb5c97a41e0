"""Interpreters and rooms: who and what a visit may need besides its doctor."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, field_validator
from sqlalchemy import select as rows_of
from sqlmodel import col, select

from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.errors import Conflict, Invalid, NotFound
from app.people import Organization
from app.prepared import Among, Prepared
from app.scheduling.occupancy import Occupancy, needed, occupied, times
from app.scheduling.tables import Appointment, Resource

MOST_LANGUAGES = 20
# Spoken in French surgeries, and French sign language; codes of ISO 639-1, and 639-3 where that has none.
LANGUAGES = ("am", "ar", "bg", "bm", "bn", "de", "en", "es", "fa", "ff", "fsl", "ht", "hy", "it", "ka", "ku", "ln",
             "pl", "ps", "pt", "rcf", "ro", "ru", "so", "sq", "sr", "ta", "ti", "tr", "uk", "ur", "vi", "wo", "zh")


NEEDED = Prepared(
    rows_of(col(Occupancy.appointment_id), col(Occupancy.resource_id))
    .join(Resource, col(Resource.id) == col(Occupancy.resource_id))
    .where(Among(col(Occupancy.appointment_id), "appointments")).order_by(col(Resource.kind), col(Resource.name)))


def _listed(value: object) -> object:
    """"ar,ps" as a list."""
    return [code for code in value.split(",") if code] if isinstance(value, str) else value


Codes = Annotated[list[str], BeforeValidator(_listed)]  # of languages, as a form sends them


class ResourceForm(BaseModel):
    """An interpreter or a room as typed."""

    kind: Literal["interpreter", "room"]
    name: str = Field(min_length=1, max_length=80)
    languages: Codes = Field(default=[], max_length=MOST_LANGUAGES)

    @field_validator("languages")
    @classmethod
    def known(cls, value: list[str]) -> list[str]:
        """Languages of our list, each once."""
        if not set(value) <= set(LANGUAGES):
            raise ValueError("This is not valid.")
        return sorted(set(value))


def listed(tx: Tx, *, all_of_them: bool = False) -> list[Resource]:
    """Interpreters and rooms that can be booked, or all there ever were; by kind and name."""
    guard.permit(tx, Action.RESOURCE_WRITE, entity="Resource", quiet=True)
    query = select(Resource).order_by(col(Resource.kind), col(Resource.name))
    return list(tx.session.exec(query if all_of_them else query.where(col(Resource.active))).all())


def add(tx: Tx, form: ResourceForm) -> Resource:
    """A new interpreter or room. Raises Invalid for an interpreter without a language, Conflict for a name in use."""
    guard.permit(tx, Action.RESOURCE_WRITE, entity="Resource", step="add")
    organization = tx.session.exec(select(Organization)).first()
    if organization is None:
        raise NotFound
    row = Resource(organization_id=organization.id, kind=form.kind, name="")
    return _filled(tx, row, form)


def change(tx: Tx, resource_id: str, form: ResourceForm, *, active: bool) -> Resource:
    """Another name, other languages, or no longer booked; what is booked stays. Raises as `add`, and NotFound."""
    guard.permit(tx, Action.RESOURCE_WRITE, entity="Resource", entity_id=resource_id, step="change")
    row = tx.session.get(Resource, resource_id)
    if row is None or row.kind != form.kind:
        raise NotFound
    row.active = active
    return _filled(tx, row, form)


def check(tx: Tx, resource_ids: Sequence[str]) -> None:
    """Raises Invalid when one of them is not there, or is no longer booked."""
    if resource_ids:
        there = select(Resource.id).where(col(Resource.id).in_(resource_ids), col(Resource.active))
        if len(tx.session.exec(there).all()) != len(set(resource_ids)):
            raise Invalid(fields={"resource": "This interpreter or room can no longer be booked."})


def lock(tx: Tx, resource_ids: Sequence[str]) -> None:
    """Have changes of these follow each other, always locked in the same order. It decides nothing."""
    if resource_ids:
        query = select(Resource.id).where(col(Resource.id).in_(resource_ids)).order_by(col(Resource.id))
        tx.session.exec(query.with_for_update(key_share=True)).all()


def beside(tx: Tx, appointment: Appointment) -> list[tuple[Resource, bool]]:
    """Interpreters and rooms that can be booked, and whether each is free when this visit is; so is what it has."""
    had, rows = set(needed(tx, appointment)), listed(tx, all_of_them=True)
    taken = times(tx, [row.id for row in rows if row.id not in had], occupied(appointment))
    return [(row, row.id not in taken) for row in rows if row.active or row.id in had]


def of_appointments(tx: Tx, appointment_ids: Sequence[str]) -> dict[str, list[Resource]]:
    """What each of these needs besides its doctor; the caller was permitted to read them."""
    pairs = tx.run(NEEDED, appointments=appointment_ids)
    query = select(Resource).where(col(Resource.id).in_({resource_id for _, resource_id in pairs}))
    known = {row.id: row for row in tx.session.exec(query).all()} if pairs else {}
    found: dict[str, list[Resource]] = {}
    for appointment_id, resource_id in pairs:
        found.setdefault(appointment_id, []).append(known[resource_id])
    return found


def _filled(tx: Tx, row: Resource, form: ResourceForm) -> Resource:
    if form.kind == "interpreter" and not form.languages:
        raise Invalid(fields={"languages": "Please choose at least one language."})
    same = select(Resource.id).where(Resource.kind == form.kind, Resource.name == form.name, Resource.id != row.id)
    if tx.session.exec(same).first():
        raise Conflict("There is one of this name already.")
    row.name, row.languages = form.name, ",".join(form.languages if form.kind == "interpreter" else [])
    tx.session.add(row)
    return row
