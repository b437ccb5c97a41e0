"""Every page with a context that its handler could give: for the guard that renders them all and for scripts/preview.py."""

from tests.guards.pages import doors, guest, patient, record, scheduler, visit
from tests.guards.pages.model import Page, base_context

PAGES = [*doors.PAGES, *patient.PAGES, *guest.PAGES, *visit.PAGES, *record.PAGES, *scheduler.PAGES]

__all__ = ["PAGES", "Page", "base_context"]
