"""Languages: one catalogue for Python, templates and scripts; dates and times as people write them."""

import gettext
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_skeleton, format_time

LANGUAGES = ("fr", "en")
LOCALE_DIR = Path(__file__).parent / "locale"


@lru_cache(maxsize=8)
def translator(lang: str) -> gettext.NullTranslations:
    """The catalogue of a language; English is the source and needs none."""
    if lang == "en":
        return gettext.NullTranslations()
    return gettext.translation("messages", LOCALE_DIR, [lang], fallback=True)


def negotiate(cookie: str | None, accept: str, default: str) -> str:
    """The language to speak: the cookie's, else the browser's first that we have, else the default."""
    if cookie in LANGUAGES:
        return str(cookie)
    wanted = []
    for part in accept.split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-(float(quality) if quality else 1.0), tag.replace("-", "_")))
        except ValueError:
            continue
    found = negotiate_locale([tag for _, tag in sorted(wanted, key=lambda w: w[0])], LANGUAGES)
    return (found or default)[:2]


def day(at: datetime | date, lang: str, zone: str) -> str:
    """A day in words: "lundi 23 novembre 2026", "Monday, November 23, 2026"."""
    local = at.astimezone(ZoneInfo(zone)).date() if isinstance(at, datetime) else at
    return format_date(local, "full", locale=_locale(lang))


def short_day(at: datetime | date, lang: str, zone: str) -> str:
    """A day for a column head: "lun. 23", "Mon 23"."""
    local = at.astimezone(ZoneInfo(zone)).date() if isinstance(at, datetime) else at
    return format_skeleton("Ed", local, locale=_locale(lang))


def clock_time(at: datetime, lang: str, zone: str) -> str:
    """A time of day in the clinic's zone: "14:15", "2:15 PM" only where the language wants it."""
    return format_time(at.astimezone(ZoneInfo(zone)), "HH:mm", locale=_locale(lang))


def _locale(lang: str) -> Locale:
    return Locale.parse("fr_FR" if lang == "fr" else "en_GB")
