"""Who may do what, written out a second time on purpose: a change of the policy is a change in two places."""

import pytest

from app.access.policy import POLICY, Action, Resource, may, role_may
from app.actor import Actor, Role

# One line for each action: patient, doctor, scheduler, administrator, system, anonymous, guest.
# "yes" always · "care" a patient in the doctor's care · "mine" the doctor's own visit · "self" oneself
# "room" the visit they were invited to · "no" never
ROLES = (Role.PATIENT, Role.DOCTOR, Role.SCHEDULER, Role.ADMINISTRATOR, Role.SYSTEM, Role.ANONYMOUS, Role.GUEST)
EXPECTED = {
    "slots:read":          "yes  yes  yes  no   yes  yes  no",
    "slots:hold":          "no   no   yes  no   no   no   no",
    "schedule:read":       "no   yes  yes  no   yes  no   no",
    "schedule:write":      "no   no   yes  no   yes  no   no",
    "appointment:book":    "no   no   yes  no   yes  no   no",
    "appointment:read":    "self care yes  no   yes  no   no",
    "appointment:move":    "self no   yes  no   yes  no   no",
    "appointment:cancel":  "self no   yes  no   yes  no   no",
    "appointment:confirm": "self no   no   no   no   no   no",
    "appointment:equip":   "no   no   yes  no   yes  no   no",
    "resource:write":      "no   no   yes  yes  no   no   no",
    "appointment:switch":  "no   mine yes  no   no   no   no",
    "waitlist:read":       "no   no   yes  no   yes  no   no",
    "patient:search":      "no   yes  yes  no   no   no   no",
    "patient:read":        "self care yes  no   yes  no   no",
    "patient:write":       "no   no   yes  no   yes  no   no",
    "record:read":         "no   care no   no   yes  no   no",
    "record:write":        "no   care no   no   yes  no   no",
    "queue:read":          "no   yes  no   no   no   no   no",
    "queue:tell":          "no   mine no   no   no   no   no",
    "visit:join":          "self mine no   no   no   no   no",
    "visit:wait":          "self no   no   no   no   no   no",
    "visit:receive":       "no   mine yes  no   no   no   no",
    "visit:conduct":       "no   mine no   no   no   no   no",
    "visit:withdraw":      "self no   no   no   no   no   no",
    "communication:send":  "self mine no   no   no   no   room",
    "communication:read":  "self care no   no   no   no   room",
    "document:read":       "self care no   no   no   no   room",
    "guest:invite":        "no   mine no   no   no   no   no",
    "guest:admit":         "no   mine no   no   no   no   no",
    "guest:join":          "no   no   no   no   no   no   room",
    "calendar:own":        "no   mine no   no   no   no   no",
    "attendance:mark":     "no   mine yes  no   no   no   no",
    "attendance:read":     "no   no   yes  no   yes  no   no",
    "task:ask":            "no   no   no   no   yes  no   no",
    "task:read":           "no   mine yes  no   no   no   no",
    "task:end":            "no   mine yes  no   no   no   no",
    "consent:give":        "self no   no   no   yes  no   no",
    "consent:read":        "self care no   no   yes  no   no",
    "transcript:read":     "no   care no   no   yes  no   no",
    "transcript:write":    "no   no   no   no   yes  no   no",
    "transcript:correct":  "no   mine no   no   no   no   no",
    "composition:read":    "no   care no   no   yes  no   no",
    "composition:write":   "no   mine no   no   yes  no   no",
    "composition:sign":    "no   mine no   no   no   no   no",
    "summary:release":     "no   mine no   no   no   no   no",
    "summary:read":        "self care no   no   no   no   no",
    "letter:read":         "no   care no   no   no   no   no",
    "letter:release":      "no   mine no   no   no   no   no",
    "template:own":        "no   yes  no   no   no   no   no",
    "audit:search":        "no   no   no   yes  no   no   no",
    "audit:read-own":      "self no   no   no   no   no   no",
    "account:manage":      "no   no   no   yes  yes  no   no",
    "account:own":         "no   yes  yes  yes  no   no   no",
}
CELLS = [(action, role, cell) for action, line in EXPECTED.items()
         for role, cell in zip(ROLES, line.split(), strict=True)]

MINE = Resource(patient_id="p1", practitioner_id="d1", in_care=True, encounter_id="v1")
ACTORS = {
    Role.PATIENT: (Actor(Role.PATIENT, "p1", patient_id="p1"), Actor(Role.PATIENT, "p2", patient_id="p2")),
    Role.DOCTOR: (Actor(Role.DOCTOR, "a1", practitioner_id="d1"), Actor(Role.DOCTOR, "a2", practitioner_id="d2")),
    Role.GUEST: (Actor(Role.GUEST, "g1", appointment_id="v1"), Actor(Role.GUEST, "g2", appointment_id="v2")),
}


def test_every_action_and_every_role_is_listed() -> None:
    assert set(EXPECTED) == {action.value for action in Action} == {action.value for action in POLICY}
    assert set(ROLES) == set(Role)


def actors(role: Role) -> tuple[Actor, Actor]:
    """One whom the resource concerns, and a stranger of the same role."""
    plain = Actor(role, "x")
    return ACTORS.get(role, (plain, plain))


@pytest.mark.parametrize(("action", "role", "cell"), CELLS)
def test_each_role_and_action(action: str, role: Role, cell: str) -> None:
    concerned, stranger = actors(role)
    elsewhere = Resource(patient_id="p1", practitioner_id="d1", in_care=False, encounter_id="v1")
    assert role_may(role, Action(action)) == (cell != "no")
    assert may(concerned, Action(action), MINE) == (cell != "no")
    by_stranger = {"yes": True, "no": False, "self": False, "mine": False, "care": False, "room": False}[cell]
    assert may(stranger, Action(action), elsewhere) == by_stranger


@pytest.mark.parametrize("action", sorted(EXPECTED))
@pytest.mark.parametrize("role", [Role.DOCTOR, Role.SCHEDULER, Role.ADMINISTRATOR])
def test_who_owes_a_password_may_only_change_it(action: str, role: Role) -> None:
    owing = Actor(role, "a1", practitioner_id="d1", owes_password=True)
    assert may(owing, Action(action), MINE) == (action == "account:own")


@pytest.mark.parametrize("action", sorted(EXPECTED))
def test_a_role_without_its_identifier_gets_no_conditional_right(action: str) -> None:
    for role in (Role.PATIENT, Role.DOCTOR, Role.GUEST):
        if EXPECTED[action].split()[ROLES.index(role)] in ("self", "mine", "room"):
            assert not may(Actor(role, "x"), Action(action), Resource())
