"""Languages: one catalogue for Python, templates and scripts; dates and times as people write them."""

import gettext
import unicodedata
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_location
from babel.numbers import format_percent

LANGUAGES = ("fr", "en")
NBSP = "\u00a0"
TITLES = ("Dr ", "Pr ")
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


def language_name(code: str, lang: str) -> str:
    """A language's name in another: "es" is "espagnol" in French."""
    return str(Locale(lang).languages.get({"jw": "jv"}.get(code, code), code))


def sortable(name: str) -> str:
    """What a name is sorted by: its letters without accents and capitals."""
    return "".join(c for c in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(c))


def isolated(name: str) -> str:
    """A name inside a sentence, so that letters written from right to left leave the words around it in place.

    Unicode's FSI and PDI (UAX #9): what <bdi> is where there is markup. Other names stay as they are.
    """
    from_right = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)
    return f"\u2068{name}\u2069" if from_right else name


def day(at: datetime | date, lang: str, zone: str) -> str:
    """A day in words: "lundi 23 novembre 2026", "Monday 23 November 2026"."""
    return _written(_local_day(at, zone), "EEEE d MMMM y", lang)


def day_month(at: datetime | date, lang: str, zone: str) -> str:
    """A day of this year in words: "lundi 23 novembre", "Monday 23 November"."""
    return _written(_local_day(at, zone), "EEEE d MMMM", lang)


def short_day(at: datetime | date, lang: str, zone: str) -> str:
    """A day for a column head: "lun. 23", "Mon 23"."""
    return format_skeleton("Ed", _local_day(at, zone), locale=_locale(lang))


def short_date(at: datetime | date, lang: str, zone: str) -> str:
    """A day that may be of another month, where little room is: "lun. 23 nov.", "Mon 23 Nov"."""
    return format_skeleton("MMMEd", _local_day(at, zone), locale=_locale(lang)).replace(",", "")


def month(on: date, lang: str) -> str:
    """A month as a title: "novembre 2026"."""
    return _written(on, "LLLL y", lang)


def weekday(n: int, lang: str) -> str:
    """A weekday for a column head, Monday is 0: "lun.", "Mon"."""
    return str(_locale(lang).days["stand-alone"]["abbreviated"][n])


def date_words(at: datetime | date, lang: str, zone: str) -> str:
    """A date without its weekday: "31 mai 1984", "31 May 1984"."""
    return _written(_local_day(at, zone), "d MMMM y", lang)


def clock_time(at: datetime | time, lang: str, zone: str) -> str:
    """A time of day in the clinic's zone, for lists and tables: "14:15"."""
    local = at.astimezone(ZoneInfo(zone)).time() if isinstance(at, datetime) else at
    return format_time(local, "HH:mm", locale=_locale(lang))


def hour(at: datetime | time, lang: str, zone: str) -> str:
    """A time of day as a sentence says it: "14 h 15" in French, "14:15" in English."""
    text = clock_time(at, lang, zone)
    return text.removeprefix("0").replace(":", f"{NBSP}h{NBSP}") if lang == "fr" else text


def moment(at: datetime, lang: str, zone: str) -> str:
    """A day and a time in a sentence: "lundi 23 novembre à 14 h 15", "Monday 23 November at 14:15"."""
    return f"{day_month(at, lang, zone)} {'à' if lang == 'fr' else 'at'} {hour(at, lang, zone)}"


def in_sentence(name: str, lang: str) -> str:
    """A doctor's name within a sentence: French says "le Dr Nadia Benali"."""
    return f"le {name}" if lang == "fr" and name.startswith(TITLES) else name


def zone_city(zone: str, lang: str) -> str:
    """The city whose clock a time zone is: "Paris"."""
    return get_timezone_location(ZoneInfo(zone), locale=_locale(lang), return_city=True)


def elapsed(seconds: float) -> str:
    """Seconds since the start of the media as a transcript shows them: "05:44", "1:02:03" past the hour."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def percent(share: float, lang: str) -> str:
    """A share of one as a page says it: "12 %" in French, "12%" in English; one decimal below a tenth."""
    number = "0.#" if share < 0.0995 else "0"
    return format_percent(share, f"{number}{NBSP if lang == 'fr' else ''}%", locale=_locale(lang))


def days_of(first: date, last: date, lang: str) -> str:
    """A stretch of days as a title: "23 – 27 novembre 2026", "30 nov. – 4 déc. 2026" over the end of a month."""
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} – {_written(last, 'd MMMM y', lang)}"
    return f"{_written(first, 'd MMM', lang)} – {_written(last, 'd MMM y', lang)}"


def _written(on: date, pattern: str, lang: str) -> str:
    if lang == "fr" and on.day == 1:
        pattern = pattern.replace("d ", "d'er' ")  # 1er novembre
    return format_date(on, pattern, locale=_locale(lang))


def _local_day(at: datetime | date, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date() if isinstance(at, datetime) else at


def _locale(lang: str) -> Locale:
    return Locale.parse("fr_FR" if lang == "fr" else "en_GB")
