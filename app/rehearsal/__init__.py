"""`colloque rehearse`: two synthetic participants hold a whole visit against a running installation.

They take the way that people take: sign-in with both factors, link, code, consent, media both ways,
captions, end, draft. Only two things come from the operator's own access to the database, because
no person is there: the rehearsal's own doctor and patient, and the code that was sent to that patient.
"""

from app.rehearsal.browser import RehearsalFailed
from app.rehearsal.report import describe
from app.rehearsal.visit import Relays, rehearse

__all__ = ["RehearsalFailed", "Relays", "describe", "rehearse"]
