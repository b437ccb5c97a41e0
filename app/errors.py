"""Errors the domain raises and the web shows.

    ColloqueError
    ├── NotFound         the thing is not there, or not for you: the web says the same for both
    ├── AccessDenied     the policy refused; always audited
    ├── SignInRequired   nobody is signed in, or the session ended
    ├── Invalid          input cannot be accepted; carries a message for each field
    ├── Conflict         the state of the world changed: slot taken, note already signed
    ├── LimitReached     too many tries; carries the seconds to wait
    └── Unavailable      a part of the house is down or full; try again
        └── Uncertain    it went away while it was saving: nobody knows yet whether it was done

Messages are English catalogue keys with %(name)s placeholders; the web translates them.
"""

from collections.abc import Mapping


class ColloqueError(Exception):
    """Base of all errors meant for a person; `message` is a catalogue key."""

    status = 500
    code = "error"

    def __init__(self, message: str = "Something went wrong.", **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


class NotFound(ColloqueError):
    """Nothing here for this actor (HTTP 404)."""

    status = 404
    code = "not_found"

    def __init__(self, message: str = "This page does not exist or is not for you.", **values: object) -> None:
        super().__init__(message, **values)


class AccessDenied(ColloqueError):
    """The policy refused (HTTP 403)."""

    status = 403
    code = "access_denied"

    def __init__(self, message: str = "You may not do this.", **values: object) -> None:
        super().__init__(message, **values)


class SignInRequired(ColloqueError):
    """No session, or an ended one (HTTP 401; pages redirect to the sign-in)."""

    status = 401
    code = "sign_in_required"

    def __init__(self, message: str = "Please sign in first.", **values: object) -> None:
        super().__init__(message, **values)


class Invalid(ColloqueError):
    """Input refused (HTTP 422); `fields` maps a field's name to its message."""

    status = 422
    code = "invalid"

    def __init__(self, message: str = "Please check the highlighted fields.",
                 fields: Mapping[str, str] | None = None, **values: object) -> None:
        super().__init__(message, **values)
        self.fields = dict(fields or {})


class Conflict(ColloqueError):
    """Somebody or something else came first (HTTP 409)."""

    status = 409
    code = "conflict"


class LimitReached(ColloqueError):
    """Too many tries (HTTP 429)."""

    status = 429
    code = "limit_reached"

    def __init__(self, message: str = "Too many tries. Please wait %(seconds)s seconds.",
                 *, seconds: int, **values: object) -> None:
        super().__init__(message, seconds=seconds, **values)
        self.seconds = seconds


class Unavailable(ColloqueError):
    """A part is down or full (HTTP 503)."""

    status = 503
    code = "unavailable"


class Uncertain(Unavailable):
    """The database went away between the order to keep what was done and its answer: done whole, or not at all."""

    code = "uncertain"
