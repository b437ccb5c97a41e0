"""Staff accounts, for administrators: the list, a new one with its key shown once, closing and opening again."""

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
    secret = parse_uri(hired.otpauth).secret
    qr = segno.make(hired.otpauth, error="m").svg_data_uri(scale=QR_SCALE, dark="#16302d", light="#ffffff", border=2)
    return {"name": hired.account.name, "email": hired.account.email, "password": hired.password, "qr": qr,
            "secret": " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))}
