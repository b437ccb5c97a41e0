"""Staff accounts, for administrators: the list, new ones and lost passwords and keys (shown once), closing."""

from collections.abc import Callable

import segno
from aiohttp import web
from pyotp import parse_uri

from app.access import accounts
from app.db import Tx
from app.errors import Conflict, Invalid
from app.people import staff
from app.people.staff import Hired, StaffForm
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE
from app.web.rendering import render, say, see_other, translated

QR_SCALE = 5


async def page(request: web.Request) -> web.StreamResponse:
    """GET /accounts."""
    return await _page(request)


async def add(request: web.Request) -> web.StreamResponse:
    """POST /accounts: a new account; its first password and key are on this answer and nowhere else."""
    typed = await form_of(request)
    try:
        hired = await request.app[DATABASE].write(request[ACTOR], staff.hire, parse(StaffForm, typed))
    except Invalid as fault:
        errors = {field: translated(request, text) for field, text in fault.fields.items()}
        return await _page(request, typed=typed, errors=errors, status=422)
    except Conflict as clash:
        return await _page(request, typed=typed, errors={"email": say(request, clash)}, status=409)
    return await _page(request, enrolment=_enrolment(hired), status=201)


async def disable(request: web.Request) -> web.StreamResponse:
    """POST /accounts/{id}/disabling: signed out at once, everywhere."""
    return await _switch(request, disabled=True)


async def enable(request: web.Request) -> web.StreamResponse:
    """POST /accounts/{id}/enabling."""
    return await _switch(request, disabled=False)


async def new_password(request: web.Request) -> web.StreamResponse:
    """POST /accounts/{id}/password: a new first password, on this answer and nowhere else."""
    return await _handed(request, staff.new_password)


async def new_key(request: web.Request) -> web.StreamResponse:
    """POST /accounts/{id}/authenticator: a new key for the app, on this answer and nowhere else."""
    return await _handed(request, staff.new_key)


async def _handed(request: web.Request, make: Callable[[Tx, str], Hired]) -> web.StreamResponse:
    handed = await request.app[DATABASE].write(request[ACTOR], make, request.match_info["id"])
    return await _page(request, enrolment=_enrolment(handed))


async def _switch(request: web.Request, *, disabled: bool) -> web.StreamResponse:
    account_id = request.match_info["id"]
    await request.app[DATABASE].write(request[ACTOR], accounts.set_disabled, account_id, disabled=disabled)
    return see_other(request, "accounts")


async def _page(request: web.Request, *, enrolment: dict[str, str] | None = None, typed: dict[str, str] | None = None,
                errors: dict[str, str] | None = None, status: int = 200) -> web.Response:
    rows, doctors = await request.app[DATABASE].read(request[ACTOR], _people)
    return render(request, "admin/accounts.html", status=status, here="accounts", accounts=rows, enrolment=enrolment,
                  practitioners=doctors, specialities=staff.SPECIALITIES, typed=typed or {}, errors=errors or {},
                  own=request[ACTOR].id)


def _people(tx: Tx) -> tuple[list[dict[str, object]], list[tuple[str, str]]]:
    rows: list[dict[str, object]] = [
        {"id": a.id, "name": a.name, "email": a.email, "role": a.role, "active": not a.disabled}
        for a in accounts.all_accounts(tx)]
    return rows, [(doctor.id, doctor.name) for doctor in staff.without_account(tx)]


def _enrolment(hired: Hired) -> dict[str, str]:
    return {"name": hired.account.name, "email": hired.account.email, "password": hired.password,
            **app_key(hired.otpauth)}


def app_key(otpauth: str) -> dict[str, str]:
    """An otpauth:// address as a page shows it: `qr` to scan (data: URL of an SVG), `secret` to type."""
    if not otpauth:
        return {"qr": "", "secret": ""}
    secret = parse_uri(otpauth).secret
    qr = segno.make(otpauth, error="m").svg_data_uri(scale=QR_SCALE, dark="#16302d", light="#ffffff", border=2)
    return {"qr": qr, "secret": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))}
