"""Interpreters and rooms: the list, a new one, and those that are no longer booked."""

from collections.abc import Iterable

from aiohttp import web

from app import i18n
from app.errors import Conflict, Invalid
from app.scheduling import resources
from app.scheduling.resources import LANGUAGES, ResourceForm
from app.scheduling.tables import Resource
from app.web.forms import form_of, parse
from app.web.keys import ACTOR, DATABASE, LANGUAGE
from app.web.rendering import render, say, see_other, translated

SPEAKS = "speaks-"
_MESSAGES = {"fsl": "French Sign Language", "rcf": "Réunion Creole"}  # Unicode's CLDR does not name them


async def page(request: web.Request) -> web.Response:
    """GET /resources."""
    return await _page(request)


async def add(request: web.Request) -> web.StreamResponse:
    """POST /resources: a new interpreter or room."""
    fields = await form_of(request)
    try:
        await request.app[DATABASE].write(request[ACTOR], resources.add, parse(ResourceForm, _named(fields)))
    except (Invalid, Conflict) as refusal:
        return await _page(request, fields, refusal)
    return see_other(request, "resources")


async def change(request: web.Request) -> web.StreamResponse:
    """POST /resources/{id}: no longer booked, or booked again; what is booked stays."""
    fields = await form_of(request)
    try:
        await request.app[DATABASE].write(request[ACTOR], resources.change, request.match_info["id"],
                                          parse(ResourceForm, fields), active=fields.get("active") == "yes")
    except (Invalid, Conflict) as refusal:
        return await _page(request, {}, refusal)
    return see_other(request, "resources")


def languages_named(resource: Resource, lang: str) -> str:
    """The languages of an interpreter as a reader says them; empty for a room."""
    return ", ".join(language_named(code, lang) for code in resource.languages.split(",") if code)


def language_named(code: str, lang: str) -> str:
    """A language as a reader says it, those that CLDR does not name included."""
    return i18n.translator(lang).gettext(_MESSAGES[code]) if code in _MESSAGES else i18n.language_name(code, lang)


def ticked(fields: dict[str, str]) -> list[str]:
    """The languages ticked in a form, as codes."""
    return [name.removeprefix(SPEAKS) for name in fields if name.startswith(SPEAKS)]


def choice(codes: Iterable[str], lang: str) -> list[tuple[str, str]]:
    """Languages as a form offers them: (code, name), by name."""
    return sorted(((code, language_named(code, lang)) for code in codes), key=lambda one: i18n.sortable(one[1]))


def _named(fields: dict[str, str]) -> dict[str, str]:
    return {"kind": fields.get("kind", ""), "name": fields.get("name", ""), "languages": ",".join(ticked(fields))}


async def _page(request: web.Request, typed: dict[str, str] | None = None, refusal: Invalid | Conflict | None = None
                ) -> web.Response:
    rows = await request.app[DATABASE].read(request[ACTOR], resources.listed, all_of_them=True)
    lang, typed = request[LANGUAGE], typed or {}
    fields = refusal.fields if isinstance(refusal, Invalid) else {}
    return render(
        request, "scheduler/resources.html", status=refusal.status if refusal else 200, here="availability",
        rows=[{"id": r.id, "kind": r.kind, "name": r.name, "languages": r.languages, "active": r.active,
               "spoken": languages_named(r, lang)} for r in rows],
        languages=choice(LANGUAGES, lang), typed=typed, chosen=ticked(typed),
        errors={name: translated(request, text) for name, text in fields.items()},
        fault=say(request, refusal) if refusal and not fields else "")
