"""What a sample page is, and the context that every page gets."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from app.web.routes import ROUTES

NOW = datetime(2026, 11, 23, 13, 31, tzinfo=UTC)  # 14:31 in Paris
PATHS = {route.name: route.path for route in ROUTES}


@dataclass(frozen=True)
class Page:
    """One page in one state; `account` is the role signed in, "" for nobody."""

    name: str
    template: str
    account: str = ""
    here: str = ""
    context: Callable[[str], dict[str, Any]] = lambda lang: {}


def url(name: str, **params: object) -> str:
    """As the web's, but a route that is still to come gets a path of its name."""
    path = PATHS.get(name, f"/{name}")
    for key in [key for key in params if f"{{{key}" in path]:
        path = path.replace(f"{{{key}}}", str(params.pop(key)))
    return f"{path}?{urlencode(params)}" if params else path


ACCOUNTS = {
    "doctor": {"name": "Dr Nadia Benali", "role": "doctor", "initials": "NB"},
    "scheduler": {"name": "Sophie Perrin", "role": "scheduler", "initials": "SP"},
    "administrator": {"name": "Alain Dupré", "role": "administrator", "initials": "AD"},
}


def base_context(lang: str, page: Page) -> dict[str, Any]:
    """What the web gives to every page."""
    return {
        "lang": lang,
        "static": lambda path: f"/static/preview/{path}",
        "url": url,
        "csrf_token": "t" * 48,
        "account": ACCOUNTS.get(page.account),
        "path": "/",
        "here": page.here,
        "messages": [],
        "clinic": "Centre de santé des Tilleuls",
        "zone": "Europe/Paris",
        "now": NOW,
        "demo": True,
    }


def at(hour: int, minute: int, day: int = 23) -> datetime:
    """A time of day in Paris, in UTC."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def dates(lang: str) -> dict[str, Any]:
    """The date functions that some handlers give."""
    return {"day": lambda when: "23 novembre 2026", "time": lambda when: "14:35"}


def always(**context: Any) -> Callable[[str], dict[str, Any]]:
    """The same context in every language."""
    return lambda lang: context
