"""The policy: one readable table of who may do what, and `may`, pure.

Deny by default: what is not in the table is refused. A scheduler sees identity and bookings, never
clinical content; a doctor only patients they have an appointment or a care relation with; a patient
only their own visit; a guest what is said and sent while they are in it; an administrator no patient data at all.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.actor import Actor, Role


class Rule(StrEnum):
    """Under which condition a role may act."""

    ALWAYS = "always"
    CARE = "in care"        # the doctor has an appointment or care relation with the patient
    MINE = "own visit"      # the doctor conducts this very visit
    ROOM = "in the room"    # a guest, in the one visit they were invited to
    SELF = "about oneself"  # the patient's own data, through the link of an appointment


class Action(StrEnum):
    """Everything the house can do, as resource:verb."""

    SLOTS_READ = "slots:read"            # which times are free: of nobody in particular
    SLOTS_HOLD = "slots:hold"            # while one fills in the form that books it
    SCHEDULE_READ = "schedule:read"
    SCHEDULE_WRITE = "schedule:write"
    APPOINTMENT_BOOK = "appointment:book"
    APPOINTMENT_READ = "appointment:read"
    APPOINTMENT_MOVE = "appointment:move"
    APPOINTMENT_CANCEL = "appointment:cancel"
    APPOINTMENT_CONFIRM = "appointment:confirm"  # the time that was held for oneself
    APPOINTMENT_SWITCH = "appointment:switch"    # from video to the phone, and back
    APPOINTMENT_EQUIP = "appointment:equip"      # which interpreter and room it needs
    RESOURCE_WRITE = "resource:write"            # the list of interpreters and rooms
    WAITLIST_READ = "waitlist:read"
    PATIENT_SEARCH = "patient:search"
    PATIENT_READ = "patient:read"        # identity and contact
    PATIENT_WRITE = "patient:write"
    RECORD_READ = "record:read"          # clinical content
    RECORD_WRITE = "record:write"
    QUEUE_READ = "queue:read"
    QUEUE_TELL = "queue:tell"            # tell who is still to come that the doctor runs late
    VISIT_JOIN = "visit:join"
    VISIT_WAIT = "visit:wait"
    VISIT_RECEIVE = "visit:receive"      # somebody came in at the clinic, or did not after all
    VISIT_CONDUCT = "visit:conduct"      # admit, facts, end
    VISIT_WITHDRAW = "visit:withdraw"    # the patient ends it: their agreement is taken back
    COMMUNICATION_SEND = "communication:send"  # a message, photo or document, during one's visit
    COMMUNICATION_READ = "communication:read"
    DOCUMENT_READ = "document:read"      # what a photo or document shows
    GUEST_INVITE = "guest:invite"        # make and revoke links to one's visit, lock its room
    GUEST_ADMIT = "guest:admit"          # let in, refuse, send away
    GUEST_JOIN = "guest:join"            # knock, wait and be in the call
    CALENDAR_OWN = "calendar:own"        # a doctor's own feed, and their calendar that blocks time
    ATTENDANCE_MARK = "attendance:mark"  # came late or never, and why
    ATTENDANCE_READ = "attendance:read"  # how often, and how likely
    TASK_ASK = "task:ask"                # somebody should do something about an appointment
    TASK_READ = "task:read"              # about whose, and their number
    TASK_END = "task:end"                # done, not done after all, taken on by somebody
    CONSENT_GIVE = "consent:give"
    CONSENT_READ = "consent:read"
    TRANSCRIPT_READ = "transcript:read"
    TRANSCRIPT_WRITE = "transcript:write"
    TRANSCRIPT_CORRECT = "transcript:correct"
    COMPOSITION_READ = "composition:read"
    COMPOSITION_WRITE = "composition:write"
    COMPOSITION_SIGN = "composition:sign"
    SUMMARY_RELEASE = "summary:release"
    SUMMARY_READ = "summary:read"
    LETTER_READ = "letter:read"          # to the patient's own doctor
    LETTER_RELEASE = "letter:release"    # write it, and let it leave
    TEMPLATE_OWN = "template:own"        # one's own layout of drafts, and how much one changes of them
    AUDIT_SEARCH = "audit:search"
    AUDIT_READ_OWN = "audit:read-own"
    ACCOUNT_MANAGE = "account:manage"
    ACCOUNT_OWN = "account:own"          # one's own password, authenticator and sessions


A, C, M, R, S = Rule.ALWAYS, Rule.CARE, Rule.MINE, Rule.ROOM, Rule.SELF
P, D, L, X, Y = Role.PATIENT, Role.DOCTOR, Role.SCHEDULER, Role.ADMINISTRATOR, Role.SYSTEM
G, N = Role.GUEST, Role.ANONYMOUS

POLICY: dict[Action, dict[Role, Rule]] = {
    Action.SLOTS_READ:         {P: A, D: A, L: A, Y: A, N: A},
    Action.SLOTS_HOLD:         {L: A},
    Action.SCHEDULE_READ:      {D: A, L: A, Y: A},
    Action.SCHEDULE_WRITE:     {L: A, Y: A},
    Action.APPOINTMENT_BOOK:   {L: A, Y: A},
    Action.APPOINTMENT_READ:   {P: S, D: C, L: A, Y: A},
    Action.APPOINTMENT_MOVE:   {P: S, L: A, Y: A},
    Action.APPOINTMENT_CANCEL: {P: S, L: A, Y: A},
    Action.APPOINTMENT_CONFIRM: {P: S},
    Action.APPOINTMENT_SWITCH: {D: M, L: A},
    Action.APPOINTMENT_EQUIP:  {L: A, Y: A},
    Action.RESOURCE_WRITE:     {L: A, X: A},
    Action.WAITLIST_READ:      {L: A, Y: A},
    Action.PATIENT_SEARCH:     {D: A, L: A},
    Action.PATIENT_READ:       {P: S, D: C, L: A, Y: A},
    Action.PATIENT_WRITE:      {L: A, Y: A},
    Action.RECORD_READ:        {D: C, Y: A},
    Action.RECORD_WRITE:       {D: C, Y: A},
    Action.QUEUE_READ:         {D: A},
    Action.QUEUE_TELL:         {D: M},
    Action.VISIT_JOIN:         {P: S, D: M},
    Action.VISIT_WAIT:         {P: S},
    Action.VISIT_RECEIVE:      {D: M, L: A},
    Action.VISIT_CONDUCT:      {D: M},
    Action.VISIT_WITHDRAW:     {P: S},
    Action.COMMUNICATION_SEND: {P: S, D: M, G: R},
    Action.COMMUNICATION_READ: {P: S, D: C, G: R},
    Action.DOCUMENT_READ:      {P: S, D: C, G: R},
    Action.GUEST_INVITE:       {D: M},
    Action.GUEST_ADMIT:        {D: M},
    Action.GUEST_JOIN:         {G: R},
    Action.CALENDAR_OWN:       {D: M},
    Action.ATTENDANCE_MARK:    {D: M, L: A},
    Action.ATTENDANCE_READ:    {L: A, Y: A},
    Action.TASK_ASK:           {Y: A},
    Action.TASK_READ:          {D: M, L: A},
    Action.TASK_END:           {D: M, L: A},
    Action.CONSENT_GIVE:       {P: S, Y: A},
    Action.CONSENT_READ:       {P: S, D: C, Y: A},
    Action.TRANSCRIPT_READ:    {D: C, Y: A},
    Action.TRANSCRIPT_WRITE:   {Y: A},
    Action.TRANSCRIPT_CORRECT: {D: M},
    Action.COMPOSITION_READ:   {D: C, Y: A},
    Action.COMPOSITION_WRITE:  {D: M, Y: A},
    Action.COMPOSITION_SIGN:   {D: M},
    Action.SUMMARY_RELEASE:    {D: M},
    Action.SUMMARY_READ:       {P: S, D: C},
    Action.LETTER_READ:        {D: C},
    Action.LETTER_RELEASE:     {D: M},
    Action.TEMPLATE_OWN:       {D: A},
    Action.AUDIT_SEARCH:       {X: A},
    Action.AUDIT_READ_OWN:     {P: S},
    Action.ACCOUNT_MANAGE:     {X: A, Y: A},
    Action.ACCOUNT_OWN:        {D: A, L: A, X: A},
}


@dataclass(frozen=True, slots=True)
class Resource:
    """What is acted on, as far as the policy asks."""

    patient_id: str | None = None
    practitioner_id: str | None = None   # who conducts the visit
    in_care: bool = False
    encounter_id: str | None = None      # which visit it belongs to


def may(actor: Actor, action: Action, resource: Resource) -> bool:
    """Whether the policy lets the actor do this to that; who owes a password may only change it."""
    if actor.owes_password and action is not Action.ACCOUNT_OWN:
        return False
    rule = POLICY.get(action, {}).get(actor.role)
    match rule:
        case Rule.ALWAYS:
            return True
        case Rule.CARE:
            return resource.in_care
        case Rule.MINE:
            return actor.practitioner_id is not None and resource.practitioner_id == actor.practitioner_id
        case Rule.ROOM:
            return actor.appointment_id is not None and resource.encounter_id == actor.appointment_id
        case Rule.SELF:
            return actor.patient_id is not None and resource.patient_id == actor.patient_id
        case _:
            return False


def role_may(role: Role, action: Action) -> bool:
    """Whether the role may ever do this: the check a route makes before anything is read."""
    return role in POLICY.get(action, {})
