"""Each row of the table of URLs, tried by everybody it is not for: no token, another site, no session, another role."""

import re

import pytest

from app import audit
from app.access.policy import role_may
from app.actor import Role
from app.web.routes import ROUTES
from app.web.routing import Audience, Route
from tests.app.front_door import SYSTEM
from tests.app.web.test_any_form import signed_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

POSTS = [route for route in ROUTES if route.method == "POST"]
CLOSED = [route for route in ROUTES if route.audience is not Audience.PUBLIC]
STAFF = (Role.SCHEDULER, Role.DOCTOR, Role.ADMINISTRATOR)


def address(route: Route, front) -> str:
    """A real address: of the visit, the patient or the account that there is."""
    known = {"/visits/": front.visit_id, "/appointments/": front.visit_id, "/motifs/": front.motif_id,
             "/accounts/": front.accounts["doctor"]}
    found = next((value for start, value in known.items() if route.path.startswith(start)), front.patient_id)
    return re.sub(r"{[^}]+}", found, route.path)


async def test_no_post_without_this_browsers_token_or_from_another_site(front, browser) -> None:
    visitor = await signed_in(front, browser, Role.SCHEDULER)
    token = visitor.token
    before = front.db.read_sync(SYSTEM, audit.count)
    for route in POSTS:
        path = address(route, front)
        assert (await visitor.client.post(path, data={}, allow_redirects=False)).status == 403, path
        answer = await visitor.client.post(path, data={"csrf_token": token}, allow_redirects=False,
                                           headers={"Origin": "https://evil.example"})
        assert answer.status == 403, path
    assert front.db.read_sync(SYSTEM, audit.count) == before, "refused before anything was looked at"
    await visitor.get("/planner")
    assert visitor.status == 200, "still signed in: not even the sign-out was heard"


async def test_nothing_that_is_not_public_answers_without_a_session(front, browser) -> None:
    visitor = browser()
    await visitor.get("/sign-in")
    for route in CLOSED:
        path = address(route, front)
        if route.method == "POST":
            answer = await visitor.client.post(path, data={"csrf_token": visitor.token}, allow_redirects=False)
            assert answer.status == 401, path
            continue
        answer = await visitor.client.get(path, allow_redirects=False)
        if answer.status == 303:
            assert answer.headers["Location"].startswith("/sign-in?next="), path
        else:
            assert answer.status == 401, path


@pytest.mark.parametrize("role", STAFF)
async def test_every_route_of_another_role_is_refused_and_in_the_trail(front, browser, role: Role) -> None:
    visitor = await signed_in(front, browser, role)
    before = front.db.read_sync(SYSTEM, audit.count)
    foreign = [r for r in CLOSED if r.audience is Audience.STAFF and r.action and not role_may(role, r.action)]
    for route in foreign:
        path = address(route, front)
        send = visitor.client.get if route.method == "GET" else visitor.client.post
        answer = await send(path, data={"csrf_token": visitor.token} if route.method == "POST" else None,
                            allow_redirects=False)
        assert answer.status == 403, path
        assert "Lefèvre" not in await answer.text()
    assert front.db.read_sync(SYSTEM, audit.count) == before + len(foreign)


@pytest.mark.parametrize("role", STAFF)
async def test_a_session_of_staff_opens_no_page_of_a_patient_and_the_other_way_round(front, browser, role: Role) -> None:
    staff = await signed_in(front, browser, role)
    for route in (r for r in CLOSED if r.audience is Audience.PATIENT and r.method == "GET"):
        assert (await staff.client.get(address(route, front), allow_redirects=False)).status == 401, route.path


async def test_a_patients_session_opens_no_page_of_the_staff(front, browser) -> None:
    patient = await signed_in(front, browser, Role.PATIENT)
    for route in (r for r in CLOSED if r.audience is Audience.STAFF and r.method == "GET"):
        answer = await patient.client.get(address(route, front), allow_redirects=False)
        assert answer.status in (303, 401), route.path
