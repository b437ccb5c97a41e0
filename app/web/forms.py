"""Reading input: forms, uploads limits and CSRF tokens. Bad input becomes Invalid, never a traceback."""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from typing import TypeVar

from aiohttp import ClientPayloadError, web
from pydantic import BaseModel, ValidationError

from app.errors import AccessDenied, Invalid
from app.web.keys import CSRF_COOKIE_VALUE, CSRF_SECRET, FORM

M = TypeVar("M", bound=BaseModel)

FORM_LIMIT_BYTES = 256 * 1024  # our largest form is a note; a 10 MB form is refused before it is parsed
FORM_TIME_S = 20.0  # a body that trickles in for longer is somebody holding connections
FILE_PAUSE_S, FILE_TIME_S = 20.0, 600.0  # a photo over a poor network is slow, but something always comes
FOREIGN_TYPES = ("application/json", "multipart/form-data")  # no form of ours holds a file: nothing goes to a disk
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
NONCE_BYTES = 8

_MESSAGES = {
    "missing": "Please fill in this field.",
    "string_too_short": "Please fill in this field.",
    "string_too_long": "This is too long.",
    "date_from_datetime_parsing": "Please give a date such as 1984-05-31.",
    "date_parsing": "Please give a date such as 1984-05-31.",
    "time_parsing": "Please give a time such as 14:30.",
    "int_parsing": "Please give a whole number.",
}


async def form_of(request: web.Request) -> dict[str, str]:
    """The fields of a posted form; read once, size-limited. Raises Invalid."""
    if FORM in request:
        return request[FORM]
    if (request.content_length or 0) > FORM_LIMIT_BYTES:
        raise web.HTTPRequestEntityTooLarge(max_size=FORM_LIMIT_BYTES, actual_size=request.content_length or 0)
    if request.content_type in FOREIGN_TYPES:
        raise Invalid("This address expects a form.")
    try:
        async with asyncio.timeout(FORM_TIME_S):
            fields = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ValueError, UnicodeDecodeError, LookupError):  # LookupError: a charset that is none
        raise Invalid("The form could not be read.") from None
    if any("\x00" in value for value in fields.values()):
        raise Invalid("The form holds characters that cannot be stored.")
    request[FORM] = fields
    return fields


async def file_of(request: web.Request, limit_bytes: int) -> bytes:
    """The bytes of a posted file, which is the whole body. Raises Invalid for one that breaks off, or HTTP 413, 408."""
    if (request.content_length or 0) > limit_bytes:
        raise web.HTTPRequestEntityTooLarge(max_size=limit_bytes, actual_size=request.content_length or 0)
    held = bytearray()
    try:
        async with asyncio.timeout(FILE_TIME_S):
            while chunk := await asyncio.wait_for(request.content.readany(), FILE_PAUSE_S):
                held += chunk
                if len(held) > limit_bytes:
                    raise web.HTTPRequestEntityTooLarge(max_size=limit_bytes, actual_size=len(held))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ClientPayloadError, ValueError):  # it broke off, or is not what its headers say
        raise Invalid("The file did not arrive whole. Please try again.") from None
    return bytes(held)


def parse(model: type[M], fields: Mapping[str, str]) -> M:
    """Check form fields against a model; empty fields count as missing. Raises Invalid with a message a field."""
    try:
        return model.model_validate({key: value.strip() for key, value in fields.items() if value.strip()})
    except ValidationError as failure:
        faults = {str(e["loc"][0]) if e["loc"] else "": _message(e["type"], e["msg"]) for e in failure.errors()}
        raise Invalid(fields=faults) from None


def _message(kind: str, text: str) -> str:
    if kind == "value_error":
        return text.removeprefix("Value error, ")
    return _MESSAGES.get(kind, "This is not valid.")


def csrf_token(request: web.Request) -> str:
    """A fresh token bound to this browser's cookie; masked by a nonce so that compression leaks nothing."""
    nonce = secrets.token_hex(NONCE_BYTES)
    return nonce + _csrf_mac(request, nonce)


def check_readable(request: web.Request) -> None:
    """Raises Invalid for an address or headers that are no text: they could be neither compared nor stored."""
    try:
        "".join((request.path_qs, request.path, *request.query, *request.query.values(), *request.headers.values())
                ).encode()
    except ValueError:
        raise Invalid("The request could not be read.") from None


def check_csrf(request: web.Request, token: str) -> None:
    """Raises AccessDenied unless the token belongs to this browser."""
    nonce, mac = token[: 2 * NONCE_BYTES], token[2 * NONCE_BYTES :]
    if not hmac.compare_digest(mac.encode(), _csrf_mac(request, nonce).encode()):
        raise AccessDenied("This form is too old. Please go back, reload the page and try again.")


def _csrf_mac(request: web.Request, nonce: str) -> str:
    message = f"{request[CSRF_COOKIE_VALUE]}:{nonce}".encode()
    return hmac.new(request.app[CSRF_SECRET], message, "sha256").hexdigest()[:32]
