"""What surrounds every request, from the outside in: log, headers, errors, language, actor, CSRF, role."""

import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import quote

import structlog
from aiohttp import web

from app import audit, guests, i18n
from app.access import accounts, links
from app.access.policy import Action, role_may
from app.actor import ANONYMOUS, Actor
from app.db import Tx
from app.errors import AccessDenied, ColloqueError, Invalid, NotFound, SignInRequired
from app.web.assets import compress
from app.web.forms import CSRF_FIELD, CSRF_HEADER, check_csrf, check_readable, form_of
from app.web.keys import ACTOR, CSRF_COOKIE_VALUE, DATABASE, LANGUAGE, REQUEST_ID, SETTINGS
from app.web.limits import Every
from app.web.rendering import render, say, see_other, url
from app.web.routing import AUDIENCE, REQUIRED, Audience

log = structlog.get_logger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STAFF_COOKIE, PATIENT_COOKIE, GUEST_COOKIE, CSRF_COOKIE, LANGUAGE_COOKIE = "staff", "visit", "guest", "csrf", "lang"
BY_LINK = (Audience.PATIENT, Audience.GUEST)  # who has no account
BROWSER_COOKIE = "browser"
RENEWALS = Every(60)  # a session in use is prolonged at most once a minute
YEAR_S = 365 * 24 * 3600
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Link tokens must not leave in a Referer; "no-referrer" would also make our own forms send "Origin: null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "Colloque",  # not which software in which version
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), "
                          "geolocation=(), payment=(), usb=(), interest-cohort=()",
}

# A style sheet or a font opens nothing and frames nothing: what only a page obeys would be half of some files' bytes.
ASSET_HEADERS = {name: value for name, value in HEADERS.items() if name not in
                 ("Permissions-Policy", "Cross-Origin-Opener-Policy")} | {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'"}


def cookie_name(request: web.Request, name: str) -> str:
    """The cookie's name: with the __Host- prefix over https; browsers refuse it on http://localhost."""
    return f"__Host-{name}" if request.app[SETTINGS].secure else f"colloque-{name}"


def set_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str, max_age: int) -> None:
    """Set one of our cookies: HttpOnly, SameSite=Lax, Secure over https, host only."""
    response.set_cookie(cookie_name(request, name), value, max_age=max_age, path="/", httponly=True,
                        secure=request.app[SETTINGS].secure, samesite="Lax")


def drop_cookie(request: web.Request, response: web.StreamResponse, name: str) -> None:
    """Delete one of our cookies."""
    response.del_cookie(cookie_name(request, name), path="/", secure=request.app[SETTINGS].secure, httponly=True)


@web.middleware
async def trace(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id and log route, status and time; never a full path (it may hold a token)."""
    request[REQUEST_ID] = secrets.token_hex(8)
    started = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as answer:
        status = answer.status
        raise
    finally:
        route = request.match_info.route.resource
        log.info("request", id=request[REQUEST_ID], method=request.method,
                 route=route.canonical if route else "unmatched", status=status,
                 ms=round((time.perf_counter() - started) * 1000, 1))


@web.middleware
async def harden(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put the security headers on every answer, errors and redirects included, and compress pages."""
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        _protect(request, answer)
        raise
    if not response.prepared:  # a WebSocket is already on its way
        _protect(request, response)
        compress(request, response)
    return response


def _protect(request: web.Request, response: web.StreamResponse) -> None:
    asset = request.path.startswith("/static/")
    for name, value in (ASSET_HEADERS if asset else HEADERS).items():
        response.headers.setdefault(name, value)
    if request.app[SETTINGS].secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={2 * YEAR_S}; includeSubDomains")
    if not asset:
        response.headers.setdefault("Cache-Control", "no-store")


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every failure into one uniform page or JSON object that reveals nothing."""
    try:
        check_readable(request)
        return await handler(request)
    except SignInRequired as error:
        if AUDIENCE.get(_route_name(request)) in BY_LINK or _wants_json(request) or request.method != "GET":
            return _error(request, error)
        target = f"{url(request, 'sign-in')}?next={quote(request.path_qs)}"
        return web.Response(status=303, headers={"Location": target})
    except ColloqueError as error:
        return _error(request, error)
    except web.HTTPRequestEntityTooLarge:
        return _error(request, Invalid("What you sent is too large."), status=413)
    except web.HTTPRequestTimeout:
        return _error(request, Invalid("What you sent did not arrive in time. Please try again."), status=408)
    except web.HTTPException as answer:
        if answer.status < 400:
            raise
        return _error(request, NotFound(), status=answer.status)
    except ConnectionResetError:
        raise
    except Exception:
        log.exception("unhandled", id=request.get(REQUEST_ID, ""))
        return _error(request, ColloqueError("Something went wrong on our side. Nothing was lost; please try again."))


def _wants_json(request: web.Request) -> bool:
    return "application/json" in request.headers.get("Accept", "") or "Upgrade" in request.headers


def _error(request: web.Request, error: ColloqueError, status: int | None = None) -> web.StreamResponse:
    request.setdefault(LANGUAGE, request.app[SETTINGS].default_language)
    request.setdefault(ACTOR, ANONYMOUS)
    request.setdefault(CSRF_COOKIE_VALUE, "")
    status = status or error.status
    text = say(request, error)
    if _wants_json(request):
        body = {"error": {"code": error.code, "message": text, "fields": getattr(error, "fields", {})}}
        return web.json_response(body, status=status)
    return render(request, "error.html", status=status, code=error.code, message=text, request_id=request[REQUEST_ID])


@web.middleware
async def speak(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Choose the language: cookie, then browser, then the site's default; ?lang= sets the cookie."""
    default = request.app[SETTINGS].default_language
    asked = request.query.get("lang", "")
    chosen = asked if asked in i18n.LANGUAGES else ""
    request[LANGUAGE] = chosen or i18n.negotiate(
        request.cookies.get(cookie_name(request, LANGUAGE_COOKIE)), request.headers.get("Accept-Language", ""), default
    )
    response = await handler(request)
    if chosen and not response.prepared:
        set_cookie(request, response, LANGUAGE_COOKIE, chosen, YEAR_S)
    return response


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who asks: a staff session or, on pages of patients and guests, the session of a link."""
    audience = AUDIENCE.get(_route_name(request), Audience.PUBLIC)
    actor: Actor | None = None
    db, ip = request.app[DATABASE], client_ip(request)
    if request.path.startswith("/static/"):
        pass  # the same for everybody: no session is looked up
    elif audience is Audience.PATIENT and (secret := request.cookies.get(cookie_name(request, PATIENT_COOKIE))):
        actor = await db.read(ANONYMOUS, links.actor_of_session, secret)
    elif audience is Audience.GUEST and (secret := request.cookies.get(cookie_name(request, GUEST_COOKIE))):
        actor = await db.read(ANONYMOUS, guests.actor_of_session, secret)
    elif audience not in BY_LINK and (secret := request.cookies.get(cookie_name(request, STAFF_COOKIE))):
        actor = await db.read(ANONYMOUS, accounts.actor_of_session, secret)
        if actor and actor.session_id and RENEWALS.due(actor.session_id):
            await db.write(actor, accounts.renew, actor.session_id, request.app[SETTINGS].session_minutes)
    request[ACTOR] = (actor or ANONYMOUS).at(ip, request[REQUEST_ID])
    return await handler(request)


def client_ip(request: web.Request) -> str:
    """The browser's address: as many X-Forwarded-For hops, from the last, as there are trusted proxies."""
    # Some proxies add a header of their own below what the browser sent: all of them are one list.
    hops = [h.strip() for h in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if h.strip()]
    trusted = request.app[SETTINGS].trusted_proxies
    if trusted and len(hops) >= trusted:
        with suppress(ValueError):
            return str(ip_address(hops[-trusted].partition("%")[0]))
    return request.remote or ""


@web.middleware
async def same_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """CSRF: an unsafe method needs our Origin and the token of this browser's cookie."""
    held = request.cookies.get(cookie_name(request, CSRF_COOKIE), "")
    request[CSRF_COOKIE_VALUE] = held or secrets.token_urlsafe(24)
    if request.method in UNSAFE:
        check_origin(request)
        check_csrf(request, request.headers.get(CSRF_HEADER) or (await form_of(request)).get(CSRF_FIELD, ""))
    response = await handler(request)
    if not held and not response.prepared and request.method == "GET" and not request.path.startswith("/static/"):
        set_cookie(request, response, CSRF_COOKIE, request[CSRF_COOKIE_VALUE], YEAR_S)
    return response


def check_origin(request: web.Request) -> None:
    """Raises AccessDenied when the browser says that another site sent this."""
    origin, settings = request.headers.get("Origin"), request.app[SETTINGS]
    ours = {settings.base_url}
    if not settings.secure:  # at home by any of the machine's names; over https the Host header proves nothing
        ours.add(f"{request.scheme}://{request.host}")
    if origin is not None and origin not in ours:
        raise AccessDenied("This request came from another site.")


@web.middleware
async def authorise(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Deny by default: the role must be allowed the route's action before anything is read."""
    name = _route_name(request)
    if name not in AUDIENCE:
        return await handler(request)  # static files, unmatched paths
    action: Action | None = REQUIRED[request.method, name]
    actor = request[ACTOR]
    if AUDIENCE[name] is not Audience.PUBLIC and actor.role == ANONYMOUS.role:
        if AUDIENCE[name] in BY_LINK:
            raise SignInRequired("Please open the link of your invitation again.")
        raise SignInRequired
    if actor.owes_password and AUDIENCE[name] is Audience.STAFF and action is not Action.ACCOUNT_OWN:
        if request.method != "GET" or _wants_json(request):
            raise AccessDenied("Please choose a password of your own first.")
        return see_other(request, "own-account")
    if action is not None and not role_may(actor.role, action):
        await request.app[DATABASE].write(actor, _note_refusal, action)
        raise AccessDenied
    return await handler(request)


def _note_refusal(tx: Tx, action: Action) -> None:
    audit.record(tx, action, outcome="refused", entity="Route")


def _route_name(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return (resource.name or "") if resource else ""


ALL = (trace, harden, speak, explain, identify, same_site, authorise)
