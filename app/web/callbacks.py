"""Patients to be phoned because the video failed: the list of doctors and schedulers."""

import re

from aiohttp import web

from app import callbacks
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE
from app.web.rendering import render, see_other


async def page(request: web.Request) -> web.Response:
    """GET /call-backs: who is to be phoned, with their number; `done` offers the way back."""
    asked = request.query.get("done", "")
    done = asked if re.fullmatch(r"[0-9a-f]{32}", asked) else ""
    tasks = await request.app[DATABASE].read(request[ACTOR], callbacks.listed, done=done)
    return render(request, "callbacks.html", here="call-backs", tasks=[task for task in tasks if not task.ended_at],
                  done=next((task for task in tasks if task.ended_at and task.id == done), None))


async def end(request: web.Request) -> web.StreamResponse:
    """POST /call-backs/{id}/completion: phoned; with undo=yes not phoned after all."""
    task, undo = request.match_info["id"], bool((await form_of(request)).get("undo"))
    await request.app[DATABASE].write(request[ACTOR], callbacks.end, task, ended=not undo)
    return see_other(request, "call-backs") if undo else see_other(request, "call-backs", done=task)
