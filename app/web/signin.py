"""Staff sign-in: e-mail and password, then the code of an authenticator app; sign-out."""

import asyncio
import re

from aiohttp import web

from app.access import accounts
from app.actor import ANONYMOUS
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE, SETTINGS
from app.web.limits import RateLimit, household
from app.web.middleware import BROWSER_COOKIE, STAFF_COOKIE, YEAR_S, client_ip, cookie_name, drop_cookie, set_cookie
from app.web.rendering import render, see_other, translated, url

# From one address; a whole clinic may sit behind it at eight in the morning.
TRIES = RateLimit(60, 300)
TRIES_OF_ONE_ACCOUNT = RateLimit(20, 300)
TRIES_OF_KNOWN_BROWSER = RateLimit(20, 900)
HASHING = asyncio.Semaphore(2)  # a password costs 46 MiB and a tenth of a second of one core
COOKIE_LIFE_S = int(accounts.LONGEST_SESSION.total_seconds())
REFUSED = "That did not work. Please check what you typed. After several wrong tries an account rests for some minutes."


async def form(request: web.Request) -> web.StreamResponse:
    """GET /sign-in."""
    if request[ACTOR].role is not ANONYMOUS.role:
        return see_other(request, "home")
    return _password_page(request, next_=relative(request.query.get("next", "")))


async def password(request: web.Request) -> web.StreamResponse:
    """POST /sign-in: the first factor; leads to the code."""
    fields = await form_of(request)
    email, typed = fields.get("email", "").strip()[:254], fields.get("password", "")
    next_ = relative(fields.get("next", ""))
    TRIES.hit(household(client_ip(request)))
    db, known = request.app[DATABASE], await _known_to(request)
    if not known:
        TRIES_OF_ONE_ACCOUNT.hit(email.casefold())
    stored = await db.read(request[ACTOR], accounts.stored_hash, email)
    async with HASHING:
        fits = await asyncio.to_thread(accounts.password_fits, stored, typed)
    device = accounts.Device(client_ip(request), request.headers.get("User-Agent", ""), known)
    secret = await db.write(request[ACTOR], accounts.first_factor, email, device, fits=fits)
    if secret is None:
        return _password_page(request, email=email, next_=next_, error=translated(request, REFUSED))
    # Whoever was signed in here until now leaves: their cookie is about to be overwritten and would live on unseen.
    await db.write(request[ACTOR], accounts.sign_out, request.cookies.get(cookie_name(request, STAFF_COOKIE), ""))
    answer = see_other(request, "sign-in-code", **({"next": next_} if next_ else {}))
    set_cookie(request, answer, STAFF_COOKIE, secret, accounts.SECOND_FACTOR_S)
    return answer


async def code_form(request: web.Request) -> web.StreamResponse:
    """GET /sign-in/code."""
    secret = request.cookies.get(cookie_name(request, STAFF_COOKIE), "")
    if not await request.app[DATABASE].read(request[ACTOR], accounts.waits_for_code, secret):
        return see_other(request, "sign-in")
    return _code_page(request, next_=relative(request.query.get("next", "")))


async def code(request: web.Request) -> web.StreamResponse:
    """POST /sign-in/code: the second factor or a recovery code; the session begins under a new secret."""
    fields = await form_of(request)
    next_ = relative(fields.get("next", ""))
    TRIES.hit(household(client_ip(request)))
    db, secret = request.app[DATABASE], request.cookies.get(cookie_name(request, STAFF_COOKIE), "")
    minutes = request.app[SETTINGS].session_minutes
    given = fields.get("code") or fields.get("recovery", "")
    known = await _known_to(request)
    fresh = await db.write(request[ACTOR], accounts.second_factor, secret, given[:20], minutes, known)
    if fresh is None:
        if not await db.read(request[ACTOR], accounts.waits_for_code, secret):
            return see_other(request, "sign-in")
        return _code_page(request, next_=next_, error=translated(request, REFUSED))
    answer = web.Response(status=303, headers={"Location": next_ or url(request, "home")})
    set_cookie(request, answer, STAFF_COOKIE, fresh, COOKIE_LIFE_S)
    set_cookie(request, answer, BROWSER_COOKIE, await db.read(request[ACTOR], accounts.browser_mark, fresh), YEAR_S)
    return answer


async def sign_out(request: web.Request) -> web.StreamResponse:
    """POST /sign-out: the session ends here and at once."""
    secret = request.cookies.get(cookie_name(request, STAFF_COOKIE), "")
    await request.app[DATABASE].write(request[ACTOR], accounts.sign_out, secret)
    answer = see_other(request, "sign-in")
    drop_cookie(request, answer, STAFF_COOKIE)
    return answer


async def _known_to(request: web.Request) -> str:
    """The account that signed in with this browser before; counts a try of it."""
    mark = request.cookies.get(cookie_name(request, BROWSER_COOKIE), "")
    known = await request.app[DATABASE].read(request[ACTOR], accounts.known_to, mark) if mark else ""
    if known:
        TRIES_OF_KNOWN_BROWSER.hit(known)
    return known


def relative(path: str) -> str:
    """A path on this site to return to; empty for anything that could lead elsewhere."""
    return path if re.fullmatch(r"/(?![/\\])[^\s\\\x00-\x1f]{0,500}", path) else ""


def _password_page(request: web.Request, *, email: str = "", next_: str = "", error: str = "") -> web.Response:
    return render(request, "sign_in.html", status=422 if error else 200, email=email, next=next_, error=error)


def _code_page(request: web.Request, *, next_: str = "", error: str = "") -> web.Response:
    return render(request, "sign_in_code.html", status=422 if error else 200, next=next_, error=error)
