"""What is written by prepared statements, without the session's objects."""

import subprocess
import sys
from datetime import UTC, datetime

from app.prepared import unsaved
from app.scheduling.tables import Appointment

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
GIVEN = {"practitioner_id": "d", "patient_id": "p", "motif_id": "m", "start_at": AT, "end_at": AT, "created_at": AT}
MADE_FIRST = """
from app.migrations import TABLES
from app.prepared import unsaved
from app.scheduling.tables import Appointment
row = unsaved(Appointment, patient_id="p")
assert (row.patient_id, row.status, len(row.id)) == ("p", "booked", 32)
"""


def columns(row):
    return {name: value for name, value in vars(row).items() if name not in ("_sa_instance_state", "id")}


def test_an_instance_for_an_insertion_is_what_the_constructor_makes():
    ours, usual = unsaved(Appointment, **GIVEN), Appointment(**GIVEN)
    assert columns(ours) == columns(usual)
    assert ours.model_dump(exclude={"id"}) == usual.model_dump(exclude={"id"})
    assert ours.id != unsaved(Appointment, **GIVEN).id


def test_such_an_instance_may_be_the_first_that_a_process_makes():
    subprocess.run([sys.executable, "-c", MADE_FIRST], check=True)
