"""Commands to the assistant, letters to the patient's own doctor, templates of notes, what is changed of drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voice_command",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"]),
        sa.ForeignKeyConstraint(["entry_id"], ["record_entry.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_voice_command_patient_id", "voice_command", ["patient_id"])
    op.create_index("ix_voice_command_encounter_id", "voice_command", ["encounter_id"])
    op.create_table(
        "letter",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("encounter_id", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["composition.id"]),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_letter_patient_id", "letter", ["patient_id"])
    op.create_index("ix_letter_encounter_id", "letter", ["encounter_id"])
    op.create_table(
        "letter_version",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("letter_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_letter_version_letter_id", "letter_version", ["letter_id"])
    op.create_table(
        "note_template",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["practitioner.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "note_revision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("practitioner_id", sa.String(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False)
          for name in ("drafted", "edited", "typed", "removed", "words", "distance")),
        sa.ForeignKeyConstraint(["id"], ["composition.id"]),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_note_revision_practitioner_id", "note_revision", ["practitioner_id"])


def downgrade() -> None:
    op.drop_table("note_revision")
    op.drop_table("note_template")
    op.drop_table("letter_version")
    op.drop_table("letter")
    op.drop_table("voice_command")
