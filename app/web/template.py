"""A doctor's own template for drafts, previewed on an invented visit; and how much they change of drafts."""

import re
from typing import Any

from aiohttp import web

from app.db import Tx
from app.errors import Invalid
from app.record import revisions, templates
from app.record.revisions import Revisions
from app.record.templates import Template
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE, LANGUAGE
from app.web.rendering import render, say, see_other, translated

MOVE = re.compile(r"(up|down):([0-9-]{5,8})")


async def page(request: web.Request) -> web.Response:
    """GET /note-template: the doctor's template beside a note in its layout."""
    template, figures = await request.app[DATABASE].read(request[ACTOR], _read)
    return _show(request, template, figures, saved=request.query.get("saved") == "1")


async def save(request: web.Request) -> web.StreamResponse:
    """POST /note-template: keep it, show it without keeping it, move a section, or lay it out for a speciality."""
    fields = await form_of(request)
    template, act = _typed(fields), fields.get("act", "save")
    move = MOVE.fullmatch(fields.get("move", ""))
    if move:
        template, act = templates.moved(template, move[2], -1 if move[1] == "up" else 1), "preview"
    elif act == "speciality":
        template, act = templates.for_speciality(fields.get("speciality", ""), template), "preview"
    elif act == "reset":
        template, act = Template(), "preview"
    try:
        if act == "preview":
            figures = await request.app[DATABASE].read(request[ACTOR], revisions.own)
            return _show(request, templates.check(template), figures, unsaved=True)
        await request.app[DATABASE].write(request[ACTOR], templates.save, template)
    except Invalid as refusal:
        _, figures = await request.app[DATABASE].read(request[ACTOR], _read)
        return _show(request, template, figures, refusal)
    return see_other(request, "note-template", saved="1")


def _read(tx: Tx) -> tuple[Template, Revisions]:
    return templates.own(tx), revisions.own(tx)


def _typed(fields: dict[str, str]) -> Template:
    order = [code for code in fields.get("order", "").split(",") if code in templates.CODES]
    order += [code for code in templates.CODES if code not in order]
    return Template(
        order=order, left_out=[code for code in order if f"shown-{code}" not in fields],
        headings={code: fields.get(f"heading-{code}", "") for code in order},
        standing={code: fields.get(f"standing-{code}", "") for code in order})


def _show(request: web.Request, template: Template, figures: Revisions, refusal: Invalid | None = None,
          **more: bool) -> web.Response:
    errors = {name: translated(request, text) for name, text in refusal.fields.items()} if refusal else {}
    language = request[LANGUAGE]
    context: dict[str, Any] = {
        "layout": template, "figures": figures, "errors": errors, "refusal": say(request, refusal) if refusal else "",
        "sample": templates.preview(Template() if refusal else template, language),
        "titles": templates.titles(language), "essential": templates.ESSENTIAL,
        "specialities": [(name, translated(request, name)) for name in sorted(templates.FIRST)],
        "saved": False, "unsaved": False}
    return render(request, "doctor/template.html", status=refusal.status if refusal else 200, here="note-template",
                  **context | more)
