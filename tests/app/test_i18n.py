"""Languages and times as people write them."""

from datetime import UTC, date, datetime, time

import pytest

from app import i18n

PARIS, REUNION = "Europe/Paris", "Indian/Reunion"
MOMENT = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)  # 14:05 in Paris


@pytest.mark.parametrize(("cookie", "accept", "default", "spoken"), [
    ("en", "fr", "fr", "en"),
    (None, "en-GB,en;q=0.9,fr;q=0.8", "fr", "en"),
    (None, "fr-CA,fr;q=0.9,en;q=0.8", "en", "fr"),
    (None, "de,fr;q=0.4,en;q=0.6", "fr", "en"),
    (None, "de", "fr", "fr"),
    ("klingon", "", "en", "en"),
    (None, "en;q=rubbish,*;;=", "fr", "fr"),
])
def test_the_cookie_then_the_browser_then_the_clinic_decides(cookie, accept, default, spoken):
    assert i18n.negotiate(cookie, accept, default) == spoken


def test_days_and_times_in_french():
    assert i18n.day(MOMENT, "fr", PARIS) == "lundi 23 novembre 2026"
    assert i18n.day_month(date(2026, 12, 1), "fr", PARIS) == "mardi 1er décembre"
    assert i18n.date_words(date(1984, 5, 31), "fr", PARIS) == "31 mai 1984"
    assert i18n.hour(MOMENT, "fr", PARIS) == "14\u00a0h\u00a005"
    assert i18n.hour(time(9, 0), "fr", PARIS) == "9\u00a0h\u00a000"
    assert i18n.moment(MOMENT, "fr", PARIS) == "lundi 23 novembre à 14\u00a0h\u00a005"


def test_days_and_times_in_english():
    assert i18n.day(MOMENT, "en", PARIS) == "Monday 23 November 2026"
    assert i18n.moment(MOMENT, "en", PARIS) == "Monday 23 November at 14:05"
    assert i18n.short_day(MOMENT, "en", PARIS) == "Mon 23"
    assert (i18n.short_date(MOMENT, "en", PARIS), i18n.short_date(MOMENT, "fr", PARIS)) == ("Mon 23 Nov", "lun. 23 nov.")


def test_a_day_is_the_clinics_day():
    late = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)
    assert i18n.day(late, "en", PARIS).startswith("Monday 23")
    assert i18n.day(late, "en", REUNION).startswith("Tuesday 24")
    assert i18n.clock_time(late, "en", REUNION) == "01:30"


@pytest.mark.parametrize(("seconds", "text"), [(0, "00:00"), (344.9, "05:44"), (3723, "1:02:03")])
def test_seconds_of_a_transcript(seconds, text):
    assert i18n.elapsed(seconds) == text


def test_an_unknown_text_stays_as_it_is():
    assert i18n.translator("fr").gettext("Nobody translated this.") == "Nobody translated this."


def test_a_name_from_right_to_left_stays_apart_from_the_words_around_it():
    assert i18n.isolated("محمد الفارسي") == "\u2068محمد الفارسي\u2069"
    assert i18n.isolated("Noa לוי") == "\u2068Noa לוי\u2069"
    assert i18n.isolated("Zoë O'Brien 👩‍⚕️") == "Zoë O'Brien 👩‍⚕️"


@pytest.mark.parametrize(("first", "last", "french", "english"), [
    (date(2026, 11, 23), date(2026, 11, 27), "23 – 27 novembre 2026", "23 – 27 November 2026"),
    (date(2026, 11, 30), date(2026, 12, 4), "30 nov. – 4 déc. 2026", "30 Nov – 4 Dec 2026"),
    (date(2026, 12, 28), date(2027, 1, 1), "28 déc. – 1er janv. 2027", "28 Dec – 1 Jan 2027"),
])
def test_a_stretch_of_days_is_a_short_title(first, last, french, english):
    assert i18n.days_of(first, last, "fr") == french
    assert i18n.days_of(first, last, "en") == english


def test_a_doctor_in_a_french_sentence_has_an_article():
    assert i18n.in_sentence("Dr Nadia Benali", "fr") == "le Dr Nadia Benali"
    assert i18n.in_sentence("Pr Ada Okonkwo", "fr") == "le Pr Ada Okonkwo"
    assert i18n.in_sentence("Jeanne Moreau", "fr") == "Jeanne Moreau"
    assert i18n.in_sentence("Dr Nadia Benali", "en") == "Dr Nadia Benali"
