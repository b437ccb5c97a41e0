"""The pages of a guest."""

from app.guests import Standing
from tests.guards.pages.model import Page, always, at
from tests.guards.pages.people import DOCTOR

GUEST = Standing("g1", "v1", "Samir Haddad", "interpreter", at(14, 20), agreed=True)

PAGES = [
    Page("guest", "guest/entrance.html", context=always(token="t0k3n", doctor=DOCTOR, typed={}, errors={}, fault="")),
    Page("guest-again", "guest/entrance.html", context=always(
        token="t0k3n", doctor=DOCTOR, typed={"relation": "nurse"}, errors={"name": "Please fill in this field."}, fault="No.")),
    Page("guest-gone", "guest/entrance.html", context=always(token="t0k3n", doctor=None, typed={}, errors={}, fault="")),
    Page("guest-call", "guest/call.html", context=always(guest=GUEST, doctor=DOCTOR)),
    *(Page(f"guest-ended-{why}", "guest/ended.html", context=always(why=why, phone="04 75 00 00 00"))
      for why in ("", "removed", "left")),
]
