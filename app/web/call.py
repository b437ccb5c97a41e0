"""The sockets of a visit: the patient's (waiting and call), the doctor's, the live queue and the device test."""

import base64
import hmac
import re
import secrets
from datetime import datetime, timedelta

from aiohttp import WSCloseCode, web

from app import consent, encounters, journey, waiting
from app.access.policy import Action
from app.bus import Message, queue_topic, visit_topic
from app.clock import epoch_ms, utc_now
from app.db import Tx
from app.encounters import Encounter, VisitFacts
from app.errors import AccessDenied, Conflict
from app.record import summaries, transcripts
from app.record.transcripts import Line
from app.settings import Settings
from app.web import signals
from app.web.doctor import day
from app.web.keys import ACTOR, BLACK_BOX, DATABASE, SETTINGS
from app.web.limits import RateLimit
from app.web.rendering import render, see_other
from app.web.seats import Body, line_body
from app.web.sockets import Goodbye, Socket

TURN_LIFE = timedelta(hours=4)
PROBE_LIFE_S = 90.0
PROBES = RateLimit(20, 300)
SCREEN = re.compile(r"[A-Za-z0-9_-]{8,64}")


class VisitSocket(Socket):
    """A socket of one visit whose browser may sit in the call."""

    role: str

    def __init__(self, request: web.Request, visit_id: str) -> None:
        super().__init__(request)
        self.visit_id, self.participant = visit_id, self.role
        self.seat_role, self.seat_name = self.role, ""

    def topics(self) -> tuple[str, ...]:
        return (visit_topic(self.visit_id),)

    async def hear(self, message: Message) -> None:
        wanted = message["to"] in ("", self.role) and message["only"] in ("", self.id)
        if wanted and message["skip"] != self.id:
            await self.send(message["body"])
            if message["body"]["type"] == "ended":
                raise Goodbye

    async def obey(self, signal: signals.Signal) -> None:
        match signal:
            case signals.Join():
                offer = await self.rooms.join(
                    self.visit_id, self.participant, self.seat_role, self.id, self.seat_name)
                await self.send(offer_body(self.request.app[SETTINGS], offer.epoch, offer.sdp, self.id))
            case signals.Answer(epoch=epoch, sdp=sdp):
                await self.rooms.answer(self.visit_id, self.participant, epoch, sdp)
            case signals.Candidate(epoch=epoch, candidate=candidate):
                await self.rooms.candidate(self.visit_id, self.participant, epoch, candidate)
            case signals.State():
                await self.rooms.state(self.visit_id, self.participant, signal)
            case signals.Leave():
                await self.rooms.leave(self.visit_id, self.participant, self.id)
            case signals.Quality(level=level, relayed=relayed):
                body = {"type": "quality", "participant": self.participant, "level": level}
                self.rooms.tell(self.visit_id, body, skip=self.id)
                await self.request.app[BLACK_BOX].hear(
                    self.visit_id, self.participant, self.seat_role, level, relayed=relayed)
            case _:
                raise AccessDenied


class PatientSocket(VisitSocket):
    """From the waiting room to the end of the visit."""

    role = "patient"

    def __init__(self, request: web.Request, encounter: Encounter) -> None:
        super().__init__(request, encounter.id)
        self._doctor = encounter.practitioner_id
        self._waiting = True

    def topics(self) -> tuple[str, ...]:
        return (visit_topic(self.visit_id), queue_topic(self._doctor))

    async def greet(self) -> None:
        encounter = await self.db.write(self.actor, encounters.present, self.visit_id)
        self.rooms.enter(self.visit_id, self.role, self.id)
        self.rooms.queue_changed(self._doctor)
        if encounter.status == "finished":
            await self.send({"type": "ended", "outcome": encounter.outcome})
            raise Goodbye
        if encounter.status == "in-progress":
            self._waiting = False
            await self.send({"type": "admitted"})
        else:
            if encounter.status == "arrived":
                self.rooms.tell(self.visit_id, {"type": "arrived"}, to="doctor")
            await self._send_place()
        transcription = await self.db.read(self.actor, consent.permits, self.visit_id, consent.TRANSCRIPTION)
        await self.send({"type": "transcription", "consent": transcription})

    async def hear(self, message: Message) -> None:
        if message.get("type") == "queue":
            await self._send_place()
            return
        if message["body"]["type"] == "admitted":
            self._waiting = False
        await super().hear(message)

    async def obey(self, signal: signals.Signal) -> None:
        if isinstance(signal, signals.Consent):
            await self.db.write(self.actor, _set_transcription, self.visit_id, given=signal.transcription)
            await self.rooms.consent_changed(self.visit_id)
            return
        await super().obey(signal)

    async def beat(self) -> None:
        await self.db.write(self.actor, encounters.seen, self.visit_id)
        await self._send_place()
        await self.rooms.retry_taps(self.visit_id)

    async def leave(self) -> None:
        self.rooms.go(self.visit_id, self.role, self.id)
        self.rooms.queue_changed(self._doctor)

    async def _send_place(self) -> None:
        if not self._waiting:
            return
        place = await self.db.read(self.actor, waiting.place, self.visit_id)
        await self.send({"type": "waiting", "status": place.status, "ahead": place.ahead,
                         "delay_min": place.delay_min, "low_at_ms": epoch_ms(place.low_at),
                         "high_at_ms": epoch_ms(place.high_at)})


class DoctorSocket(VisitSocket):
    """The doctor's screen of one visit; one screen conducts, others may take over."""

    role = "doctor"

    def __init__(self, request: web.Request, visit_id: str) -> None:
        super().__init__(request, visit_id)
        tab = request.query.get("screen", "")
        tab = tab if SCREEN.fullmatch(tab) else secrets.token_hex(8)
        self.screen = f"{(self.actor.session_id or '')[:12]}.{tab}"
        self._conducts = False

    async def greet(self) -> None:
        await self._open(take_over=False)

    async def hear(self, message: Message) -> None:
        if message["body"]["type"] == "elsewhere" and message["skip"] != self.id:
            self._conducts = False
        await super().hear(message)

    async def obey(self, signal: signals.Signal) -> None:
        if isinstance(signal, signals.TakeOver):
            self.rooms.tell(self.visit_id, {"type": "elsewhere"}, to=self.role, skip=self.id)
            await self._open(take_over=True)
        elif self._conducts and isinstance(signal, signals.Speaks):
            await self.db.write(self.actor, encounters.speaks, self.visit_id, signal.role, signal.language)
            await self.rooms.language_changed(self.visit_id, signal.role, signal.language)
        elif self._conducts and isinstance(signal, signals.Shares):
            await self.db.write(self.actor, encounters.shares, self.visit_id, signal.role, shared=signal.shared)
            self.rooms.tell(self.visit_id, signal.model_dump(), to="doctor")
        elif self._conducts:
            await super().obey(signal)
        else:
            raise Conflict("This visit is open on another of your screens.")

    async def leave(self) -> None:
        if self._conducts:
            await self.db.write(self.actor, encounters.close_screen, self.visit_id, self.screen)
        self.rooms.go(self.visit_id, self.role, self.id)

    async def _open(self, *, take_over: bool) -> None:
        self._conducts = await self.db.write(
            self.actor, encounters.open_screen, self.visit_id, self.screen, take_over=take_over)
        if not self._conducts:
            await self.send({"type": "elsewhere"})
            return
        self.rooms.enter(self.visit_id, self.role, self.id)
        encounter, lines, transcription, facts = await self.db.read(self.actor, _standing, self.visit_id)
        await self.send({
            "type": "visit", "status": encounter.status, "transcription": transcription,
            "captions": self.rooms.captions, "patient_online": self.rooms.is_present(self.visit_id, "patient"),
            "started_at_ms": _ms(encounter.media_started_at or encounter.started_at),
            "lines": [line_body(line) for line in lines], "shared": facts.shared,
            "spoken": encounters.spoken(encounter, facts),
        })
        if encounter.status == "finished":
            raise Goodbye


class QueueSocket(Socket):
    """The doctor's queue, as the page's own HTML, whenever it changes."""

    def __init__(self, request: web.Request) -> None:
        super().__init__(request)
        if self.actor.practitioner_id is None:
            raise AccessDenied
        self._shown: set[str] = set()
        self._last: Body = {}

    def topics(self) -> tuple[str, ...]:
        return (queue_topic(self.actor.practitioner_id or ""),)

    async def greet(self) -> None:
        await self.beat()

    async def hear(self, message: Message) -> None:
        await self.beat()

    async def beat(self) -> None:
        today = await self.db.read(self.actor, day, self._shown)
        html = render(self.request, "doctor/queue_list.html", entries=today.entries, told=today.told, now=utc_now(),
                      current=self.request.query.get("current", "")).text or ""
        told = {"type": "queue", "html": html, "delay_min": waiting.delay_min(today.entries), "untold": today.untold,
                "waiting": sum(e.status == "arrived" for e in today.entries)}
        if told != self._last:
            self._last = told
            await self.send(told)


class ProbeSocket(Socket):
    """The device test: a room of one on a media node that sends back what it gets."""

    beat_s = PROBE_LIFE_S

    @property
    def room(self) -> str:
        """A room of this socket alone."""
        return f"probe-{self.id}"

    def topics(self) -> tuple[str, ...]:
        return (visit_topic(self.room),)

    async def hear(self, message: Message) -> None:
        await self.send(message["body"])

    async def obey(self, signal: signals.Signal) -> None:
        match signal:
            case signals.Join():
                offer = await self.rooms.probe(self.room)
                await self.send(offer_body(self.request.app[SETTINGS], offer.epoch, offer.sdp, self.id))
            case signals.Answer(epoch=epoch, sdp=sdp):
                await self.rooms.answer(self.room, "probe", epoch, sdp)
            case signals.Candidate(epoch=epoch, candidate=candidate):
                await self.rooms.candidate(self.room, "probe", epoch, candidate)
            case signals.State() | signals.Quality():
                pass
            case signals.Leave():
                raise Goodbye
            case _:
                raise AccessDenied

    async def beat(self) -> None:
        raise Goodbye(WSCloseCode.TRY_AGAIN_LATER)

    async def leave(self) -> None:
        await self.rooms.close_probe(self.room)


async def patient_socket(request: web.Request) -> web.StreamResponse:
    """GET /visit/socket: waiting and call, for the patient of the link."""
    actor = request[ACTOR]
    encounter = await request.app[DATABASE].read(
        actor, encounters.find, actor.appointment_id or "", Action.VISIT_WAIT, quiet=True)
    return await PatientSocket(request, encounter).run()


async def doctor_socket(request: web.Request) -> web.StreamResponse:
    """GET /visits/{id}/socket: the doctor's side of a visit."""
    visit_id = request.match_info["id"]
    await request.app[DATABASE].read(request[ACTOR], encounters.find, visit_id, Action.VISIT_JOIN, quiet=True)
    return await DoctorSocket(request, visit_id).run()


async def queue_socket(request: web.Request) -> web.StreamResponse:
    """GET /queue/socket: the doctor's live queue."""
    return await QueueSocket(request).run()


async def probe_socket(request: web.Request) -> web.StreamResponse:
    """GET /visit/probe: the way to the media node and back, for the device test."""
    PROBES.hit(request[ACTOR].session_id or "")
    return await ProbeSocket(request).run()


async def call_page(request: web.Request) -> web.StreamResponse:
    """GET /visit/call: the patient's side of the call; before admission the waiting room, after it the end."""
    way = await request.app[DATABASE].read(request[ACTOR], journey.read)
    if way.status == "finished":
        return see_other(request, "patient-ended")
    if way.status != "in-progress":
        return see_other(request, "waiting")
    return render(request, "patient/call.html", doctor=way.doctor, phone=way.clinic.phone,
                  transcription=way.transcription)


async def ended_page(request: web.Request) -> web.StreamResponse:
    """GET /visit/ended: what happens next."""
    db, actor = request.app[DATABASE], request[ACTOR]
    way = await db.read(actor, journey.read)
    over = way.status == "finished"
    return render(request, "patient/ended.html", doctor=way.doctor, over=over, withdrawn=way.outcome == "withdrawn",
                  phone=way.clinic.phone, summary=over and await db.read(actor, summaries.is_released))


def offer_body(settings: Settings, epoch: int, sdp: str, name: str) -> Body:
    """The node's offer with the ICE servers a browser may need."""
    return {"type": "offer", "epoch": epoch, "sdp": sdp, "ice_servers": ice_servers(settings, name, utc_now())}


def ice_servers(settings: Settings, name: str, now: datetime) -> list[Body]:
    """STUN and TURN for one browser; TURN credentials live TURN_LIFE (coturn's use-auth-secret)."""
    servers: list[Body] = [{"urls": [settings.stun_url]}] if settings.stun_url else []
    if settings.turn_servers:
        user = f"{int((now + TURN_LIFE).timestamp())}:{name}"
        secret = settings.turn_secret.get_secret_value().encode()
        credential = base64.b64encode(hmac.digest(secret, user.encode(), "sha1")).decode()
        servers.append({"urls": settings.turn_servers, "username": user, "credential": credential})
    return servers


def _set_transcription(tx: Tx, visit_id: str, *, given: bool) -> None:
    change = consent.grant if given else consent.withdraw
    change(tx, visit_id, consent.TRANSCRIPTION)


def _standing(tx: Tx, visit_id: str) -> tuple[Encounter, list[Line], bool, VisitFacts]:
    encounter = encounters.find(tx, visit_id, Action.VISIT_JOIN, quiet=True)
    lines = transcripts.read(tx, visit_id) if encounter.status != "planned" else []
    return encounter, lines, consent.permits(tx, visit_id, consent.TRANSCRIPTION), encounters.facts_of(tx, encounter)


def _ms(at: datetime | None) -> int | None:
    return None if at is None else epoch_ms(at)
