"""The one page of URLs: method, path, handler, name, audience, action."""

from app.web import site
from app.web.routing import Audience, Route

PUBLIC, STAFF, PATIENT = Audience.PUBLIC, Audience.STAFF, Audience.PATIENT

# fmt: off
ROUTES: list[Route] = [
    # --- home, health, demo -------------------------------------------------------------------
    Route("GET", "/", site.home, "home", PUBLIC),
    Route("GET", "/health", site.health, "health", PUBLIC),
    Route("GET", "/metrics", site.metrics, "metrics", PUBLIC),
    Route("GET", "/design", site.design, "design", PUBLIC),
    # --- sign-in ------------------------------------------------------------------------------
    # --- scheduler ----------------------------------------------------------------------------
    # --- patient ------------------------------------------------------------------------------
    # --- doctor -------------------------------------------------------------------------------
    # --- note ---------------------------------------------------------------------------------
    # --- administrator ------------------------------------------------------------------------
]
