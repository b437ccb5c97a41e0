"""One's own account: password, authenticator app, recovery codes, where one is signed in."""

import asyncio
import re
from typing import Any

from aiohttp import web

from app import journey
from app.access import accounts, own_account
from app.errors import Conflict, Invalid
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE
from app.web.limits import RateLimit
from app.web.rendering import render, say, see_other, translated
from app.web.signin import HASHING
from app.web.staff import app_key

TRIES = RateLimit(20, 300)
NOT_YOURS = "This is not your password. After several wrong tries an account rests for some minutes."
WRONG_CODE = "This code is not right. Please wait for the next one and try again."
DIFFERENT = "The two passwords are not the same."
_MESSAGES = {
    "password": "Your password is changed. Everywhere else you are signed out.",
    "sessions": "Done. Nobody uses your account anywhere else.",
    "session": "That session is ended.",
}
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
           ("Linux", "Linux"))


async def page(request: web.Request) -> web.StreamResponse:
    """GET /account."""
    return await _page(request, done=_MESSAGES.get(request.query.get("done", ""), ""))


async def password(request: web.Request) -> web.StreamResponse:
    """POST /account/password: the old one, and the new one twice."""
    fields = await form_of(request)
    old, new = fields.get("old", ""), fields.get("new", "")
    db, actor = request.app[DATABASE], request[ACTOR]
    try:
        if new != fields.get("again", ""):
            raise Invalid(fields={"again": DIFFERENT})
        clinic = await db.read(actor, journey.clinic)
        await db.read(actor, own_account.check_new_password, old, new, clinic.name)
    except Invalid as fault:
        return await _page(request, errors=_spoken(request, fault.fields), status=422)
    fits = await _fits(request, old)
    fresh = await _hashed(new) if fits else ""
    if not await db.write(actor, own_account.change_password, fresh, fits=fits):
        return await _page(request, errors={"old": translated(request, NOT_YOURS)}, status=422)
    return see_other(request, "own-account", done="password")


async def authenticator(request: web.Request) -> web.StreamResponse:
    """POST /account/authenticator: with the password, a new key to scan; on this answer and nowhere else."""
    fits = await _fits(request, (await form_of(request)).get("password", ""))
    otpauth = await request.app[DATABASE].write(request[ACTOR], own_account.begin_authenticator, fits=fits)
    if otpauth is None:
        return await _page(request, errors={"key_password": translated(request, NOT_YOURS)}, status=422)
    return await _page(request, key=app_key(otpauth))


async def confirmation(request: web.Request) -> web.StreamResponse:
    """POST /account/authenticator/confirmation: its first code; then it is the one, and recovery codes are shown."""
    TRIES.hit(request[ACTOR].id)
    typed = (await form_of(request)).get("code", "")[:12]
    db, actor = request.app[DATABASE], request[ACTOR]
    try:
        codes = await db.write(actor, own_account.confirm_authenticator, typed)
        otpauth = "" if codes else await db.read(actor, own_account.pending_authenticator)
    except Conflict as late:
        return await _page(request, errors={"key": say(request, late)}, status=409)
    if codes is None:
        return await _page(request, key=app_key(otpauth), errors={"code": translated(request, WRONG_CODE)}, status=422)
    return await _page(request, codes=codes)


async def recovery_codes(request: web.Request) -> web.StreamResponse:
    """POST /account/recovery-codes: with the password, fresh ones in place of all earlier ones."""
    fits = await _fits(request, (await form_of(request)).get("password", ""))
    codes = await request.app[DATABASE].write(request[ACTOR], own_account.renew_recovery_codes, fits=fits)
    if codes is None:
        return await _page(request, errors={"codes_password": translated(request, NOT_YOURS)}, status=422)
    return await _page(request, codes=codes)


async def end_sessions(request: web.Request) -> web.StreamResponse:
    """POST /account/sessions/end: one session, or every one but this."""
    ref = (await form_of(request)).get("session", "")
    if not ref:
        await request.app[DATABASE].write(request[ACTOR], own_account.end_other_sessions)
        return see_other(request, "own-account", done="sessions")
    await request.app[DATABASE].write(request[ACTOR], own_account.end_session, ref)
    return see_other(request, "own-account", done="session")


def browser_words(user_agent: str) -> str:
    """A browser as its owner would call it, "Firefox, Windows"; empty for one that says nothing we know."""
    found = (next((name for mark, name in marks if re.search(rf"\b{mark}", user_agent)), "")
             for marks in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, found))


async def _fits(request: web.Request, typed: str) -> bool:
    TRIES.hit(request[ACTOR].id)
    stored = await request.app[DATABASE].read(request[ACTOR], own_account.stored_hash)
    async with HASHING:
        return await asyncio.to_thread(accounts.password_fits, stored, typed)


async def _hashed(new: str) -> str:
    async with HASHING:
        return await asyncio.to_thread(accounts.hashed, new)


async def _page(request: web.Request, *, done: str = "", errors: dict[str, str] | None = None,
                key: dict[str, str] | None = None, codes: list[str] | None = None, status: int = 200) -> web.Response:
    seen = await request.app[DATABASE].read(request[ACTOR], own_account.overview)
    return render(
        request, "account.html", status=status, here="own-account", email=seen.account.email,
        owes=seen.account.password_given, key_given=seen.key_given, recovery_left=seen.recovery_left,
        sessions=[_session(request, row) for row in seen.sessions], key=key, codes=codes, errors=errors or {},
        done=translated(request, done) if done else "",
    )


def _session(request: web.Request, row: accounts.StaffSession) -> dict[str, Any]:
    return {"ref": row.id[: own_account.SESSION_REF_CHARS], "since_at": row.created_at, "ip": row.ip,
            "browser": browser_words(row.user_agent), "here": row.id == request[ACTOR].session_id}


def _spoken(request: web.Request, fields: dict[str, str]) -> dict[str, str]:
    return {field: translated(request, text) for field, text in fields.items()}
