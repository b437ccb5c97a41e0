"""Home, errors, sign-in, the administrator's pages, the demonstration."""

from collections.abc import Callable
from types import SimpleNamespace as Some
from typing import Any

from app.audit import AuditEvent, Verdict
from app.web.admin import MEANINGS, Filters
from tests.guards.pages.model import Page, always, at, dates
from tests.guards.pages.people import DOCTOR

EVENTS = [
    AuditEvent(
        seq=42 - i,
        at=at(14, 31),
        role="doctor",
        actor_id="d1",
        actor_name=DOCTOR.name,
        action=action,
        outcome=outcome,
        purpose="TREAT",
        entity="Patient",
        entity_id="p1",
        patient_id="p1",
        ip="192.0.2.7",
        request_id="r",
        detail="",
        mac=b"",
    )
    for i, (action, outcome) in enumerate(
        [("record:read", "success"), ("record:read", "refused"), ("sign-in", "failure")]
    )
]


def trail(verdict: Verdict | None, events: list[AuditEvent]) -> Callable[[str], dict[str, Any]]:
    """The audit page."""
    return lambda lang: (
        {
            "filters": Filters(),
            "typed": {},
            "errors": {},
            "events": events,
            "verdict": verdict,
            "fault": "An entry was changed or moved." if verdict and verdict.fault else "",
            "older": "#" if events else "",
            "newest": "",
            "export_url": "#",
            "meanings": MEANINGS,
        }
        | dates(lang)
    )


ACCOUNT: dict[str, Any] = {
    "email": "perrin@example.org",
    "owes": False,
    "key_given": True,
    "recovery_left": 6,
    "sessions": [
        Some(ref="a1", since_at=at(8, 2), ip="192.0.2.7", browser="Firefox, Windows", here=True),
        Some(ref="b2", since_at=at(7, 40), ip="198.51.100.23", browser="Safari, iPhone", here=False),
        Some(ref="c3", since_at=at(7, 10), ip="2001:db8::17", browser="", here=False),
    ],
    "key": None,
    "codes": None,
    "errors": {},
    "done": "",
}
KEY = {"secret": "JBSW Y3DP EHPK 3PXP", "qr": "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"}


def own(**state: Any) -> Callable[[str], dict[str, Any]]:
    """One's own account in one of its states."""
    return always(**(ACCOUNT | state))


PAGES = [
    Page("account", "account.html", "scheduler", "own-account", own()),
    Page("account-first", "account.html", "scheduler", "own-account", own(owes=True)),
    Page("account-key", "account.html", "doctor", "own-account", own(key=KEY, errors={"code": "Ce code n’est pas le bon."})),
    Page("account-codes", "account.html", "administrator", "own-account", own(codes=["k7q2m-9xd3h", "fpw8r-t5ncj"] * 4)),
    Page(
        "account-wrong",
        "account.html",
        "scheduler",
        "own-account",
        own(recovery_left=0, errors={"old": "Ce n’est pas votre mot de passe.", "codes_password": "Faux."}),
    ),
    Page(
        "error",
        "error.html",
        context=always(code="not_found", message="This page does not exist or is not for you.", request_id="4f1c"),
    ),
    Page(
        "error-staff",
        "error.html",
        "doctor",
        context=always(code="conflict", message="This slot has just been taken.", request_id="4f1c"),
    ),
    Page("home", "home.html", context=always(bookable=True)),
    Page("design", "design.html"),
    Page("sign-in", "sign_in.html", context=always(email="", error="", next="")),
    Page(
        "sign-in-wrong",
        "sign_in.html",
        context=always(email="a@example.org", error="E-mail or password is wrong.", next="/queue"),
    ),
    Page("sign-in-code", "sign_in_code.html", context=always(error="", next="")),
    Page("audit", "admin/audit.html", "administrator", "audit", trail(Verdict(1342), EVENTS)),
    Page("audit-tampered", "admin/audit.html", "administrator", "audit", trail(Verdict(1342, "edited", 17), [])),
    Page(
        "accounts",
        "admin/accounts.html",
        "administrator",
        "accounts",
        always(
            accounts=[
                Some(id="1", name=DOCTOR.name, email="benali@example.org", role="doctor", active=True, totp=True),
                Some(
                    id="2", name="Sophie Perrin", email="perrin@example.org", role="scheduler", active=False, totp=True
                ),
            ],
            enrolment={"name": "Zoé Roy", "email": "roy@example.org", "password": "k7q2-m9xd-3hfp-w8rt"} | KEY,
            own="3",
            specialities=["General practice"],
            practitioners=[("d1", DOCTOR.name)],
            typed={},
            errors={},
        ),
    ),
    Page(
        "mailbox",
        "demo/mailbox.html",
        context=always(
            mails=[
                Some(
                    id="1",
                    channel="email",
                    to="claire.lefevre@example.org",
                    subject="Votre rendez-vous du 23 novembre",
                    text="Votre rendez-vous avec le Dr Benali…",
                    at=at(10, 0),
                    state="sent",
                    link="https://clinic.example/l/x",
                    code="",
                ),
                Some(
                    id="2",
                    channel="sms",
                    to="+33 6 12 34 56 78",
                    subject="",
                    text="482 913 est votre code.",
                    at=at(14, 5),
                    state="sent",
                    link="",
                    code="482913",
                ),
            ]
        ),
    ),
]
