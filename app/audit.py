"""The audit trail: every read and write of patient data, sign-in and refusal, in one keyed hash chain.

Each entry carries HMAC-SHA256(audit key, previous MAC | canonical entry), so that editing, removing
or reordering an entry breaks the chain at that place. The head (number of entries, last MAC) is kept
in the database and in an anchor file beside it (app.anchor), so that cutting the end off is found
too, and stays found: the next entry says so. After FHIR R4 AuditEvent and the IHE BALP patterns.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import LargeBinary, bindparam, func, insert, text, update
from sqlalchemy import select as rows_of
from sqlmodel import Field, Session, SQLModel, col, select

from app.anchor import Anchor, AnchorDamaged, Mark
from app.db import Disclosure, Tx, UTCInstant
from app.prepared import Prepared

log = structlog.get_logger(__name__)

GENESIS = b"colloque audit trail v1"
FAULT = "audit:fault"
ACKNOWLEDGED = "audit:acknowledged"
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


HEAD = Prepared(rows_of(col(AuditHead.count), col(AuditHead.mac)).where(col(AuditHead.id) == 1).with_for_update())
FIRST_HEAD, ENTRIES = Prepared(insert(AuditHead)), Prepared(insert(AuditEvent))
NEW_HEAD = Prepared(update(AuditHead).where(col(AuditHead.id) == 1).values(
    count=bindparam("count"), mac=bindparam("mac")))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification found: `fault` is empty when the chain is whole; `head` is its last entry's mark."""

    entries: int
    fault: str = ""
    seq: int | None = None
    head: str = field(default="", compare=False)


class TrailBroken(Exception):
    """An entry itself was edited, removed or reordered: nothing explains that away."""


class Trail:
    """The journal that Database commits through; `anchor` is a file outside the database, or None."""

    def __init__(self, anchor: Path | None = None) -> None:
        self._anchor = Anchor(anchor)

    def append(self, tx: Tx, noted: Sequence[tuple[Tx, Disclosure]]) -> None:
        """Add what was noted, by whom, to the chain inside `tx`; first, for good, that it was tampered with, if so."""
        if not noted:
            return
        key = tx.keyring.key(tx.session, "site:audit")
        known, mac = self._locked_head(tx.session)
        fault = self._disagreement(key, Mark(known, mac))
        if fault:
            noted = [(tx, Disclosure(FAULT, "failure", "AuditEvent", detail=(("why", fault),))), *noted]
        entries = [_entry(who, disclosure, known + n) for n, (who, disclosure) in enumerate(noted, 1)]
        for entry in entries:
            entry["mac"] = mac = _mac(key, mac, entry)
        mark = Mark(known + len(entries), mac)
        # Plain statements: this is on the way of every write, and nobody reads the rows back here.
        connection = tx.session.connection()
        ENTRIES.run_many(connection, entries)
        (NEW_HEAD if known else FIRST_HEAD).run(connection, {"id": 1, "count": mark.count, "mac": mark.mac})
        tx.after_commit.append(lambda: self._write_anchor(key, mark, force=bool(fault)))

    def verify(self, tx: Tx, known: str = "") -> Verdict:
        """Walk the whole chain; names the first entry that is edited, removed, reordered or cut off.

        `known` is a mark that somebody noted elsewhere, such as "120:9f2c…": the chain must still go through it.
        """
        said = self._anchor.said()  # first of all: others write on, and the chain may only be longer than its marks
        key = tx.keyring.key(tx.session, "site:audit")
        head = tx.session.get(AuditHead, 1)
        anchored, fault = self._anchored(key, said)
        marks = {"head": head and Mark(head.count, head.mac), "anchor": anchored}
        walk = _Walk(Mark(0, GENESIS), known, {name: mark for name, mark in marks.items() if mark}, head is None)
        for event in tx.session.exec(select(AuditEvent).order_by(col(AuditEvent.seq))).yield_per(1000):
            if event.seq != walk.mark.count + 1:
                return walk.verdict("an entry was removed or reordered", walk.mark.count + 1)
            expected = _mac(key, walk.mark.mac, event.model_dump())
            if not hmac.compare_digest(expected, event.mac):
                return walk.verdict("an entry was edited or reordered", event.seq)
            walk.step(event, expected)
        return walk.end(fault)

    def acknowledge(self, tx: Tx, why: str) -> None:
        """Explain, for good, why chain and anchor did not agree so far: a restored backup, an older version's anchor.

        What happened stays in the trail, and so does who took it as explained. Raises TrailBroken.
        """
        verdict = self.verify(tx)
        if verdict.entries < count(tx):
            raise TrailBroken(verdict.fault)
        record(tx, ACKNOWLEDGED, entity="AuditEvent", why=why)

    def _anchored(self, key: bytes, said: bytes | None) -> tuple[Mark | None, str]:
        try:
            mark = self._anchor.believed(key, said)
        except AnchorDamaged:
            return None, "the anchor file was altered"
        return mark, "the anchor file is missing" if self._anchor and mark is None else ""

    def _disagreement(self, key: bytes, head: Mark) -> str:
        """Why chain and anchor cannot both be right, seen under the chain's lock; empty when they can."""
        try:
            mark = self._anchor.read(key)
        except AnchorDamaged:
            if head.count or not self._anchor.names_nothing():
                return "altered"
            mark = None  # a first entry was never committed, and the key that sealed this went with it
        if mark is None and head.count == 0:
            self._anchor.write(key, head, force=True)  # now: the next may come before this one's commit is anchored
        if mark is None:
            return "missing" if self._anchor and head.count else ""
        if mark.count == head.count:
            return "" if mark == head else "differs"
        return "cut" if mark.count > head.count else ""

    @staticmethod
    def _locked_head(session: Session) -> tuple[int, bytes]:
        """How many entries there are and the last MAC; the row stays locked until this transaction ends."""
        connection = session.connection()
        heads = HEAD.run(connection, {})
        if not heads and connection.dialect.name == "postgresql":
            # Nothing to lock yet: two first writers take turns here, and the second looks again.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
            heads = HEAD.run(connection, {})
        count, mac = heads[0] if heads else (0, GENESIS)
        return count, mac

    def _write_anchor(self, key: bytes, mark: Mark, *, force: bool) -> None:
        try:
            self._anchor.write(key, mark, force=force)
        except OSError as failure:  # what was committed stands; the next entry anchors it too
            log.warning("the audit anchor cannot be written", error=type(failure).__name__)


@dataclass(slots=True)
class _Walk:
    """How far verification came, and which of the marks it has to come by it has met."""

    mark: Mark
    known: str
    marks: dict[str, Mark]
    headless: bool
    known_found: bool = False
    fault_seq: int | None = None

    def step(self, event: AuditEvent, mac: bytes) -> None:
        """This entry is whole."""
        self.mark = Mark(event.seq, mac)
        self.known_found |= self.mark.is_noted(self.known)
        self.marks = {name: mark for name, mark in self.marks.items() if mark != self.mark}
        if event.action == FAULT and self.fault_seq is None:
            self.fault_seq = event.seq
        elif event.action == ACKNOWLEDGED:
            self.fault_seq = None

    def end(self, fault: str) -> Verdict:
        """All entries are whole; whether they are all there. `fault`: what is wrong with the anchor itself."""
        count, anchored = self.mark.count, self.marks.get("anchor")
        if count and self.headless:
            return self.verdict("the end of the chain is missing", count)
        if "head" in self.marks:
            return self.verdict("the trail was cut off", count + 1)
        if anchored and anchored.count > count:
            return self.verdict("the trail was cut off (the anchor file knows more entries)", count + 1)
        if anchored and anchored.count:
            return self.verdict("the last entry is not the one the anchor file knows", anchored.count)
        if fault and count:
            return self.verdict(fault, count)
        if self.known and not self.known_found:
            return self.verdict("the entry that was noted down is not in the chain", count)
        if self.fault_seq:
            return self.verdict("the trail and its anchor file did not agree before this entry", self.fault_seq)
        return self.verdict("", None)

    def verdict(self, fault: str, seq: int | None) -> Verdict:
        """What to say at this point."""
        return Verdict(self.mark.count, fault, seq, str(self.mark))


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


def _entry(tx: Tx, disclosure: Disclosure, seq: int) -> dict[str, Any]:
    actor = tx.actor
    return {
        "seq": seq, "at": tx.now, "role": actor.role.value, "actor_id": actor.id, "actor_name": actor.name,
        "action": str(disclosure.action), "outcome": disclosure.outcome, "purpose": actor.purpose.value,
        "entity": disclosure.entity, "entity_id": disclosure.entity_id,
        "patient_id": disclosure.patient_id or actor.patient_id,
        "ip": actor.ip, "request_id": actor.request_id, "detail": json.dumps(dict(disclosure.detail)),
    }


def _mac(key: bytes, previous: bytes, entry: Mapping[str, Any]) -> bytes:
    fields = {name: value for name, value in entry.items() if name != "mac"} | {"at": entry["at"].isoformat()}
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.digest(key, previous + canonical.encode(), "sha256")
