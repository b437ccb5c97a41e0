"""A room: up to four places, and who sees whom in which slot."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from webrtc.forwarding import Egress
from webrtc.ice import Reach
from webrtc.participant import SLOTS, Participant, Slot
from webrtc.sdp import SHOWN_AS
from webrtc.signaling import Event, LayoutEvent, ParticipantEvent, SlotLine, VideoEvent
from webrtc.transport import MediaTransport

TICK_S = 0.05
FORGOTTEN_AFTER_S = 300.0  # a lost participant's place is kept for so long

_last_epoch = 0
_phases_s = itertools.cycle(n * TICK_S / 10 for n in range(10))


def next_epoch() -> int:
    """The number of a join: Unix epoch milliseconds, or one more than the last.

    It grows from node to node too: a browser whose call moves takes the other node's offer for newer, whichever of the
    two started first, and an answer meant for a node that died matches no offer of the next one.
    """
    global _last_epoch
    _last_epoch = max(_last_epoch + 1, time.time_ns() // 1_000_000)
    return _last_epoch


def next_turn(due_s: float, now_s: float) -> float:
    """When something that is due comes next: in its own rhythm, however late it was."""
    return due_s + TICK_S * ((now_s - due_s) // TICK_S + 1)


class RoomRefused(ValueError):
    """What was asked does not fit the room; `code` is stable: room-full, no-participant, stale-epoch."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Room:
    """See the module. emit takes each event; echo shows everyone to themselves."""

    def __init__(
        self, room_id: str, reach: Reach, emit: Callable[[Event], None], *, echo: bool = False,
    ) -> None:
        self.room_id = room_id
        self.echo = echo
        self.participants: dict[str, Participant] = {}
        self.due_s = time.monotonic() + next(_phases_s)  # when its feedback is due
        self._reach = reach
        self._emit = emit
        self._closing: set[asyncio.Task[None]] = set()
        self._speech_alone: set[str] = set()  # who asked for no video

    async def join(self, participant_id: str, role: str) -> tuple[int, str]:
        """Take or retake a place; returns (epoch, offer). Raises RoomRefused("room-full") and ice.NoAddress."""
        participant = self.participants.get(participant_id)
        if participant is None:
            if len(self.participants) > SLOTS:
                raise RoomRefused("room-full", f"a room holds {SLOTS + 1} participants")
            participant = Participant(participant_id, role, self._changed)
            participant.on_keyframe_wanted = self._keyframe_wanted  # type: ignore[method-assign]
            participant.on_video_paused = self._video_paused  # type: ignore[method-assign]
            self.participants[participant_id] = participant
            self._seat(participant)
        self._close_later(participant.leave_transport())
        epoch = next_epoch()
        offer = await participant.begin(epoch, self._reach)
        self._emit_layout(participant)
        return epoch, offer

    def place(self, participant_id: str, epoch: int | None = None) -> Participant:
        """The participant, whose latest join must be `epoch` when given. Raises RoomRefused."""
        participant = self.participants.get(participant_id)
        if participant is None:
            raise RoomRefused("no-participant", "nobody by that name is in the room")
        if epoch is not None and (participant.join is None or participant.join.epoch != epoch):
            raise RoomRefused("stale-epoch", "a newer join has replaced this one")
        return participant

    async def leave(self, participant_id: str) -> None:
        """Give up a place; unknown ones are no error, for leaving twice is leaving."""
        participant = self.participants.pop(participant_id, None)
        if participant is None:
            return
        self._speech_alone.discard(participant_id)
        for other in self.participants.values():
            self._vacate(other, participant)
        self._close_later(participant.leave_transport())
        participant.left()

    def receive(self, participant_id: str, *, video: bool) -> None:
        """Send this participant the others' video too, or speech alone. Raises RoomRefused."""
        viewer = self.place(participant_id)
        (self._speech_alone.discard if video else self._speech_alone.add)(participant_id)
        self._spare(viewer)

    def _spare(self, viewer: Participant) -> None:
        # Beside what pauses for want of bandwidth: whichever of the two asks for it holds video back.
        paused = viewer.video_paused or viewer.participant_id in self._speech_alone
        for egress in (e for slot in viewer.slots for source, e in slot.egresses.items() if source != "mic"):
            if egress.paused != paused:
                egress.pause(paused=paused)
                self._keyframe_wanted(egress)

    async def close(self) -> None:
        """Everybody leaves; returns when every socket is closed."""
        for participant_id in list(self.participants):
            await self.leave(participant_id)
        await asyncio.gather(*self._closing)

    def tick(self, now_s: float) -> list[str]:
        """Feedback to every sender; returns who has been lost for too long."""
        gone = []
        for participant in self.participants.values():
            participant.tick(now_s)
            if participant.lost_at_s is not None and now_s - participant.lost_at_s > FORGOTTEN_AFTER_S:
                gone.append(participant.participant_id)
        return gone

    # --- seats -----------------------------------------------------------------------------------------------------

    def _seat(self, newcomer: Participant) -> None:
        for other in list(self.participants.values()):
            if other is newcomer:
                if self.echo:
                    self._show(newcomer, newcomer)
                continue
            self._show(other, newcomer)
            self._show(newcomer, other)
            self._emit_layout(newcomer)

    def _show(self, sender: Participant, viewer: Participant) -> None:
        slot = next((s for s in viewer.slots if s.occupant is None), None)
        if slot is None:
            return
        slot.occupant = sender.participant_id
        for source, egress in slot.egresses.items():
            sender.ingress[source].show(egress)
            sender.ingress[source].keyframes.ask()
        self._emit_layout(viewer)

    def _vacate(self, viewer: Participant, sender: Participant) -> None:
        for slot in viewer.slots:
            if slot.occupant == sender.participant_id:
                slot.occupant = None
                self._unlink(sender, slot)
                self._emit_layout(viewer)
        for slot in sender.slots:
            if slot.occupant == viewer.participant_id:
                self._unlink(viewer, slot)

    @staticmethod
    def _unlink(sender: Participant, slot: Slot) -> None:
        for source, egress in slot.egresses.items():
            sender.ingress[source].hide(egress)

    def layout(self, viewer: Participant) -> list[SlotLine]:
        """Which of the viewer's m-lines shows whom."""
        return [
            SlotLine(mid=line.mid, participant=sender.participant_id, role=sender.role, kind=SHOWN_AS[source])
            for slot in viewer.slots if (sender := self.participants.get(slot.occupant or ""))
            for source, line in slot.lines.items()]

    def _emit_layout(self, viewer: Participant) -> None:
        self._emit(LayoutEvent(
            room=self.room_id, participant=viewer.participant_id, slots=self.layout(viewer)))

    def tell_layouts(self) -> None:
        """Emit everybody's layout again."""
        for participant in self.participants.values():
            self._emit_layout(participant)

    def _keyframe_wanted(self, egress: Egress) -> None:
        for participant in self.participants.values():
            for ingress in participant.ingress.values():
                if egress in ingress.egresses:
                    ingress.keyframes.ask()

    def _video_paused(self, participant: Participant) -> None:
        self._spare(participant)
        self._emit(VideoEvent(
            room=self.room_id, participant=participant.participant_id, paused=participant.video_paused))

    # --- states ----------------------------------------------------------------------------------------------------

    def _changed(self, participant: Participant, reason: str) -> None:
        if participant.state == "connected":
            for slot in participant.slots:
                for egress in slot.egresses.values():
                    self._keyframe_wanted(egress)
        if participant.state == "lost" and reason != "silent":
            # Its path is closed for good: only a new join brings it back, so let go of sockets and streams now.
            self._close_later(participant.leave_transport())
        self._emit(ParticipantEvent(room=self.room_id, participant=participant.participant_id, role=participant.role,
                                    state=participant.state, reason=reason))

    def stats(self, now_s: float) -> list[dict[str, Any]]:
        """Everybody's figures."""
        return [participant.stats(now_s) for participant in self.participants.values()]

    def _close_later(self, transport: MediaTransport | None) -> None:
        if transport is not None:
            task = asyncio.create_task(transport.close(), name="close media transport")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
