"""What is to be done about appointments: the list of doctors and schedulers."""

import re

from aiohttp import web

from app import tasks
from app.web.forms import form_of
from app.web.keys import ACTOR, DATABASE
from app.web.rendering import render, see_other


async def page(request: web.Request) -> web.Response:
    """GET /tasks: what is to be done by when; `done` offers the way back."""
    asked = request.query.get("done", "")
    done = asked if re.fullmatch(r"[0-9a-f]{32}", asked) else ""
    lines = await request.app[DATABASE].read(request[ACTOR], tasks.listed, done=done)
    return render(request, "tasks.html", here="tasks", tasks=[line for line in lines if not line.ended_at],
                  done=next((line for line in lines if line.ended_at and line.id == done), None))


async def end(request: web.Request) -> web.StreamResponse:
    """POST /tasks/{id}/completion: done; with undo=yes not done after all."""
    task, undo = request.match_info["id"], bool((await form_of(request)).get("undo"))
    await request.app[DATABASE].write(request[ACTOR], tasks.end, task, ended=not undo)
    return see_other(request, "tasks") if undo else see_other(request, "tasks", done=task)


async def take(request: web.Request) -> web.StreamResponse:
    """POST /tasks/{id}/owner: I take it on; with leave=yes somebody else may."""
    leave = bool((await form_of(request)).get("leave"))
    await request.app[DATABASE].write(request[ACTOR], tasks.take, request.match_info["id"], taken=not leave)
    return see_other(request, "tasks")
