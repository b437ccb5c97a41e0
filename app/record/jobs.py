"""Work on the record that happens by itself: drafting after a visit, shredding and expiring its audio."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Protocol

from app import jobs
from app.actor import system
from app.db import Database, Tx
from app.notes.drafting import Draft, Transcript, draft
from app.notes.writing import rewording
from app.notes.writing.summary import patient_summary
from app.record import drafts, playback
from app.record.tables import NoteContent
from app.settings import Settings

ACTOR = system("record")
PATIENCE_S = 25.0      # for the last words to be written down; then the draft is made with what is there
LOOK_AGAIN_S = 0.5
GIVE_UP_AFTER_S = 24 * 3600.0
EXPIRE_EVERY_S = 3600.0

Shred = Callable[[str], Awaitable[None]]


class Model(Protocol):
    """A language model on the site's own network."""

    name: str

    async def ask(self, messages: list[rewording.Message]) -> str | None: ...


def handlers(db: Database, settings: Settings, shred: Shred, model: Model | None = None) -> dict[str, jobs.Handler]:
    """The jobs of this area by kind. `shred` removes a visit's sealed speech and has its key forgotten everywhere.

    model: rewords drafts, where the site has one.
    """
    async def draft_note(payload: Mapping[str, str]) -> None:
        await _draft_note(db, model, payload["encounter_id"], int(payload.get("lines", "-1")))

    async def shred_audio(payload: Mapping[str, str]) -> None:
        await shred(payload["encounter_id"])
        await db.scrub()  # the wrapped key, destroyed in its row, still lies in the database's log

    async def expire_audio(_payload: Mapping[str, str]) -> None:
        await db.write(ACTOR, _expire, timedelta(days=settings.audio_days))

    return {"note.draft": draft_note, "audio.shred": shred_audio, "audio.expire": expire_audio}


def schedule(tx: Tx) -> None:
    """Have audio expire in this hour; each run enqueues the next. Call when the web process starts."""
    _enqueue_expiry(tx, delay_s=0)


def _enqueue_expiry(tx: Tx, delay_s: float) -> None:
    hour = (tx.now + timedelta(seconds=delay_s)).strftime("%Y-%m-%dT%H")
    jobs.enqueue(tx, "audio.expire", delay_s=delay_s, key=f"audio.expire:{hour}")


def _expire(tx: Tx, older_than: timedelta) -> None:
    for encounter_id in playback.expire(tx, older_than):
        jobs.enqueue(tx, "audio.shred", encounter_id=encounter_id)
    _enqueue_expiry(tx, EXPIRE_EVERY_S)


async def _draft_note(db: Database, model: Model | None, encounter_id: str, lines_used: int) -> None:
    """Draft once all is written down or patience ends; draft again while more comes in and nobody edited."""
    now = await db.read(ACTOR, drafts.progress, encounter_id)
    if not now.may_draft:
        return
    if now.open_streams and now.since_end_s < PATIENCE_S:
        await db.write(ACTOR, _look_again, encounter_id, lines_used, LOOK_AGAIN_S)
        return
    if now.lines != lines_used:
        lines_used = await _draft_now(db, model, encounter_id)
    if now.open_streams and now.since_end_s < GIVE_UP_AFTER_S:
        await db.write(ACTOR, _look_again, encounter_id, lines_used, max(2.0, now.since_end_s / 10))


async def _draft_now(db: Database, model: Model | None, encounter_id: str) -> int:
    told = await db.read(ACTOR, drafts.material, encounter_id)
    by_rules = await asyncio.to_thread(_by_rules, told)
    better = await _reworded(db, model, encounter_id, by_rules) if model else None
    note, paragraphs = await asyncio.to_thread(_content, better or by_rules, told)
    note.worded_by = model.name if model and better else ""
    await db.write(ACTOR, drafts.store, encounter_id, note, paragraphs)
    return len(told.lines)


async def _reworded(db: Database, model: Model, encounter_id: str, by_rules: Draft) -> Draft | None:
    """The draft in the model's words, where they hold; the trail tells that the visit's words went to it."""
    asked = await asyncio.to_thread(rewording.request, by_rules)
    if asked is None:
        return None
    await db.write(ACTOR, drafts.disclosed, encounter_id)
    answer = await model.ask(asked)
    return None if answer is None else await asyncio.to_thread(rewording.reworded, by_rules, answer)


def _by_rules(told: drafts.Material) -> Draft:
    return draft(Transcript.from_json(told.dialogue))


def _content(answer: Draft, told: drafts.Material) -> tuple[NoteContent, list[str]]:
    return drafts.content(answer.to_json(), told), patient_summary(answer, told.language)


def _look_again(tx: Tx, encounter_id: str, lines_used: int, delay_s: float) -> None:
    jobs.enqueue(tx, "note.draft", delay_s=delay_s, encounter_id=encounter_id, lines=str(lines_used))
