"""Whoever is signed in may send anything to any form and any address: an answer, never a failure of ours."""

import random
import re

import pytest
from structlog.testing import capture_logs

from app import consent, encounters
from app.access.policy import role_may
from app.actor import Role
from app.web.routes import ROUTES
from app.web.routing import Audience
from tests.app.front_door import EMAIL, PASSWORD

ROUNDS = 120
FIELDS = [
    "action", "account", "active", "address", "birth_date", "callback_phone", "change", "channel", "choice", "closed", "code",
    "csrf", "date", "days", "day0", "day6", "detail", "duration_min", "earlier", "email", "end", "family", "given",
    "identity_document", "identity_seen", "kind", "label_en", "label_fr", "language", "level", "location", "motif", "motif_id",
    "name", "next", "on", "outcome", "password", "patient", "phone", "practitioner", "practitioner_id", "q", "reason", "result",
    "role", "rpps", "section", "sex", "speciality", "start", "start_at", "step", "text", "transcription", "until", "valid_from",
    "valid_until", "version", "visit", "weekday", "weekdays", "who", "certain", "new_patient", "since", "before", "stream",
    "from_ms", "to_ms", "sentence", "edit", "undo", "done", "number", "by", "url", "user", "leave", "then", "stop", "missed"]
VALUES = ["", " ", "0", "-1", "1", "15", "9" * 30, "1e400", "NaN", "true", "yes", "new", "search", "accept", "dismiss", "allergy",
          "2026-11-25", "0001-01-01", "9999-12-31", "2026-02-30", "2026-03-29T02:30", "2026-10-25T02:30", "9999-12-31T23:59:59+14:00",
          "0001-01-01T00:00:00-14:00", "2026-11-23T08:30:00+01:00", "24:00", "23:59", "25:61", "<script>alert(1)</script>", "{{7*7}}",
          "' OR 1=1 --", "=HYPERLINK(\"x\")", "\u202egnp.exe", "\u200b", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
          "a" * 5000, "é" * 300, "a\r\nBcc: x@y.example", "../../etc/passwd", "+33612345678", "x@y.example", "female", "sms", "%s%n",
          "\x0b\x1b[31m", "\ufffe\uffff", "1,2,3", "[]", "{}", "null", "٣", "²"]


def values(front) -> list[str]:
    return [*VALUES, front.visit_id, front.patient_id, front.doctor_id, front.motif_id, *front.accounts.values()]


async def signed_in(front, browser, role: Role):
    visitor = browser()
    if role is Role.PATIENT:
        token = (await front_link(front))
        await visitor.get(f"/l/{token}")
        await visitor.post(f"/l/{token}")
        await front.work()
        await visitor.get(f"/l/{token}/code")
        await visitor.post(f"/l/{token}/code", code=front.mails("code")[0].code)
    else:
        await visitor.get("/sign-in")
        await visitor.post("/sign-in", email=f"{role.value}@clinic.example", password=PASSWORD)
        await visitor.follow()
        await visitor.post("/sign-in/code", code=front.totp())
    assert visitor.status == 303
    await visitor.follow()
    return visitor


async def front_link(front) -> str:
    await front.work()
    mail = next(m for m in front.mails("invitation") if m.to == EMAIL)
    return mail.link.rpartition("/")[2]


def begin_visit(front) -> None:
    """A visit in progress, so that forms meet more than "not begun"."""
    patient = front.patient()
    front.db.write_sync(patient, consent.grant, front.visit_id, consent.VISIT)
    front.db.write_sync(patient, encounters.arrive, front.visit_id)


def address(dice: random.Random, path: str, known: list[str]) -> str:
    def fill(match: re.Match[str]) -> str:
        likely = known[-7:] if dice.random() < 0.8 else known
        return re.sub(r"[/?#%\x00-\x20]", "", dice.choice(likely)) or "x"
    return re.sub(r"{[^}]+}", fill, path)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.DOCTOR, Role.ADMINISTRATOR, Role.PATIENT])
async def test_no_form_makes_a_failure_of_ours(front, browser, role: Role) -> None:
    visitor, known, dice = await signed_in(front, browser, role), values(front), random.Random(f"{role} 20261125")
    begin_visit(front)
    mine = [r for r in ROUTES if (r.audience is Audience.PATIENT) == (role is Role.PATIENT) and r.name != "sign-out"
            and r.action and role_may(role, r.action) and "socket" not in r.name and "probe" not in r.name
            and r.name not in ("account-disabling",)]
    statuses = set()
    with capture_logs() as events:
        for round_ in range(ROUNDS):
            route = mine[round_ % len(mine)]
            path = address(dice, route.path, known)
            fields = {name: dice.choice(known) for name in dice.sample(FIELDS, 25)}
            if route.method == "GET":
                query = {k: v[:200] for k, v in list(fields.items())[:8]}
                answer = await visitor.client.get(path, params=query, allow_redirects=False)
            else:
                answer = await visitor.client.post(path, data={**fields, "csrf_token": visitor.token}, allow_redirects=False)
            statuses.add(answer.status)
            assert answer.status < 500, (route.name, path, fields)
            assert "alert(1)</script>" not in await answer.text()
    assert not [e for e in events if e["log_level"] == "error"]
    assert {200} < statuses, "nothing was reached"
