"""Listening to the evidence: who may have the key of one stream, and when the key is destroyed.

The web process hands out ciphertext and a key; only the doctor's browser turns them into sound.
"""

from collections.abc import Callable
from datetime import timedelta

from sqlmodel import col, select

from app import audit, encounters
from app.access import guard
from app.access.policy import Action
from app.crypto.keyring import KeyDestroyed
from app.db import Tx
from app.encounters import Encounter
from app.errors import NotFound
from app.record.tables import SpeechStream

LISTEN_LIMIT = timedelta(minutes=2)  # one listening; whole visits are not for download


def key_id(encounter_id: str) -> str:
    """The name of a visit's audio key in the keyring."""
    return f"visit:{encounter_id}"


def listen(tx: Tx, encounter_id: str, stream_id: str, from_ms: int, to_ms: int,
           derive: Callable[[bytes, str], bytes]) -> bytes:
    """The key of one stream, derived from the visit's by `derive`, once the doctor may hear it.

    Raises AccessDenied, NotFound for a stream of another visit, KeyDestroyed after the signature.
    """
    encounters.find(tx, encounter_id, Action.TRANSCRIPT_READ, step="listen", stream=stream_id,
                    from_ms=str(from_ms), to_ms=str(to_ms))
    stream = tx.session.get(SpeechStream, stream_id)
    if stream is None or stream.encounter_id != encounter_id:
        raise NotFound
    if not 0 < to_ms - from_ms <= LISTEN_LIMIT.total_seconds() * 1000:
        raise NotFound
    if not tx.keyring.exists(tx.session, key_id(encounter_id)):
        raise KeyDestroyed("The audio of this visit was destroyed.")
    return derive(tx.keyring.key(tx.session, key_id(encounter_id)), stream_id)


def audible(tx: Tx, encounter_id: str) -> bool:
    """Whether the visit's audio can still be opened; for a reader who was already permitted."""
    return tx.keyring.exists(tx.session, key_id(encounter_id))


def destroy(tx: Tx, encounter_id: str, patient_id: str, reason: str) -> bool:
    """Destroy the visit's audio key for good; the trail proves it. False when there was none."""
    if not tx.keyring.destroy(tx.session, key_id(encounter_id)):
        return False
    audit.record(tx, "audio:destroyed", entity="Encounter", entity_id=encounter_id, patient_id=patient_id,
                 reason=reason)
    return True


def expire(tx: Tx, older_than: timedelta) -> list[str]:
    """Destroy the audio keys of visits that began longer ago than the site keeps speech; returns their ids."""
    guard.permit(tx, Action.TRANSCRIPT_WRITE, entity="Encounter", quiet=True)
    query = (
        select(Encounter).join(SpeechStream, col(SpeechStream.encounter_id) == Encounter.id)
        .where(SpeechStream.started_at < tx.now - older_than).distinct()
    )
    due = [e for e in tx.session.exec(query).all() if audible(tx, e.id)]
    return [e.id for e in due if destroy(tx, e.id, e.patient_id, reason="expired")]
