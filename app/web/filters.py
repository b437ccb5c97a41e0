"""Jinja filters for days and times: in the page's language (`lang`) and the clinic's wall clock (`zone`)."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from app import i18n

FILTERS: dict[str, Callable[..., str]] = {
    "day": i18n.day,              # lundi 23 novembre 2026
    "day_month": i18n.day_month,  # lundi 23 novembre
    "short_date": i18n.short_date,  # lun. 23 nov.
    "date": i18n.date_words,      # 23 novembre 2026
    "time": i18n.clock_time,      # 14:15
    "hour": i18n.hour,            # 14 h 15
    "moment": i18n.moment,        # lundi 23 novembre à 14 h 15
}


def install(env: Environment) -> None:
    """Give the environment its filters: {{ appointment.start_at|moment }}."""
    for name, words in FILTERS.items():
        env.filters[name] = _local(words)
    env.filters["elapsed"] = i18n.elapsed
    env.filters["in_sentence"] = _in_sentence  # le Dr Nadia Benali
    env.filters["unbroken"] = _unbroken  # a phone number on one line
    env.filters["iso"] = _iso
    env.filters["percent"] = _percent  # 12 %
    env.filters["isolated"] = i18n.isolated


def _local(words: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def say(context: Context, at: Any) -> str:
        return words(at, context["lang"], context["zone"])

    return say


@pass_context
def _in_sentence(context: Context, name: str) -> str:
    return i18n.in_sentence(name, context["lang"])


def _unbroken(text: str) -> str:
    return text.replace(" ", i18n.NBSP)


@pass_context
def _percent(context: Context, share: float) -> str:
    return i18n.percent(share, context["lang"])


def _iso(at: datetime | date | time) -> str:
    return at.isoformat()
