"""All rooms of a node and their taps: what web's commands do."""

import asyncio
import base64
import binascii
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from transcription.protocol import EndReason, StreamHeader
from webrtc import signaling
from webrtc.desk import desk
from webrtc.ice import Reach
from webrtc.room import Room, RoomRefused, next_turn
from webrtc.sdp import check_candidate
from webrtc.signaling import Event, RoomReport, Seated, TapEvent
from webrtc.tap import Failure, Tap, TapFailed, epoch_ms, flush

Result = dict[str, Any]


class Rooms:
    """See the module. `emit` and `admitting` are set by the node."""

    def __init__(self, reach: Reach, spool: Path, private: X25519PrivateKey) -> None:
        self.emit: Callable[[Event], None] = lambda event: None
        self.admitting: Callable[[], bool] = lambda: True
        self.draining = False  # no new rooms; those that run end by themselves
        self._reach, self._spool, self._private = reach, spool, private
        self._rooms: dict[str, Room] = {}
        self._taps: dict[tuple[str, str], Tap] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._tasks: set[asyncio.Task[None]] = set()
        self._flush_due_s = 0.0

    async def carry_out(self, command: signaling.Command) -> Result:
        """Carry out one command of web. Raises RoomRefused, SdpRefused, NoAddress, TapFailed."""
        match command:
            case signaling.Join():
                return await self._join(command)
            case signaling.Answer(room=room, participant=participant, epoch=epoch, sdp=sdp):
                self._room(room).place(participant, epoch).answer(sdp)
            case signaling.Candidate(room=room, participant=participant, epoch=epoch, candidate=candidate):
                self._room(room).place(participant, epoch)
                check_candidate(candidate)
            case signaling.Leave(room=room, participant=participant):
                await self._leave(room, participant, "closed")
            case signaling.Close(room=room):
                await self._close(room, "closed")
            case signaling.Tap():
                return await self._tap(command)
            case signaling.Receive(room=room, participant=participant, video=video):
                self._room(room).receive(participant, video=video)
            case signaling.Stats(room=room):
                return {"participants": self._room(room).stats(time.monotonic())}
        return {}

    async def _join(self, command: signaling.Join) -> Result:
        room = self._rooms.get(command.room)
        if (room is None or command.participant not in room.participants) and not self.admitting():
            raise RoomRefused("overloaded", "this node is too busy for another participant")
        if room is None and self.draining:
            raise RoomRefused("overloaded", "this node takes no new rooms")
        if room is None:
            room = self._rooms[command.room] = Room(
                command.room, self._reach, lambda event: self.emit(event), echo=command.echo)
        epoch, sdp = await room.join(command.participant, command.role)
        return {"epoch": epoch, "sdp": sdp}

    def _room(self, room_id: str) -> Room:
        room = self._rooms.get(room_id)
        if room is None:
            raise RoomRefused("no-participant", "there is no such room here")
        return room

    async def _leave(self, room_id: str, participant: str, reason: EndReason) -> None:
        self._end_tap((room_id, participant), reason)
        room = self._rooms.get(room_id)
        if room is not None:
            await room.leave(participant)
            if not room.participants and self._rooms.get(room_id) is room:
                del self._rooms[room_id]

    async def _close(self, room_id: str, reason: EndReason) -> None:
        room = self._rooms.pop(room_id, None)
        if room is not None:
            for participant in list(room.participants):
                self._end_tap((room_id, participant), reason)
            await room.close()

    # --- taps --------------------------------------------------------------------------------------------------------

    async def _tap(self, command: signaling.Tap) -> Result:
        place = (command.room, command.participant)
        if not command.on:
            self._end_tap(place, command.reason)
            return {"stream_id": None}
        participant = self._room(command.room).place(command.participant)
        running = self._taps.get(place)
        wanted = (command.visit_id, command.language)
        if running is not None and (running.header.visit_id, running.header.language) == wanted:
            return {"stream_id": running.header.stream_id}
        self._end_tap(place, "closed")
        header = StreamHeader(
            visit_id=command.visit_id, stream_id=uuid.uuid4().hex, participant_id=command.participant,
            role=participant.role, language=command.language, started_at_ms=epoch_ms(time.monotonic()))
        tap = Tap(header, self._writer, lambda tap, reason: self._tap_failed(place, tap, reason))
        await tap.open(self._private, _sealed(command.sealed_key), self._spool)
        self._taps[place] = tap
        participant.ingress["mic"].tap(tap.take)
        self._tell_tap(place, tap, "started")
        return {"stream_id": header.stream_id}

    def _end_tap(self, place: tuple[str, str], reason: EndReason, failure: Failure | None = None) -> None:
        tap = self._taps.pop(place, None)
        if tap is None:
            return
        room = self._rooms.get(place[0])
        if room is not None and place[1] in room.participants:
            room.participants[place[1]].ingress["mic"].tap(None)
        tap.mute()  # before anything else may run: a withdrawal holds from this packet on
        self._own(self._stop(place, tap, reason, failure))

    async def _stop(self, place: tuple[str, str], tap: Tap, reason: EndReason, failure: Failure | None) -> None:
        await tap.stop(reason)
        self._tell_tap(place, tap, "failed" if failure else "stopped", failure or reason)

    def _tap_failed(self, place: tuple[str, str], tap: Tap, failure: Failure) -> None:
        if self._taps.get(place) is tap:
            self._end_tap(place, "lost", failure)

    def _tell_tap(self, place: tuple[str, str], tap: Tap, state: signaling.TapState, reason: str = "") -> None:
        self.emit(TapEvent(room=place[0], participant=place[1], visit_id=tap.header.visit_id,
                           stream_id=tap.header.stream_id, state=state, reason=reason))

    # --- the clock, reports, the end ---------------------------------------------------------------------------------

    def tick(self, now_s: float) -> None:
        """Every few milliseconds: feedback to senders, sealed speech to the writing thread, forgotten places.

        Each has its turn every TICK_S, rooms one after the other: all at once would hold packets up.
        """
        for room_id, room in list(self._rooms.items()):
            if now_s >= room.due_s:
                room.due_s = next_turn(room.due_s, now_s)
                for name in room.participants:
                    if tap := self._taps.get((room_id, name)):
                        tap.seal()
                for participant in room.tick(now_s):
                    self._own(self._leave(room_id, participant, "lost"))
        desk.send_posted()
        if now_s >= self._flush_due_s:
            self._flush_due_s = next_turn(self._flush_due_s, now_s)
            flush(list(self._taps.values()), self._writer)

    def count(self) -> int:
        """How many participants there are."""
        return sum(len(room.participants) for room in self._rooms.values())

    def report(self) -> list[RoomReport]:
        """Every room, for web to rebuild its picture."""
        return [RoomReport(room=room_id, participants=[
            Seated(participant=p.participant_id, role=p.role, state=p.state, tap=self._stream((room_id, name)))
            for name, p in room.participants.items()]) for room_id, room in self._rooms.items()]

    def _stream(self, place: tuple[str, str]) -> str | None:
        tap = self._taps.get(place)
        return tap.header.stream_id if tap else None

    def tell_layouts(self) -> None:
        """Say again who is in which slot: web may have missed it."""
        for room in self._rooms.values():
            room.tell_layouts()

    async def close(self) -> None:
        """End everything; returns when taps have their end records and sockets are closed."""
        for room_id in list(self._rooms):
            await self._close(room_id, "lost")
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._writer.shutdown()

    def _own(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _sealed(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise TapFailed("key-refused") from error
