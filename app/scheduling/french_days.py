"""Public and school holidays in France, by place. Pure.

Sources: the packages `holidays` (Code du travail L3133-1, Alsace-Moselle, overseas) and `vacances-scolaires-france`
(Ministry of Education, zones A to C; its data ends with a school year, after which nothing is known).
"""

from datetime import date, timedelta
from functools import cache
from typing import Final

import holidays
from vacances_scolaires_france import SchoolHolidayDates

# A place as a clinic's row keeps it: the package's subdivision, METROPOLITAN for the usual days, "" for none.
METROPOLITAN: Final = "FR"
PLACES: Final = (METROPOLITAN, "57", "6AE", "971", "972", "973", "974", "976", "BL", "MF", "PM", "NC", "PF", "WF")
SCHOOL_ZONES: Final = ("A", "B", "C")
ZONES: Final = {"Europe/Paris": METROPOLITAN, "America/Guadeloupe": "971", "America/Martinique": "972",
                "America/Cayenne": "973", "Indian/Reunion": "974", "Indian/Mayotte": "976",
                "America/St_Barthelemy": "BL", "America/Marigot": "MF", "America/Miquelon": "PM",
                "Pacific/Noumea": "NC", "Pacific/Tahiti": "PF", "Pacific/Wallis": "WF"}


def mark(text: str) -> str:
    """A catalogue text that is translated when it is shown."""
    return text


SCHOOL: Final = {
    "Vacances de Noël": mark("Christmas holidays"),
    "Vacances d'hiver": mark("Winter holidays"),
    "Vacances de printemps": mark("Spring holidays"),
    "Vacances d'été": mark("Summer holidays"),
    "Vacances de la Toussaint": mark("Autumn holidays"),
    "Pont de l'Ascension": mark("Ascension weekend"),
}
LANGUAGES: Final = {"fr": "fr", "en": "en_US"}


def usual_place(zone: str) -> str:
    """The place whose holidays a clinic of this IANA zone keeps, until somebody says otherwise."""
    return ZONES.get(zone, "")


def public(place: str, first: date, last: date, lang: str = "fr") -> dict[date, str]:
    """Public holidays of a place from `first` to `last`, both included, with their names; none without a place."""
    if not place:
        return {}
    named = [item for year in range(first.year, last.year + 1) for item in _public(place, year, lang).items()]
    return {on: name for on, name in sorted(named) if first <= on <= last}


def school(zone: str, first: date, last: date) -> dict[date, str]:
    """Days of school holidays in zone A, B or C, with catalogue texts; none elsewhere, and none that is not known."""
    if zone not in SCHOOL_ZONES:
        return {}
    known = _school().data
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {on: SCHOOL[known[on]["nom_vacances"]] for on in days if on in known and known[on][_school().zone_key(zone)]}


@cache
def _public(place: str, year: int, lang: str) -> dict[date, str]:
    subdivision = None if place == METROPOLITAN else place
    return dict(holidays.country_holidays("FR", subdiv=subdivision, years=year, language=LANGUAGES[lang]))


@cache
def _school() -> SchoolHolidayDates:
    return SchoolHolidayDates()
