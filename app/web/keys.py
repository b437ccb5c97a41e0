"""Typed keys of the application and the request, in one place."""

from aiohttp import web

from app.actor import Actor
from app.audit import Trail
from app.bus import Bus
from app.db import Database
from app.settings import Settings
from app.web.black_box import BlackBox
from app.web.rooms import Rooms

DATABASE = web.AppKey("database", Database)
SETTINGS = web.AppKey("settings", Settings)
CSRF_SECRET = web.AppKey("csrf_secret", bytes)
CLINIC = web.AppKey("clinic", str)  # its name, as pages show it
TRAIL = web.AppKey("trail", Trail)
BUS = web.AppKey("bus", Bus)
ROOMS = web.AppKey("rooms", Rooms)
BLACK_BOX = web.AppKey("black_box", BlackBox)
SOCKETS = web.AppKey("sockets", set[web.WebSocketResponse])

ACTOR = web.RequestKey("actor", Actor)
REQUEST_ID = web.RequestKey("request_id", str)
LANGUAGE = web.RequestKey("language", str)
FORM = web.RequestKey("form", dict[str, str])
SESSION = web.ResponseKey("session", str)  # whose socket this is
CSRF_COOKIE_VALUE = web.RequestKey("csrf_cookie_value", str)
