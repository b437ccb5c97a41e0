"""The visit as an iCalendar event (RFC 5545, 5546): UID is the appointment's id, SEQUENCE grows with each change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from icalendar import Alarm, Calendar, Event, vCalAddress

from app import i18n
from app.calendars import Feed

PRODUCT = "-//Colloque//Video visit//EN"
FEED_EVERY = timedelta(minutes=15)
REMIND_BEFORE = timedelta(minutes=15)
Method = Literal["REQUEST", "CANCEL", "PUBLISH"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the patient's calendar gets; no clinical word."""

    uid: str
    sequence: int
    start_at: datetime
    end_at: datetime
    title: str
    text: str
    link: str
    organizer: str
    clinic: str
    attendee: str


def render(entries: Sequence[Entry], method: Method, now: datetime) -> str:
    """The .ics file, CRLF line ends. Several visits go with PUBLISH: a REQUEST has one UID (RFC 5546, 3.2.2)."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for entry in entries:
        calendar.add_component(_event(entry, method, now))
    return str(calendar.to_ical(), "utf-8")


def render_feed(feed: Feed, link: Callable[[str], str]) -> str:
    """A doctor's visits as a calendar to subscribe to; `link` gives a visit's address, which asks for a sign-in."""
    _ = i18n.translator(feed.language).gettext
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{feed.doctor}, {feed.clinic}")
    calendar.add("refresh-interval", FEED_EVERY, parameters={"VALUE": "DURATION"})  # RFC 7986
    for visit in feed.events:
        event = Event()
        event.add("uid", f"{visit.id}@colloque")
        event.add("sequence", visit.sequence)
        event.add("dtstamp", feed.read_at)
        event.add("dtstart", visit.start_at)
        event.add("dtend", visit.end_at)
        event.add("summary", _("Held") if visit.held else _("Video visit"))
        event.add("status", "TENTATIVE" if visit.held else "CONFIRMED")
        event.add("class", "PRIVATE")
        event.add("url", link(visit.id))
        calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")


def _event(entry: Entry, method: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@colloque")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", now)
    event.add("dtstart", entry.start_at)
    event.add("dtend", entry.end_at)
    event.add("summary", entry.title)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    organizer = vCalAddress(f"mailto:{entry.organizer}")
    organizer.params["CN"] = entry.clinic
    event.add("organizer", organizer)
    if method != "PUBLISH":  # which names nobody (RFC 5546, 3.2.1)
        event.add("attendee", vCalAddress(f"mailto:{entry.attendee}"))
    if entry.link:
        event.add("description", f"{entry.text}\n{entry.link}")
        event.add("location", entry.link)
        event.add("url", entry.link)
        event.add_component(_reminder(entry.title))
    return event


def _reminder(title: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", -REMIND_BEFORE)
    return alarm
