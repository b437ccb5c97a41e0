"""Who acts: every transaction is opened for an Actor, so no unchecked read exists."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Role(StrEnum):
    """Roles of the policy table. GUEST is invited to one visit, SYSTEM our own jobs and nodes, ANONYMOUS nobody yet."""

    PATIENT = "patient"
    DOCTOR = "doctor"
    SCHEDULER = "scheduler"
    ADMINISTRATOR = "administrator"
    GUEST = "guest"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


class PurposeOfUse(StrEnum):
    """Why data is touched (HL7 v3 PurposeOfUse)."""

    TREATMENT = "TREAT"
    OPERATIONS = "HOPERAT"
    PATIENT_REQUEST = "PATRQT"
    ADMINISTRATION = "HSYSADMIN"


@dataclass(frozen=True, slots=True)
class Actor:
    """One person or process, as this request knows it.

    A patient acts through the link of one appointment: `patient_id` and `appointment_id` are set; a guest of a visit
    has its `appointment_id` alone.
    A doctor has `practitioner_id`. `id` is the account, the patient or the name of a process. Who signed in
    with a password that somebody else knows owes one of their own before anything else.
    """

    role: Role
    id: str
    name: str = ""
    practitioner_id: str | None = None
    patient_id: str | None = None
    appointment_id: str | None = None
    session_id: str | None = None
    owes_password: bool = False
    ip: str = ""
    request_id: str = ""
    purpose: PurposeOfUse = PurposeOfUse.TREATMENT

    def at(self, ip: str, request_id: str) -> "Actor":
        """The same actor, seen from this address in this request."""
        return replace(self, ip=ip, request_id=request_id)


ANONYMOUS = Actor(Role.ANONYMOUS, "anonymous", purpose=PurposeOfUse.OPERATIONS)


def system(name: str) -> Actor:
    """One of our own processes or jobs, named in the trail."""
    return Actor(Role.SYSTEM, name, name=name, purpose=PurposeOfUse.OPERATIONS)
