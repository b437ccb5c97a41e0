"""Pages: Jinja templates with the request's language, account and CSRF token."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from app import i18n
from app.actor import Role
from app.clock import utc_now
from app.errors import ColloqueError
from app.web import filters
from app.web.forms import csrf_token
from app.web.keys import ACTOR, CLINIC, LANGUAGE, SETTINGS
from app.web.routing import resource_name

ROOT = Path(__file__).resolve().parents[2]
STAFF = (Role.DOCTOR, Role.SCHEDULER, Role.ADMINISTRATOR)


@cache
def environment() -> Environment:
    """The one template environment of this process; an undefined name is an error."""
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    filters.install(env)
    return env


@pass_context
def _gettext(context: Context, text: str) -> str:
    return i18n.translator(context["lang"]).gettext(text)


@pass_context
def _ngettext(context: Context, one: str, many: str, n: int) -> str:
    return i18n.translator(context["lang"]).ngettext(one, many, n)


@cache
def release() -> str:
    """A short hash of everything under static/: the version in its URLs."""
    static, digest = ROOT / "static", hashlib.sha256()
    for path in sorted(p for p in static.rglob("*") if p.is_file()):
        digest.update(path.relative_to(static).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def render(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """A page in the request's language. `context` adds to what every template relies on."""
    text = environment().get_template(template).render(_base_context(request) | context)
    return web.Response(text=text, content_type="text/html", status=status, headers={"Cache-Control": "no-store"})


def see_other(request: web.Request, name: str, **params: str) -> web.Response:
    """After a successful POST: go and GET the named route."""
    return web.Response(status=303, headers={"Location": url(request, name, **params)})


def url(request: web.Request, name: str, **params: Any) -> str:
    """The path of a named route; parameters that are no part of the path become the query."""
    resource = request.app.router[resource_name(name)]
    in_path = {key: str(value) for key, value in params.items() if f"{{{key}" in resource.canonical}
    query = {key: str(value) for key, value in params.items() if key not in in_path}
    path = resource.url_for(**in_path)
    return str(path.with_query(query) if query else path)


def translated(request: web.Request, text: str, values: Mapping[str, object] | None = None) -> str:
    """A catalogue text in the request's language."""
    out = i18n.translator(request[LANGUAGE]).gettext(text)
    return out % values if values else out


def say(request: web.Request, error: ColloqueError) -> str:
    """What an error says, in the request's language."""
    return translated(request, error.message, error.values)


def _base_context(request: web.Request) -> dict[str, Any]:
    actor, settings = request[ACTOR], request.app[SETTINGS]
    return {
        "lang": request[LANGUAGE],
        "static": lambda path: f"/static/{release()}/{path}",
        "url": lambda name, **params: url(request, name, **params),
        "csrf_token": csrf_token(request),
        "account": _account(request) if actor.role in STAFF else None,
        "path": request.path,
        "here": "",
        "messages": [],
        "clinic": request.app[CLINIC],
        "zone": settings.clinic_zone,
        "now": utc_now(),
        "demo": settings.mode == "demo",
    }


def _account(request: web.Request) -> dict[str, str]:
    actor = request[ACTOR]
    words = [w for w in actor.name.replace("Dr ", "").split() if w[:1].isalpha()]
    return {"name": actor.name, "role": actor.role.value, "initials": "".join(w[0] for w in words[:2]).upper()}
