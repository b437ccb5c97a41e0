"""A doctor's hours: weekly rules, and days that differ."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field, field_validator, model_validator
from sqlmodel import col, select

from app.access import guard
from app.access.policy import Action
from app.db import Tx
from app.errors import Conflict, Invalid, NotFound
from app.people import Practitioner
from app.scheduling import agenda
from app.scheduling.agenda import AgendaEntry
from app.scheduling.availability import MIDNIGHT
from app.scheduling.intervals import Interval
from app.scheduling.resources import LANGUAGES, Codes
from app.scheduling.tables import AvailabilityException, AvailabilityRule, Motif
from app.scheduling.wall import SkippedTime, exact

END_BEFORE_START = "The end must come after the start."
FURTHEST = timedelta(days=731)
NOBODY = "?"  # no identifier: hours of a doctor whom nobody named
LOOK_AHEAD_DAYS = 90
SPOKEN = ("fr", *LANGUAGES)


def _wall(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("Please give a time such as 14:30.")
    return value.replace(second=0, microsecond=0)


_Hours = AvailabilityRule | AvailabilityException
WallTime = Annotated[time, AfterValidator(_wall)]


class LanguagesForm(BaseModel):
    """Languages in which a doctor receives, codes of SPOKEN."""

    languages: Codes = Field(default=[], validate_default=True)

    @field_validator("languages")
    @classmethod
    def known(cls, value: list[str]) -> list[str]:
        """Languages of our list, each once, and one at least."""
        if not value:
            raise ValueError("Please choose at least one language.")
        if not set(value) <= set(SPOKEN):
            raise ValueError("This is not valid.")
        return sorted(set(value))


class HoursForm(BaseModel):
    """Weekly hours as typed: the same hours on one or several weekdays. end 00:00 is midnight."""

    weekdays: list[int] = Field(min_length=1)
    start: WallTime
    end: WallTime
    motif_id: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    @field_validator("weekdays", mode="before")
    @classmethod
    def listed(cls, value: object) -> object:
        """"0,2,4" as a list; Monday is 0."""
        return value.split(",") if isinstance(value, str) else value

    @field_validator("weekdays")
    @classmethod
    def real_days(cls, value: list[int]) -> list[int]:
        """Days of a week, each once."""
        if not set(value) <= set(range(7)):
            raise ValueError("This is not valid.")
        return sorted(set(value))

    @field_validator("end")
    @classmethod
    def after_start(cls, value: time, info: object) -> time:
        """Hours do not run over midnight: that is two days."""
        return _after(getattr(info, "data", {}).get("start"), value)

    @field_validator("valid_until")
    @classmethod
    def after_beginning(cls, value: date | None, info: object) -> date | None:
        """A rule that ends before it begins is a slip."""
        begin = getattr(info, "data", {}).get("valid_from")
        if value and begin and value < begin:
            raise ValueError(END_BEFORE_START)
        return value


class DayForm(BaseModel):
    """A day, or a leave of several days, that differs. Without hours it is about whole days."""

    kind: Literal["closed", "open"]
    on: date
    until: date | None = None
    start: WallTime | None = None
    end: WallTime | None = None

    @field_validator("until")
    @classmethod
    def after_first(cls, value: date | None, info: object) -> date | None:
        """The last day is not before the first."""
        first = getattr(info, "data", {}).get("on")
        if value and first and value < first:
            raise ValueError(END_BEFORE_START)
        return value

    @field_validator("end")
    @classmethod
    def after_start(cls, value: time | None, info: object) -> time | None:
        """Hours do not run over midnight."""
        return value if value is None else _after(getattr(info, "data", {}).get("start"), value)

    @model_validator(mode="after")
    def whole(self) -> Self:
        """Both hours or none; extra hours always name theirs."""
        if (self.start is None) != (self.end is None):
            raise ValueError("Please give both a start and an end, or neither for the whole day.")
        if self.kind == "open" and self.start is None:
            raise ValueError("Please give the start and the end of the extra hours.")
        return self


@dataclass(frozen=True, slots=True)
class Hours:
    """All that decides when a doctor can be booked, and the appointments that lie outside of it."""

    practitioner: Practitioner
    rules: list[AvailabilityRule]
    exceptions: list[AvailabilityException]
    outside: list[AgendaEntry]


def hours(tx: Tx, practitioner_id: str) -> Hours:
    """A doctor's rules and the days ahead that differ. Raises NotFound, AccessDenied."""
    guard.permit(tx, Action.SCHEDULE_READ, entity="Schedule", entity_id=practitioner_id, quiet=True)
    doctor = tx.session.get(Practitioner, practitioner_id)
    if doctor is None:
        raise NotFound
    today = _today(tx)
    still = col(AvailabilityRule.valid_until).is_(None) | (col(AvailabilityRule.valid_until) >= today)
    rules = select(AvailabilityRule).where(AvailabilityRule.practitioner_id == practitioner_id, still)
    ahead = select(AvailabilityException).where(AvailabilityException.practitioner_id == practitioner_id,
                                                AvailabilityException.on >= today, ~col(AvailabilityException.usual))
    return Hours(
        doctor,
        list(tx.session.exec(rules.order_by(col(AvailabilityRule.weekday), col(AvailabilityRule.start))).all()),
        list(tx.session.exec(ahead.order_by(col(AvailabilityException.on), col(AvailabilityException.start))).all()),
        _outside(tx, practitioner_id),
    )


def open_weekly(tx: Tx, practitioner_id: str, form: HoursForm) -> list[AvailabilityRule]:
    """Open the same hours every week, from today or a later day on: the past stays as it was.

    Raises Invalid, and Conflict where they overlap others.
    """
    _permit(tx, practitioner_id or NOBODY, "hours")
    if form.valid_from and form.valid_from < _today(tx):
        raise Invalid(fields={"valid_from": "This day has passed."})
    if form.valid_until and form.valid_until < _today(tx):
        raise Invalid(fields={"valid_until": "This day has passed."})
    if form.valid_from and form.valid_from > _today(tx) + FURTHEST:
        raise Invalid(fields={"valid_from": "This is more than two years ahead."})
    if form.motif_id and tx.session.get(Motif, form.motif_id) is None:
        raise Invalid(fields={"motif_id": "This is not valid."})
    rules = [AvailabilityRule(practitioner_id=practitioner_id, weekday=weekday, start=form.start, end=form.end,
                              motif_id=form.motif_id, valid_from=form.valid_from or _today(tx),
                              valid_until=form.valid_until) for weekday in form.weekdays]
    held = tx.session.exec(select(AvailabilityRule).where(AvailabilityRule.practitioner_id == practitioner_id)).all()
    if any(_collide(new, old) for new in rules for old in held):
        raise Conflict("These hours overlap hours that are open already.")
    tx.session.add_all(rules)
    tx.session.flush()
    return rules


def speaks(tx: Tx, practitioner_id: str, form: LanguagesForm) -> Practitioner:
    """In which languages a doctor is found from now on; what is booked stays. Raises NotFound, AccessDenied."""
    guard.permit(tx, Action.SCHEDULE_WRITE, entity="Schedule", entity_id=practitioner_id, step="languages",
                 languages=",".join(form.languages))
    doctor = tx.session.get(Practitioner, practitioner_id)
    if doctor is None:
        raise NotFound
    doctor.languages = ",".join(form.languages)
    tx.session.add(doctor)
    return doctor


def close_weekly(tx: Tx, rule_id: str) -> AvailabilityRule:
    """End weekly hours from today on; the past keeps them, and what is booked in them stays booked.

    Returns them as they were to be, so that they can be opened again. Raises NotFound, AccessDenied.
    """
    rule = tx.session.get(AvailabilityRule, rule_id)
    _permit(tx, rule.practitioner_id if rule else "", "hours")
    today = _today(tx)
    if rule is None or (rule.valid_until is not None and rule.valid_until < today):
        raise NotFound
    rest = AvailabilityRule(**rule.model_dump(exclude={"valid_from"}), valid_from=max(rule.valid_from, today))
    if rule.valid_from < today:
        rule.valid_until = today - timedelta(days=1)
        tx.session.add(rule)
    else:
        tx.session.delete(rule)
    return rest


def differ(tx: Tx, practitioner_id: str, form: DayForm) -> list[AvailabilityException]:
    """Close hours, whole days or a leave, or open extra hours; returns what is new of it.

    Raises Invalid, and Conflict where the same hours are both closed and extra: nobody could tell which holds.
    """
    _permit(tx, practitioner_id or NOBODY, "day")
    zone = agenda.clinic(tx).zone
    if form.on < _today(tx):
        raise Invalid(fields={"on": "This day has passed."})
    if (form.until or form.on) > _today(tx) + FURTHEST:
        raise Invalid(fields={"until" if form.until else "on": "This is more than two years ahead."})
    days = [form.on + timedelta(days=n) for n in range(((form.until or form.on) - form.on).days + 1)]
    for on in days:
        _check_exists(on, form, zone)
    rows = [AvailabilityException(practitioner_id=practitioner_id, on=on, closed=form.kind == "closed",
                                  start=form.start, end=form.end) for on in days]
    held = tx.session.exec(select(AvailabilityException).where(
        AvailabilityException.practitioner_id == practitioner_id, col(AvailabilityException.on).in_(days),
        ~col(AvailabilityException.usual))).all()
    if any(new.on == old.on and new.closed != old.closed and _times_overlap(new, old) for new in rows for old in held):
        raise Conflict("These hours overlap another exception of that day. Remove that one first.")
    known = {(old.on, old.closed, old.start, old.end) for old in held}
    fresh = [new for new in rows if (new.on, new.closed, new.start, new.end) not in known]
    tx.session.add_all(fresh)
    tx.session.flush()
    return fresh


def as_usual(tx: Tx, exception_id: str) -> AvailabilityException:
    """A day that differed is as usual again. Returns the exception, so that it can be made again."""
    row = tx.session.get(AvailabilityException, exception_id)
    _permit(tx, row.practitioner_id if row else "", "day")
    if row is None:
        raise NotFound
    tx.session.delete(row)
    return row


def _permit(tx: Tx, practitioner_id: str, step: str) -> None:
    guard.permit(tx, Action.SCHEDULE_WRITE, entity="Schedule", entity_id=practitioner_id, step=step)
    if practitioner_id and tx.session.get(Practitioner, practitioner_id) is None:
        raise NotFound


def _outside(tx: Tx, practitioner_id: str) -> list[AgendaEntry]:
    """Booked appointments ahead that no open hours hold: closed since, or opened by nobody."""
    window = Interval(tx.now, tx.now + timedelta(days=LOOK_AHEAD_DAYS))
    opened = agenda.open_time(tx, practitioner_id, window)
    booked = agenda.appointments(tx, [practitioner_id], window.start, window.end)
    return [e for e in booked if e.appointment.status == "booked" and not any(
        Interval(e.appointment.start_at, e.appointment.end_at).within(hours) for hours in opened)]


def _today(tx: Tx) -> date:
    return tx.now.astimezone(agenda.clinic(tx).zone).date()


def _check_exists(on: date, form: DayForm, zone: ZoneInfo) -> None:
    for name, at in (("start", form.start), ("end", form.end)):
        if at in (None, MIDNIGHT):  # the whole day, however clocks begin it
            continue
        try:
            exact(on, at or MIDNIGHT, zone)
        except SkippedTime:
            raise Invalid(fields={name: "Clocks go forward that night: this time does not exist."}) from None


def _after(start: time | None, end: time) -> time:
    if start is not None and end != MIDNIGHT and end <= start:
        raise ValueError(END_BEFORE_START)
    return end


def _collide(new: AvailabilityRule, old: AvailabilityRule) -> bool:
    apart = ((new.valid_until is not None and new.valid_until < old.valid_from)
             or (old.valid_until is not None and old.valid_until < new.valid_from))
    return new.weekday == old.weekday and new.motif_id == old.motif_id and not apart and _times_overlap(new, old)


def _times_overlap(new: _Hours, old: _Hours) -> bool:
    def ends(row: _Hours) -> time:
        return row.end if row.end and row.end != MIDNIGHT else time.max

    return (new.start or MIDNIGHT) < ends(old) and (old.start or MIDNIGHT) < ends(new)
