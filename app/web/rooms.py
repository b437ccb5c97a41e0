"""Rooms: the live side of visits in this web process. Rows say what is; a room says who is connected now.

A room lives on one media node. Everything here can be lost: after a restart of web the nodes report
their rooms and the browsers' sockets come back, and the rows say whether the visit still runs and
whether speech may be tapped.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable

import structlog

from app import encounters, tasks
from app.actor import system
from app.bus import Bus, queue_topic, visit_topic
from app.db import Database
from app.encounters import Encounter
from app.errors import AccessDenied, Conflict, Unavailable
from app.record import transcripts
from app.record.transcripts import Line, Marker
from app.web import signals, speech
from app.web.placing import Alone, Nodes, Placement, move
from app.web.seats import THERE, Body, CallRefused, CaptionState, MediaNode, MediaState, Room, Seat, ask, line_body
from app.web.speech import Speech
from transcription.protocol import Language
from transcription.sealing import seal_key
from webrtc.control import MediaError, Offer

log = structlog.get_logger(__name__)
ROOMS_ACTOR = system("rooms")


class Rooms:
    """All rooms of this process, and the media nodes they can live on."""

    def __init__(self, db: Database, bus: Bus, agreed: Placement | None = None) -> None:
        self._db, self._bus, self._agreed = db, bus, agreed or Alone()
        self._nodes = Nodes(self._agreed)
        self._rooms: dict[str, Room] = {}
        self._present: dict[tuple[str, str], set[str]] = {}
        self.captions: CaptionState = "live"
        self.on_stream: Callable[[str, str], Awaitable[None]] | None = None  # tells the workers

    # --- browsers -------------------------------------------------------------------------------------

    def tell(self, visit_id: str, body: Body, *, to: str = "", skip: str = "", only: str = "") -> None:
        """Send to the sockets of a visit: all, those of one role, all but one socket, or one alone."""
        self._bus.publish(visit_topic(visit_id), {"to": to, "skip": skip, "only": only, "body": body})

    def enter(self, visit_id: str, role: str, connection: str) -> None:
        """A socket of this role is open; the others are told when it is the first."""
        present = self._present.setdefault((visit_id, role), set())
        if not present:
            self.tell(visit_id, {"type": "presence", "role": role, "online": True}, skip=connection)
        present.add(connection)

    def go(self, visit_id: str, role: str, connection: str) -> None:
        """A socket closed; the others are told when it was the last of its role."""
        present = self._present.get((visit_id, role), set())
        present.discard(connection)
        if not present and self._present.pop((visit_id, role), None) is not None:
            self.tell(visit_id, {"type": "presence", "role": role, "online": False})

    def is_present(self, visit_id: str, role: str) -> bool:
        """Whether a socket of this role is open here."""
        return (visit_id, role) in self._present

    async def join(self, visit_id: str, participant: str, role: str, connection: str, name: str = "") -> Offer:
        """A seat in the call and the node's offer. Raises Conflict when the visit does not run, Unavailable."""
        encounter = await self._db.read(ROOMS_ACTOR, encounters.status_of, visit_id)
        if encounter.status != "in-progress":
            raise Conflict("This visit has not begun." if encounter.finished_at is None else "This visit is over.")
        room = self._room(encounter)
        if room.node is None:
            await self._nodes.house(room, self._rooms.values())
            if self._nodes.hides(room.left):  # the others are still there
                self.tell(visit_id, {"type": "rejoin"}, skip=connection)
        seat = room.seats.setdefault(participant, Seat(participant, role))
        if seat.connection not in ("", connection):
            self.tell(visit_id, {"type": "replaced"}, only=seat.connection)
        if seat.asks(asyncio.get_running_loop().time()):
            await self._failed(room, seat)
        seat.connection, seat.state, seat.name = connection, "connecting", name
        try:
            return await ask(self._seated(visit_id, participant).join(visit_id, participant, role))
        except CallRefused as refusal:
            if refusal.code == "overloaded" and all(seat.state not in THERE for seat in room.seats.values()):
                move(room, None)  # nobody is there yet: the next try looks for another node
            raise

    async def probe(self, room_id: str) -> Offer:
        """A room of one whose node sends back what it gets."""
        room = self._rooms[room_id] = Room(room_id, "", "", self._nodes.least_loaded(self._rooms.values()))
        room.seats["probe"] = Seat("probe", "probe", connection=room_id)
        return await ask(self._seated(room_id, "probe").join(room_id, "probe", "probe", echo=True))

    async def close_probe(self, room_id: str) -> None:
        """The device test is over."""
        room = self._rooms.pop(room_id, None)
        if room and room.node:
            await _try(room.node.close(room_id), "close")

    async def answer(self, visit_id: str, participant: str, epoch: int, sdp: str) -> None:
        """Hand the browser's answer to the node. Raises Unavailable, or Conflict for an unusable answer."""
        await ask(self._seated(visit_id, participant).answer(visit_id, participant, epoch, sdp))
        for seat in self._rooms[visit_id].seats.values():
            self.tell(visit_id, seat.body())

    async def candidate(self, visit_id: str, participant: str, epoch: int, candidate: str) -> None:
        """Hand a trickled candidate to the node."""
        await ask(self._seated(visit_id, participant).candidate(visit_id, participant, epoch, candidate))

    async def state(self, visit_id: str, participant: str, said: signals.State) -> None:
        """A microphone, camera or shared screen went on or off: the others see it named.

        Who wants sound alone gets no video from the node, whichever node it is after a move.
        """
        room, seat = self._find(visit_id, participant)
        if room is not None and seat is not None:
            spared, seat.saving = seat.saving or said.saving, said.saving
            seat.audio, seat.video, seat.screen = said.audio, said.video, said.screen
            self.tell(visit_id, seat.body(), skip=seat.connection)
            if spared and room.node is not None:
                await _try(room.node.receive(visit_id, participant, video=not said.saving), "receive")

    async def leave(self, visit_id: str, participant: str, connection: str) -> None:
        """A participant leaves on purpose; says nothing when another socket took the seat meanwhile."""
        room, seat = self._find(visit_id, participant)
        if room is None or seat is None or seat.connection != connection:
            return
        seat.connection = ""
        if room.node is not None:
            await _try(room.node.leave(visit_id, participant), "leave")

    async def dismiss(self, visit_id: str, participant: str) -> None:
        """A guest is sent away, in the call or still at the door."""
        self.tell(visit_id, {"type": "removed", "participant": participant})
        room = self._rooms.get(visit_id)
        seat = room.seats.pop(participant, None) if room else None
        if room is not None and seat is not None and room.node is not None:
            await _try(room.node.leave(visit_id, participant), "leave")

    def guests_changed(self, visit_id: str) -> None:
        """Somebody knocked, came in or left, or the room was locked: the doctor's screen looks again."""
        self.tell(visit_id, {"type": "guests"}, to="doctor")

    # --- what changes a visit -------------------------------------------------------------------------

    def queue_changed(self, practitioner_id: str) -> None:
        """Somebody arrived, left, was admitted or finished: queues and waiting pages look again."""
        self._bus.publish(queue_topic(practitioner_id), {"type": "queue"})

    def admitted(self, encounter: Encounter) -> None:
        """The doctor let the patient in."""
        self.tell(encounter.id, {"type": "admitted"})
        self.queue_changed(encounter.practitioner_id)

    async def ended(self, visit_id: str, practitioner_id: str, outcome: str) -> None:
        """The visit is over: close its media and tell everybody."""
        self.tell(visit_id, {"type": "ended", "outcome": outcome})
        self.queue_changed(practitioner_id)
        room = self._rooms.pop(visit_id, None)
        if room and room.node:
            await _try(room.node.close(visit_id), "close")
        await self._agreed.forget(visit_id)

    async def consent_changed(self, visit_id: str) -> None:
        """Consent to transcription was given or withdrawn (already committed): taps follow at once."""
        room = self._rooms.get(visit_id)
        standing = await self._db.write(ROOMS_ACTOR, speech.read, visit_id)
        if room is not None:
            await self._sync_taps(room)
        if standing.running and standing.withdrawn:
            await self.mark(visit_id, "transcription_withdrawn")
        self.tell(visit_id, {"type": "transcription", "consent": standing.consented})

    async def taps_changed(self, visit_id: str) -> None:
        """Somebody agreed for themselves, or no longer does (already committed): taps follow at once."""
        room = self._rooms.get(visit_id)
        if room is not None:
            await self._sync_taps(room)

    async def language_changed(self, visit_id: str, role: str, language: Language) -> None:
        """Somebody speaks another language from now on (already committed): their tap begins anew in it."""
        await self.taps_changed(visit_id)
        self.tell(visit_id, {"type": "speaks", "role": role, "language": language}, to="doctor")

    def captions_are(self, state: CaptionState) -> None:
        """Whether recognition keeps up: doctors are told when that changes."""
        if state != self.captions:
            self.captions = state
            for visit_id in self._rooms:
                self.tell(visit_id, {"type": "captions", "state": state}, to="doctor")

    def caption(self, visit_id: str, line: Line, *, patient_too: bool) -> None:
        """A line of the transcript was written: to the doctor's screen and, while consented, the patient's."""
        body = {"type": "caption", **line_body(line)}
        self.tell(visit_id, body, to="" if patient_too else "doctor")

    def corrected(self, visit_id: str, line: Line) -> None:
        """The doctor corrected a line: it changes on the doctor's screens."""
        self.tell(visit_id, {"type": "correction", **line_body(line)}, to="doctor")

    def commanded(self, visit_id: str) -> None:
        """What the doctor asked of the assistant changed: their screens look again. No word of it travels here."""
        self.tell(visit_id, {"type": "commands"}, to="doctor")

    def interim(self, visit_id: str, role: str, start_at_ms: int, text: str) -> None:
        """What a participant is saying: to both screens, while their speech is tapped (so consented)."""
        room = self._rooms.get(visit_id)
        if room and any(seat.stream and seat.role == role for seat in room.seats.values()):
            self.tell(visit_id, {"type": "interim", "role": role, "start_at_ms": start_at_ms, "text": text})

    # --- media nodes ----------------------------------------------------------------------------------

    async def node_up(self, node: MediaNode, reported: dict[str, dict[str, Seat]]) -> None:
        """A node (re)connected and reports its rooms; rooms it lost, or that had none, join again."""
        self._nodes.up(node)
        for visit_id, seats in reported.items():
            await self._rebuild(node, visit_id, seats)
        for room in self._rooms.values():
            if room.node is not None and room.node.node == node.node and room.id not in reported:
                move(room, None)
        self.rehouse()

    def node_down(self, node: MediaNode, *, out_of_sight: bool = False) -> None:
        """A node's control connection is gone, or the way there. Its calls may still run: wait, then give it up."""
        self._nodes.down(node, self._rooms.values(), out_of_sight=out_of_sight)

    def give_up(self, node: str) -> bool:
        """A node did not come back: its rooms go elsewhere. False when it is still to be waited for."""
        given_up = self._nodes.give_up(node)
        self.rehouse()
        return given_up

    def rehouse(self) -> None:
        """Rooms without a node join again, on whichever node there is; without any, the next one to come tells them."""
        for room in self._nodes.homeless(self._rooms.values()):
            self._go_elsewhere(room)

    async def participant_changed(self, visit_id: str, participant: str, state: MediaState, reason: str = "") -> None:
        """A node says how a participant's media is doing; `reason` remote: their browser closed it itself."""
        room, seat = self._find(visit_id, participant)
        if room is None or seat is None:
            return
        seat.state = state
        self.tell(visit_id, seat.body())
        if seat.connection and (state == "unheard" or reason == "heard"):
            self.tell(visit_id, {"type": "heard", "heard": state == "connected"}, only=seat.connection)
        if not room.is_visit:
            return
        if state == "connected":
            if await self._db.write(ROOMS_ACTOR, encounters.media_started, visit_id):
                self.tell(visit_id, {"type": "media_started"})
            if seat.missed:
                seat.missed = False
                await self.mark(visit_id, "connection_back", seat.role)
            await self._sync_taps(room)
            return
        if state == "left":  # a lost participant's tap goes on when they join again
            seat.stream = ""
        if state == "lost" and reason != "remote":  # a reload is no incident
            seat.missed = True
            await self.mark(visit_id, "connection_lost", seat.role)
            await self._failed(room, seat)

    def layout(self, visit_id: str, participant: str, slots: list[Body]) -> None:
        """Who is in which slot of a participant's connection."""
        seat = self._find(visit_id, participant)[1]
        if seat is not None and seat.connection:
            self.tell(visit_id, {"type": "layout", "slots": slots}, only=seat.connection)

    async def tap_started(self, visit_id: str, participant: str, stream_id: str) -> None:
        """A node began a sealed stream: note it, and tell the workers."""
        role = self._role(visit_id, participant)
        try:
            await self._db.write(ROOMS_ACTOR, transcripts.start_stream, stream_id, visit_id, role)
        except Conflict:  # withdrawn while the tap started
            await self.consent_changed(visit_id)
            return
        await self.mark(visit_id, "transcription_started")
        if self.on_stream is not None:
            await self.on_stream(visit_id, stream_id)

    async def tap_ended(self, visit_id: str, participant: str, stream_id: str, reason: str) -> None:
        """A sealed stream ended: closed or withdrawn, or it failed and the transcript says so."""
        room, seat = self._find(visit_id, participant)
        failed = reason not in ("closed", "withdrawn")
        if seat is not None and seat.stream == stream_id:  # not the next one, which may run already
            seat.stream = ""
        await self._db.write(ROOMS_ACTOR, transcripts.end_stream, stream_id, "lost" if failed else reason)
        if failed:
            await self._missed(room, visit_id)

    async def retry_taps(self, visit_id: str) -> None:
        """Begin again what failed: a full disk may have room by now. Does nothing when no tap failed."""
        room = self._rooms.get(visit_id)
        if room is not None and room.untapped:
            room.untapped = False
            await self._sync_taps(room)

    # --- inside ---------------------------------------------------------------------------------------

    def _room(self, encounter: Encounter) -> Room:
        room = self._rooms.get(encounter.id)
        if room is None:
            room = self._rooms[encounter.id] = Room(encounter.id, encounter.practitioner_id, encounter.language)
        return room

    def _seated(self, visit_id: str, participant: str) -> MediaNode:
        room = self._rooms.get(visit_id)
        if room is None or room.node is None or participant not in room.seats:
            raise Unavailable("The call is being connected again.")
        return room.node

    def _find(self, visit_id: str, participant: str) -> tuple[Room | None, Seat | None]:
        room = self._rooms.get(visit_id)
        return room, room.seats.get(participant) if room else None

    def _role(self, visit_id: str, participant: str) -> str:
        seat = self._find(visit_id, participant)[1]
        return seat.role if seat else participant

    async def _rebuild(self, node: MediaNode, visit_id: str, seats: dict[str, Seat]) -> None:
        try:
            encounter = await self._db.read(ROOMS_ACTOR, encounters.status_of, visit_id)
        except AccessDenied:  # no visit of ours; a database that does not answer is no reason to end a call
            encounter = None
        if encounter is None or encounter.status != "in-progress":
            await _try(node.close(visit_id), "close")
            return
        room = self._room(encounter)
        if not await self._nodes.belongs(room, node):
            await _try(node.close(visit_id), "close")
            return
        move(room, node)
        for name, seat in seats.items():
            known = room.seats.setdefault(name, seat)
            known.state, known.stream = seat.state, seat.stream
        await self._sync_taps(room)

    async def _sync_taps(self, room: Room) -> None:
        async with room.lock:
            standing = await self._db.write(ROOMS_ACTOR, speech.read, room.id)
            for seat in list(room.seats.values()):
                on = seat.state in THERE and standing.may_hear(seat.role, seat.participant)
                other = on and seat.language != standing.language_of(seat.role)
                if room.node is not None and (on != bool(seat.stream) or other):
                    await self._tap(room, seat, standing, on=on)
                elif self._nodes.hides(room.left) and seat.stream and not on:
                    self._go_elsewhere(room)  # nobody can stop the tap there: it is left without a voice

    async def _tap(self, room: Room, seat: Seat, standing: Speech, *, on: bool) -> None:
        if room.node is None:
            return
        sealed = ""
        if on and standing.key is not None:
            sealed = base64.b64encode(seal_key(room.node.public_key, standing.key, visit_id=room.id)).decode()
        language, reason = standing.language_of(seat.role), standing.why_not(seat.role, seat.participant)
        command = room.node.tap(room.id, seat.participant, on=on, sealed_key=sealed, language=language, reason=reason)
        try:
            seat.stream, seat.language = await command or "", language
        except MediaError as failure:
            _not_followed("tap", failure)
            if on:
                await self._missed(room, room.id)
            elif room.node is not None or self._nodes.hides(room.left):
                self._go_elsewhere(room)

    def _go_elsewhere(self, room: Room) -> None:
        move(room, None)
        self.tell(room.id, {"type": "rejoin"})

    async def _failed(self, room: Room, seat: Seat) -> None:
        if room.fails(seat) and await self._db.write(ROOMS_ACTOR, tasks.ask_call_back, room.id):
            self.tell(room.id, {"type": "callback"})

    async def _missed(self, room: Room | None, visit_id: str) -> None:
        await self.mark(visit_id, "transcription_unavailable")
        if room is not None:
            room.untapped = True

    async def mark(self, visit_id: str, kind: Marker, role: str = "") -> None:
        """Say in the transcript what happened."""
        line = await self._db.write(ROOMS_ACTOR, speech.mark, visit_id, kind, role)
        if line is not None:
            self.caption(visit_id, line, patient_too=True)


async def _try(call: Awaitable[object], what: str) -> None:  # a node that is back reports its rooms, and is set right
    try:
        await call
    except MediaError as failure:
        _not_followed(what, failure)


def _not_followed(command: str, failure: MediaError) -> None:
    log.warning("media node did not follow", command=command, error=type(failure).__name__)
