"""The audit trail: every read and write of patient data, sign-in and refusal, in one keyed hash chain.

Each entry carries HMAC-SHA256(audit key, previous MAC | canonical entry), so that editing, removing
or reordering an entry breaks the chain at that place. The head (number of entries, last MAC) is kept
in the database and in an anchor file beside it, so that cutting the end off is found too. After
FHIR R4 AuditEvent and the IHE BALP patterns.
"""

import hmac
import json
import os
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import LargeBinary, func, text
from sqlmodel import Field, Session, SQLModel, col, select

from app.db import Disclosure, Tx, UTCInstant

GENESIS = b"colloque audit trail v1"
PAGE = 100
CHAIN_LOCK = 0x636F6C6C  # advisory lock of the chain's writers


class AuditEvent(SQLModel, table=True):
    """One entry: who, what, when, from where, why. Identifiers only, no clinical word."""

    __tablename__ = "audit_event"
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UTCInstant, index=True)
    role: str
    actor_id: str = Field(index=True)
    actor_name: str
    action: str = Field(index=True)
    outcome: str
    purpose: str
    entity: str
    entity_id: str
    patient_id: str | None = Field(default=None, index=True)
    ip: str
    request_id: str
    detail: str
    mac: bytes = Field(sa_type=LargeBinary)


class AuditHead(SQLModel, table=True):
    """The end of the chain: one row, locked while entries are appended."""

    __tablename__ = "audit_head"
    id: int = Field(default=1, primary_key=True)
    count: int
    mac: bytes = Field(sa_type=LargeBinary)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found: `fault` is empty when the chain is whole."""

    entries: int
    fault: str = ""
    seq: int | None = None


class Trail:
    """The journal that Database commits through; `anchor` is a file outside the database, or None."""

    def __init__(self, anchor: Path | None = None) -> None:
        self._anchor = anchor
        self._anchoring = threading.Lock()  # writers of one process share the scratch file

    def append(self, tx: Tx, disclosures: list[Disclosure]) -> None:
        """Add entries to the chain inside this transaction."""
        if not disclosures:
            return
        key = tx.keyring.key(tx.session, "site:audit")
        head = self._locked_head(tx.session)
        for disclosure in disclosures:
            event = _event(tx, disclosure, head.count + 1)
            event.mac = head.mac = _mac(key, head.mac, event)
            head.count += 1
            tx.session.add(event)
        tx.session.add(head)
        tx.session.flush()
        count, mac = head.count, head.mac
        tx.after_commit.append(lambda: self._write_anchor(count, mac))

    def verify(self, tx: Tx) -> Verdict:
        """Walk the whole chain; names the first entry that is edited, removed, reordered or cut off."""
        key = tx.keyring.key(tx.session, "site:audit")
        mac, count = GENESIS, 0
        for event in tx.session.exec(select(AuditEvent).order_by(col(AuditEvent.seq))).yield_per(1000):
            if event.seq != count + 1:
                return Verdict(count, "an entry was removed or reordered", count + 1)
            expected = _mac(key, mac, event)
            if not hmac.compare_digest(expected, event.mac):
                return Verdict(count, "an entry was edited or reordered", event.seq)
            mac, count = expected, event.seq
        return self._verify_end(tx.session, count, mac)

    def _verify_end(self, session: Session, count: int, mac: bytes) -> Verdict:
        head = session.get(AuditHead, 1)
        if count and head is None:
            return Verdict(count, "the end of the chain is missing", count)
        if head and (head.count != count or not hmac.compare_digest(head.mac, mac)):
            return Verdict(count, "the trail was cut off", count + 1)
        anchored = self._read_anchor()
        if anchored and anchored[0] > count:
            return Verdict(count, "the trail was cut off (the anchor file knows more entries)", count + 1)
        if anchored and anchored[0] == count and anchored[1] != mac.hex():
            return Verdict(count, "the last entry is not the one the anchor file knows", count)
        return Verdict(count)

    @staticmethod
    def _locked_head(session: Session) -> AuditHead:
        if session.get_bind().dialect.name == "postgresql":  # also before the first row exists
            session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
        head = session.exec(select(AuditHead).where(AuditHead.id == 1).with_for_update()).first()
        return head or AuditHead(id=1, count=0, mac=GENESIS)

    def _write_anchor(self, count: int, mac: bytes) -> None:
        if self._anchor is None:
            return
        with self._anchoring:
            anchored = self._read_anchor()
            if anchored and anchored[0] >= count:
                return  # another writer was quicker with a later entry
            scratch = self._anchor.with_suffix(f".{os.getpid()}.new")
            scratch.write_text(f"{count} {mac.hex()}\n")
            scratch.replace(self._anchor)

    def _read_anchor(self) -> tuple[int, str] | None:
        if self._anchor is None or not self._anchor.exists():
            return None
        count, mac = self._anchor.read_text().split()
        return int(count), mac


def record(tx: Tx, action: str, *, entity: str = "", entity_id: str = "", patient_id: str | None = None,
           outcome: str = "success", **detail: str) -> None:
    """Note what this transaction does; it is committed, or for reads written, with the rest."""
    tx.disclosures.append(
        Disclosure(action, outcome, entity, entity_id, patient_id, tuple(sorted(detail.items())))
    )


def search(tx: Tx, *, actor: str = "", action: str = "", patient_id: str = "", outcome: str = "",
           since: datetime | None = None, until: datetime | None = None, before_seq: int | None = None,
           limit: int = PAGE) -> list[AuditEvent]:
    """Entries, newest first, that match every given filter."""
    query = select(AuditEvent).order_by(col(AuditEvent.seq).desc()).limit(limit)
    if actor:
        named = col(AuditEvent.actor_name).icontains(actor, autoescape=True)
        query = query.where(named | (col(AuditEvent.actor_id) == actor))
    if action:
        query = query.where(col(AuditEvent.action).startswith(action, autoescape=True))
    if patient_id:
        query = query.where(AuditEvent.patient_id == patient_id)
    if outcome:
        query = query.where(AuditEvent.outcome == outcome)
    if since:
        query = query.where(AuditEvent.at >= since)
    if until:
        query = query.where(AuditEvent.at < until)
    if before_seq:
        query = query.where(AuditEvent.seq < before_seq)
    return list(tx.session.exec(query).all())


def count(tx: Tx) -> int:
    """How many entries the trail holds."""
    return tx.session.exec(select(func.count()).select_from(AuditEvent)).one()


def _event(tx: Tx, disclosure: Disclosure, seq: int) -> AuditEvent:
    actor = tx.actor
    return AuditEvent(
        seq=seq, at=tx.now, role=actor.role.value, actor_id=actor.id, actor_name=actor.name,
        action=disclosure.action, outcome=disclosure.outcome, purpose=actor.purpose.value,
        entity=disclosure.entity, entity_id=disclosure.entity_id,
        patient_id=disclosure.patient_id or actor.patient_id,
        ip=actor.ip, request_id=actor.request_id, detail=json.dumps(dict(disclosure.detail)), mac=b"",
    )


def _mac(key: bytes, previous: bytes, event: AuditEvent) -> bytes:
    fields = event.model_dump(exclude={"mac", "at"}) | {"at": event.at.isoformat()}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.digest(key, previous + canonical.encode(), "sha256")
