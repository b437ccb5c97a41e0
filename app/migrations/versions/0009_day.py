"""The day: tasks for the staff, of which call-backs are one kind; who came late or never; what was learnt;
who wants to be told when it is their turn; doctors' calendars;
what patients answer to reminders, and visits by phone."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("appointment_id", sa.String(), sa.ForeignKey("appointment.id"), nullable=False),
        sa.Column("patient_id", sa.String(), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("owner_id", sa.String(), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
    )
    op.create_index("ix_task_appointment_id", "task", ["appointment_id"])
    op.create_index("ix_task_kind_appointment", "task", ["kind", "appointment_id"], unique=True)
    op.execute("INSERT INTO task (id, kind, appointment_id, patient_id, about, created_at, due_at, ended_at) "
               "SELECT id, 'call-back', id, patient_id, '', created_at, created_at, ended_at FROM call_back")
    op.drop_table("call_back")
    op.create_table(
        "attendance",
        sa.Column("id", sa.String(), sa.ForeignKey("appointment.id"), primary_key=True),
        sa.Column("patient_id", sa.String(), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("marked_at", INSTANT, nullable=False),
    )
    op.create_table(
        "learnt",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("learnt_at", INSTANT, nullable=False),
        sa.Column("content", sa.String(), nullable=False),
    )
    op.create_table(
        "ready_wish",
        sa.Column("id", sa.String(), sa.ForeignKey("encounter.id"), primary_key=True),
        sa.Column("patient_id", sa.String(), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("told_at", INSTANT, nullable=True),
    )
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("practitioner_id", sa.String(), sa.ForeignKey("practitioner.id"), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False, unique=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
    )
    op.create_index("ix_calendar_feed_practitioner_id", "calendar_feed", ["practitioner_id"])
    op.create_table(
        "busy_calendar",
        sa.Column("id", sa.String(), sa.ForeignKey("practitioner.id"), primary_key=True),
        sa.Column("realm", sa.String(), nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "busy_time",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("practitioner_id", sa.String(), sa.ForeignKey("practitioner.id"), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("end_at", INSTANT, nullable=False),
    )
    op.create_index("ix_busy_time_practitioner_id", "busy_time", ["practitioner_id"])
    op.create_table(
        "confirmation",
        sa.Column("id", sa.String(), sa.ForeignKey("appointment.id"), primary_key=True),
        sa.Column("patient_id", sa.String(), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
    )
    op.create_table(
        "phone_visit",
        sa.Column("id", sa.String(), sa.ForeignKey("appointment.id"), primary_key=True),
        sa.Column("patient_id", sa.String(), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("since_at", INSTANT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("phone_visit")
    op.drop_table("confirmation")
    for table in ("busy_time", "busy_calendar", "calendar_feed"):
        op.drop_table(table)
    op.drop_table("ready_wish")
    op.drop_table("learnt")
    op.drop_table("attendance")
    op.create_table(
        "call_back",
        sa.Column("id", sa.String(), sa.ForeignKey("encounter.id"), primary_key=True),
        sa.Column("patient_id", sa.String(), sa.ForeignKey("patient.id"), nullable=False),
        sa.Column("practitioner_id", sa.String(), sa.ForeignKey("practitioner.id"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
    )
    op.create_index("ix_call_back_practitioner_id", "call_back", ["practitioner_id"])
    op.execute("INSERT INTO call_back (id, patient_id, practitioner_id, created_at, ended_at) "
               "SELECT a.id, t.patient_id, a.practitioner_id, t.created_at, t.ended_at FROM task AS t "
               "JOIN appointment AS a ON a.id = t.appointment_id WHERE t.kind = 'call-back'")
    op.drop_table("task")
