"""Patient data is sealed: every column of every table is Sealed, or listed here with the reason why it may be plain."""

import pytest
from sqlalchemy import Column, Table
from sqlmodel import SQLModel

from app.db import Sealed, SealedRow
from app.migrations import TABLES

assert TABLES  # importing the modules fills the metadata

# Reasons that hold for a column of this name wherever it stands.
ANYWHERE = {
    "id": "random identifier", "patient_id": "random identifier", "practitioner_id": "random identifier",
    "encounter_id": "random identifier", "appointment_id": "random identifier", "composition_id": "random identifier",
    "organization_id": "random identifier", "motif_id": "random identifier", "link_id": "random identifier",
    "account_id": "random identifier", "stream_id": "random identifier", "author_id": "random identifier",
    "created_at": "an instant", "recorded_at": "an instant", "ended_at": "an instant", "started_at": "an instant",
    "start_at": "an instant", "end_at": "an instant", "arrived_at": "an instant", "last_seen_at": "an instant",
    "media_started_at": "an instant", "finished_at": "an instant", "identity_seen_at": "an instant",
    "granted_at": "an instant", "withdrawn_at": "an instant", "expires_at": "an instant", "revoked_at": "an instant",
    "cancelled_at": "an instant",
    "sent_at": "an instant", "used_at": "an instant", "signed_at": "an instant", "saved_at": "an instant",
    "written_at": "an instant", "released_at": "an instant", "since_at": "an instant", "run_at": "an instant",
    "second_factor_at": "an instant", "at": "an instant",
    "status": "a code of the workflow", "language": "fr or en", "version": "a number", "kind": "a code",
    "role": "a code", "purpose": "a code", "sequence": "a number",
}
# Tables that hold or point to patient data: what else may be plain there, and why.
PATIENT_TABLES: dict[str, dict[str, str]] = {
    "patient": {},
    "patient_token": {"token": "keyed hash (blind index)"},
    "appointment": {"held_until": "an instant", "before_min": "a number", "after_min": "a number",
                    "series_id": "random identifier", "on_site": "yes or no"},
    "occupancy": {"resource_id": "random identifier", "active": "yes or no", "held_until": "an instant"},
    "wait_entry": {"any_doctor": "yes or no", "urgent": "yes or no: who is asked first", "from_hour": "an hour of the day",
                   "to_hour": "an hour of the day", "joined_at": "an instant"},
    "wait_offer": {"entry_id": "random identifier", "offered_at": "an instant", "gained_h": "a number", "state": "a code"},
    "encounter": {"device_test": "ok, weak or failed", "opened_by": "random identifier of a browser tab",
                  "outcome": "a code of the workflow", "locked_at": "an instant"},
    "consent": {},
    "record_entry": {},
    "voice_command": {"entry_id": "random identifier", "state": "a code"},
    "speech_stream": {"end_reason": "a code", "acked_seq": "a number", "complete": "yes or no"},
    "transcript_segment": {"first_seq": "a number", "last_seq": "a number", "low_confidence": "yes or no"},
    "composition": {"touched": "yes or no", "signed_by": "identifier of an account",
                    "content_hash": "SHA-256 of sealed bytes, not of words"},
    "composition_version": {"author": "name of a member of staff"},
    "addendum": {"author_name": "name of a member of staff"},
    "patient_summary": {},
    "letter": {},
    "note_revision": dict.fromkeys(("drafted", "edited", "typed", "removed", "words", "distance"), "a number"),
    "letter_version": {"letter_id": "random identifier"},
    "communication": {},
    "document_reference": {"media_type": "a code", "size_bytes": "a number"},
    "document_content": {},
    "message": {"channel": "email or sms", "state": "a code", "attempts": "a number",
                "error": "a class of failure, no words of the message"},
    "link": {"token_hash": "SHA-256 of 256 random bits"},
    "attendance": {"reason": "a code", "marked_at": "an instant"},
    "ready_wish": {"asked_at": "an instant", "told_at": "an instant"},
    "confirmation": {"confirmed_at": "an instant"},
    "phone_visit": {},
    "task": {"about": "kind and channel of a message", "due_at": "an instant", "owner_id": "identifier of an account"},
    "guest_link": {"token_hash": "SHA-256 of 256 random bits"},
    "guest": {"session_hash": "SHA-256 of 256 random bits", "knocked_at": "an instant", "admitted_at": "an instant",
              "agreed_at": "an instant"},
    "link_code": {"code_hash": "keyed hash", "channel": "email or sms", "failures": "a number"},
    "patient_session": {},
    "care_relation": {"source": "what the relation rests on: an identifier"},
    "audit_event": {"seq": "a number", "actor_id": "identifier", "actor_name": "name of a member of staff; empty for "
                    "patients", "action": "a code", "outcome": "a code", "entity": "a FHIR type",
                    "entity_id": "random identifier", "ip": "needed to trace an access",
                    "request_id": "random identifier", "detail": "codes and identifiers", "mac": "keyed hash"},
    "job": {"payload": "identifiers only", "key": "identifiers only", "lease_until": "an instant",
            "attempts": "a number", "failed": "yes or no", "last_error": "a class of failure"},
}
# Tables without patient data: staff, places, opening hours, keys.
OTHER_TABLES = {
    "learnt", "rebooking", "calendar_feed", "busy_calendar", "busy_time", "desk_hold", "organization", "practitioner", "motif", "resource",
    "availability_rule",
    "availability_exception", "account", "staff_session", "note_template", "data_key", "audit_head",
}
TABLES_BY_NAME: dict[str, Table] = dict(SQLModel.metadata.tables)
COLUMNS = [column for name in sorted(PATIENT_TABLES) for column in TABLES_BY_NAME[name].columns]


def test_every_table_is_placed() -> None:
    assert set(TABLES_BY_NAME) == set(PATIENT_TABLES) | OTHER_TABLES


@pytest.mark.parametrize("table", sorted(OTHER_TABLES))
def test_a_table_without_patients_does_not_point_to_one(table: str) -> None:
    names = {column.name for column in TABLES_BY_NAME[table].columns}
    assert not names & {"patient_id", "encounter_id", "appointment_id", "composition_id"}


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_a_column_is_sealed_or_has_a_reason(column: Column[object]) -> None:
    reason = PATIENT_TABLES[column.table.name].get(column.name) or ANYWHERE.get(column.name)
    assert isinstance(column.type, Sealed) or reason, f"{column} may hold patient data in clear"
    assert not (isinstance(column.type, Sealed) and reason), f"{column} is sealed and needs no reason"


@pytest.mark.parametrize("name", sorted(PATIENT_TABLES))
def test_no_reason_is_left_over(name: str) -> None:
    assert set(PATIENT_TABLES[name]) <= {column.name for column in TABLES_BY_NAME[name].columns}


def test_a_sealed_column_belongs_to_a_row_with_a_key_owner() -> None:
    for model in SQLModel.__subclasses__() + SealedRow.__subclasses__():
        table = getattr(model, "__table__", None)
        if table is None or not any(isinstance(column.type, Sealed) for column in table.columns):
            continue
        assert issubclass(model, SealedRow)
        assert model.sealed_under in table.columns
