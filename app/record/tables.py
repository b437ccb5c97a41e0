"""Tables of the patient's record. Everything clinical is in a `sealed` column under the patient's key."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Part
from sqlalchemy import DDL, LargeBinary, UniqueConstraint, event
from sqlmodel import Field, SQLModel

from app.db import Sealed, SealedRow, UTCInstant, new_id


class Entry(BaseModel):
    """One line of the record: an allergy with its reaction, a treatment with its dosage, a problem with its date."""

    text: str
    detail: str = ""
    code: str = ""


class RecordEntry(SealedRow, table=True):
    """AllergyIntolerance, MedicationStatement, Condition, Observation or a follow-up; `sealed` is an Entry."""

    __tablename__ = "record_entry"
    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    kind: str  # allergy | treatment | problem | vital | follow-up
    recorded_at: datetime = Field(sa_type=UTCInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    encounter_id: str | None = Field(default=None, foreign_key="encounter.id")  # the visit it came from
    sealed: bytes = Field(default=b"", sa_type=Sealed)


class Command(BaseModel):
    """What the doctor said to the assistant, and the line of the record that it asks for: text, detail, code.

    why: a refusal's reason, an English catalogue text; there is no line then. unsure: some of it was heard badly.
    segment_ids: the lines of the transcript it was said in; until: when the last of them ended.
    """

    said: str
    language: Literal["fr", "en"]
    segment_ids: list[str]
    until: datetime
    text: str = ""
    detail: str = ""
    code: str = ""
    why: str = ""
    unsure: bool = False


class VoiceCommand(SealedRow, table=True):
    """A command to the assistant during a visit (FHIR RequestOrchestration, intent proposal); `sealed` is a Command."""

    __tablename__ = "voice_command"
    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    kind: str = ""  # of the line it asks for: a kind of RecordEntry; empty for a refusal
    state: str  # open | refused | accepted | dismissed
    created_at: datetime = Field(sa_type=UTCInstant)
    entry_id: str | None = Field(default=None, foreign_key="record_entry.id")  # the line that the confirmation wrote
    sealed: bytes = Field(default=b"", sa_type=Sealed)


class SpeechStream(SQLModel, table=True):
    """One run of the tap for one participant; `acked_seq` is the last sequence number written down."""

    __tablename__ = "speech_stream"
    id: str = Field(primary_key=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    role: str
    started_at: datetime = Field(sa_type=UTCInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    end_reason: str = ""  # closed | withdrawn | lost
    acked_seq: int = -1
    complete: bool = False  # the worker has written all of it down


class Wording(BaseModel):
    """What a line said before somebody corrected it, or before it was heard a second time (nobody's name then)."""

    text: str
    until: datetime
    changed_by: str


class Speech(BaseModel):
    """The words of one segment, or of a marker ("transcription stopped").

    doubts: [start, end) of the words of `text` that were heard badly. earlier: what `text` was, as heard first.
    language: of what was said, where it is not the visit's. shared: two people spoke at this microphone.
    """

    text: str
    language: str = ""
    shared: bool = False
    doubts: list[tuple[int, int]] = []
    earlier: list[Wording] = []


class TranscriptSegment(SealedRow, table=True):
    """A final caption. Times are milliseconds since 1970; kind is speech or the code of a marker."""

    __tablename__ = "transcript_segment"
    __table_args__ = (UniqueConstraint("stream_id", "first_seq"),)
    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id")
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    stream_id: str
    first_seq: int
    last_seq: int
    role: str
    kind: str = "speech"
    start_at: datetime = Field(sa_type=UTCInstant)
    end_at: datetime = Field(sa_type=UTCInstant)
    language: str
    low_confidence: bool = False
    sealed: bytes = Field(default=b"", sa_type=Sealed)


class Evidence(BaseModel):
    """Where a sentence comes from: a transcript segment and its seconds since the start of the media."""

    segment: int
    segment_id: str
    start: float
    end: float


class Sentence(BaseModel):
    """One sentence of the note; origin tells drafted, edited, typed text and a template's apart."""

    id: str = Part(default_factory=new_id)
    text: str
    evidence: list[Evidence] = []
    origin: Literal["drafted", "edited", "typed", "standing"] = "drafted"
    flag: str = ""


class Section(BaseModel):
    """A section of the note with its LOINC code."""

    code: str
    title: str
    sentences: list[Sentence] = []


class Omission(BaseModel):
    """Something said that the note leaves out; `section` is the LOINC code it would go to."""

    id: str = Part(default_factory=new_id)
    text: str
    kind: str = ""
    section: str = ""
    evidence: list[Evidence] = []
    state: Literal["open", "added", "dismissed"] = "open"


class RecordConflict(BaseModel):
    """What was said differs from what the record holds; a doctor decides before signing."""

    id: str = Part(default_factory=new_id)
    text: str
    said: str = ""
    recorded: str = ""
    sentence_ids: list[str] = []
    evidence: list[Evidence] = []
    state: Literal["open", "said", "recorded"] = "open"


class Proposal(BaseModel):
    """A line that the visit proposes for the record; nothing enters without a click."""

    id: str = Part(default_factory=new_id)
    kind: Literal["allergy", "treatment", "problem", "vital", "follow-up"]
    text: str
    detail: str = ""
    evidence: list[Evidence] = []
    state: Literal["open", "accepted", "dismissed"] = "open"


class NoteContent(BaseModel):
    """The note as a document, with what stands beside it for the doctor to decide."""

    title: str
    language: Literal["fr", "en"] = "fr"
    sections: list[Section] = []
    reason: str = ""  # why there is no draft
    order: list[str] = []  # of sections, by LOINC code, as the doctor's template has it; empty: the usual
    headings: dict[str, str] = {}
    worded_by: str = ""  # the language model that worded some of it, each sentence checked
    omissions: list[Omission] = []
    conflicts: list[RecordConflict] = []
    proposals: list[Proposal] = []


class Composition(SealedRow, table=True):
    """The consultation note (FHIR Composition): preliminary -> final -> amended. Final content never changes."""

    __tablename__ = "composition"
    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", unique=True)
    practitioner_id: str = Field(foreign_key="practitioner.id")
    status: str = "preliminary"
    language: str
    version: int = 1  # optimistic lock: an edit names the version it saw
    touched: bool = False  # the doctor edited: a late transcript must not overwrite
    created_at: datetime = Field(sa_type=UTCInstant)
    signed_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    signed_by: str | None = None
    content_hash: bytes = Field(default=b"", sa_type=LargeBinary)  # SHA-256 of the signed content, sealed bytes
    sealed: bytes = Field(default=b"", sa_type=Sealed)  # NoteContent


class CompositionVersion(SealedRow, table=True):
    """What a note said before an edit; the machine's first draft is version 1."""

    __tablename__ = "composition_version"
    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id")
    composition_id: str = Field(foreign_key="composition.id", index=True)
    version: int
    author: str
    saved_at: datetime = Field(sa_type=UTCInstant)
    sealed: bytes = Field(default=b"", sa_type=Sealed)  # NoteContent


class Addendum(SealedRow, table=True):
    """An addition to a signed note; itself never changed."""

    __tablename__ = "addendum"
    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id")
    composition_id: str = Field(foreign_key="composition.id", index=True)
    author_id: str
    author_name: str
    written_at: datetime = Field(sa_type=UTCInstant)
    sealed: bytes = Field(default=b"", sa_type=Sealed)  # Speech


class PatientSummary(SealedRow, table=True):
    """What the doctor releases to the patient, in plain words; `sealed` is SummaryContent."""

    __tablename__ = "patient_summary"
    id: str = Field(primary_key=True, foreign_key="composition.id")
    patient_id: str = Field(foreign_key="patient.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    language: str
    released_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    sealed: bytes = Field(default=b"", sa_type=Sealed)


class SummaryContent(BaseModel):
    """Plain-language paragraphs for the patient; `edited` once the doctor changed them."""

    paragraphs: list[str] = []
    edited: bool = False


class LetterParagraph(BaseModel):
    """A paragraph of a letter; sentence_ids: the note's sentences it was made from."""

    text: str
    origin: Literal["drafted", "edited", "typed"] = "drafted"
    sentence_ids: list[str] = []


class LetterContent(BaseModel):
    """A letter as it stands; drafted: as it was made from the note whose content hash is note_sha256."""

    recipient: str = ""
    paragraphs: list[LetterParagraph] = []
    drafted: list[LetterParagraph] = []
    note_sha256: str = ""


class Letter(SealedRow, table=True):
    """The letter to the patient's own doctor (FHIR Composition, LOINC 11488-4), released or not yet."""

    __tablename__ = "letter"
    id: str = Field(primary_key=True, foreign_key="composition.id")
    patient_id: str = Field(foreign_key="patient.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    language: str
    version: int = 0  # optimistic lock, as a note's
    saved_at: datetime = Field(sa_type=UTCInstant)
    released_at: datetime | None = Field(default=None, sa_type=UTCInstant)
    sealed: bytes = Field(default=b"", sa_type=Sealed)  # LetterContent


class LetterVersion(SealedRow, table=True):
    """A letter as it was released; released again, the earlier one stays."""

    __tablename__ = "letter_version"
    id: str = Field(default_factory=new_id, primary_key=True)
    patient_id: str = Field(foreign_key="patient.id")
    letter_id: str = Field(foreign_key="letter.id", index=True)
    version: int
    released_at: datetime = Field(sa_type=UTCInstant)
    sealed: bytes = Field(default=b"", sa_type=Sealed)  # LetterContent


class Words(BaseModel):
    """What somebody wrote in a visit, and under which name."""

    author: str
    text: str = ""


class Communication(SealedRow, table=True):
    """A message written in a visit (FHIR Communication); the id is its sender's: sent again, it is not doubled."""

    __tablename__ = "communication"
    id: str = Field(primary_key=True)
    patient_id: str = Field(foreign_key="patient.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    role: str  # of the sender: doctor, patient, or what a guest is to the patient
    author_id: str
    sent_at: datetime = Field(sa_type=UTCInstant)
    sealed: bytes = Field(default=b"", sa_type=Sealed)  # Words


class Attachment(BaseModel):
    """A file's name as its sender has it."""

    name: str


class DocumentReference(SealedRow, table=True):
    """A photo or document sent in a visit, with the id of its message (FHIR DocumentReference)."""

    __tablename__ = "document_reference"
    id: str = Field(primary_key=True, foreign_key="communication.id")
    patient_id: str = Field(foreign_key="patient.id", index=True)
    encounter_id: str = Field(foreign_key="encounter.id", index=True)
    role: str
    created_at: datetime = Field(sa_type=UTCInstant)
    media_type: str
    size_bytes: int
    sealed: bytes = Field(default=b"", sa_type=Sealed)  # Attachment


class Content(BaseModel):
    """The bytes of a document."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
    data: bytes


class DocumentContent(SealedRow, table=True):
    """What a document holds, apart from it so that lists stay light."""

    __tablename__ = "document_content"
    id: str = Field(primary_key=True, foreign_key="document_reference.id")
    patient_id: str = Field(foreign_key="patient.id")
    sealed: bytes = Field(default=b"", sa_type=Sealed)  # Content


# A signed note and an addendum are immutable by the database's own rule, whatever code runs.
_REFUSED: tuple[tuple[str, str, str], ...] = (
    ("composition", "UPDATE", "OLD.status IN ('final', 'amended') AND (NEW.sealed <> OLD.sealed "
                              "OR NEW.status = 'preliminary' OR NEW.content_hash <> OLD.content_hash)"),
    ("composition", "DELETE", "OLD.status <> 'preliminary'"),
    ("addendum", "UPDATE", "TRUE"),
    ("addendum", "DELETE", "TRUE"),
)
IMMUTABLE: dict[str, tuple[str, ...]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER {table}_immutable_{verb.lower()} BEFORE {verb} ON {table} WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table}_immutable'); END"
        for table, verb, condition in _REFUSED
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ "
        "BEGIN RAISE EXCEPTION 'immutable'; END $$ LANGUAGE plpgsql",
        *(
            f"CREATE TRIGGER {table}_immutable_{verb.lower()} BEFORE {verb} ON {table} FOR EACH ROW "
            f"WHEN ({condition}) EXECUTE FUNCTION refuse_change()"
            for table, verb, condition in _REFUSED
        ),
    ),
}

for _dialect, _statements in IMMUTABLE.items():
    for _statement in _statements:
        event.listen(SQLModel.metadata, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]
