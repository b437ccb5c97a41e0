"""What a route is: who it is for and which action it needs. The table itself is in app.web.routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from app.access.policy import Action

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Audience(StrEnum):
    """Whose session a route reads."""

    PUBLIC = "public"    # anybody; a staff session is known if there is one
    STAFF = "staff"      # a signed-in member of staff
    PATIENT = "patient"  # a patient whose link was proved with a code
    GUEST = "guest"      # somebody invited to one visit


@dataclass(frozen=True, slots=True)
class Route:
    """One URL. `action` is what the role must be allowed; the domain checks the row as well."""

    method: str
    path: str
    handler: Handler
    name: str
    audience: Audience
    action: Action | None = None


AUDIENCE: dict[str, Audience] = {}
REQUIRED: dict[tuple[str, str], Action | None] = {}  # by (method, name)


def resource_name(name: str) -> str:
    """How aiohttp knows a route: it takes no Python keyword between dashes, such as the "in" of sign-in."""
    return name.replace("-", "_")


def add_routes(app: web.Application, routes: list[Route]) -> None:
    """Register the table. Names are unique, but for the methods of one path, which share theirs."""
    for route in routes:
        name = resource_name(route.name)
        resource = next((r for r in app.router.resources() if r.name == name), None)
        if resource is None:
            resource = app.router.add_resource(route.path, name=name)
        if not isinstance(resource, web.Resource) or resource.canonical != route.path:
            raise ValueError(f"route name {route.name} is used for two paths")
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            resource.add_route(method, route.handler)
            REQUIRED[method, name] = route.action
        AUDIENCE[name] = route.audience
