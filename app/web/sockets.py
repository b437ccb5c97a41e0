"""What every WebSocket of a browser has in common: origin, limits, heartbeat, one reader, one writer, a clean end.

One task reads what the browser says, one sends what the bus tells, one beats; they end together. A
message that is not of the protocol gets {type: error} and the end of the socket.
"""

import asyncio
import json
import secrets
from contextlib import suppress
from typing import ClassVar, TypeVar, cast

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from app import guests
from app.access import accounts, links
from app.actor import Role
from app.bus import Message, Subscription
from app.errors import ColloqueError, LimitReached, Unavailable
from app.web import signals
from app.web.keys import ACTOR, BUS, DATABASE, REQUEST_ID, ROOMS, SESSION, SETTINGS, SOCKETS
from app.web.limits import RateLimit
from app.web.middleware import RENEWALS, check_origin
from app.web.rendering import say
from app.web.seats import Body

log = structlog.get_logger(__name__)
E = TypeVar("E", bound=BaseException)

HEARTBEAT_S = 10.0  # pings; a browser that is silent for half as long again is gone
SOCKETS_OF_ONE = 16  # tabs and screens of one session; a page has one socket
MESSAGES, WINDOW_S = 200, 10.0  # a browser that joins sends about 20


class Goodbye(Exception):
    """The socket ends now, with this close code."""

    def __init__(self, code: WSCloseCode = WSCloseCode.OK) -> None:
        super().__init__(code)
        self.code = code


class Socket:
    """One browser's WebSocket; subclasses say what to subscribe to and what the messages mean."""

    beat_s: ClassVar[float] = 15.0

    def __init__(self, request: web.Request) -> None:
        self.request, self.actor = request, request[ACTOR]
        self.db, self.rooms = request.app[DATABASE], request.app[ROOMS]
        self.id = secrets.token_hex(8)
        self._ws = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=signals.MESSAGE_LIMIT_BYTES)
        self._limit = RateLimit(MESSAGES, WINDOW_S)

    def topics(self) -> tuple[str, ...]:
        """What the bus should tell this socket."""
        return ()

    async def greet(self) -> None:
        """Say how things stand, right after the connection."""

    async def hear(self, message: Message) -> None:
        """The bus told something."""

    async def obey(self, signal: signals.Signal) -> None:
        """The browser said something."""
        raise Goodbye(WSCloseCode.POLICY_VIOLATION)

    async def beat(self) -> None:
        """Every beat_s seconds."""

    async def leave(self) -> None:
        """The socket is gone."""

    async def send(self, body: Body) -> None:
        """Send one message; a browser that is gone is no error."""
        with suppress(ConnectionResetError):
            await self._ws.send_str(json.dumps(body, ensure_ascii=False))

    async def complain(self, error: ColloqueError) -> None:
        """Tell the browser why not, in its language, with a code that programs read."""
        await self.send({"type": "error", "code": error.code, "message": say(self.request, error)})

    async def run(self) -> web.WebSocketResponse:
        """Serve this socket until it ends."""
        check_origin(self.request)
        self._count()
        await self._ws.prepare(self.request)
        self.request.app[SOCKETS].add(self._ws)
        code = WSCloseCode.OK
        with self.request.app[BUS].subscribe(*self.topics()) as told:
            try:
                await self._serve(told)
            except* Goodbye as farewell:
                code = _first(farewell).code
            except* Unavailable as pause:  # the page comes back by itself, as it never does after a refusal
                await self.complain(_first(pause))
                code = WSCloseCode.TRY_AGAIN_LATER
            except* ColloqueError as refusal:
                await self.complain(_first(refusal))
                code = WSCloseCode.POLICY_VIOLATION
            except* Exception:
                log.exception("socket failed", id=self.request[REQUEST_ID])
                code = WSCloseCode.INTERNAL_ERROR
            finally:
                await self._close(code)
        return self._ws

    def _count(self) -> None:
        mine = self._ws[SESSION] = self.actor.session_id or ""
        if sum(ws.get(SESSION) == mine for ws in self.request.app[SOCKETS]) >= SOCKETS_OF_ONE:
            raise LimitReached(seconds=round(HEARTBEAT_S))

    async def _close(self, code: WSCloseCode) -> None:
        self.request.app[SOCKETS].discard(self._ws)
        await self._ws.close(code=code)
        await self.leave()

    async def _serve(self, told: Subscription) -> None:
        async with asyncio.TaskGroup() as tasks:
            await self.greet()
            companions = [tasks.create_task(self._pump(told)), tasks.create_task(self._beat())]
            await self._read()
            for companion in companions:
                companion.cancel()

    async def _pump(self, told: Subscription) -> None:
        async for message in told:
            await self.hear(message)
        raise Goodbye(WSCloseCode.TRY_AGAIN_LATER)  # too slow: it connects again and reads from the start

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.beat_s)
            with suppress(Unavailable):  # disk full, database away: nobody is thrown out for it
                await self._keep_session()
                await self.beat()

    async def _keep_session(self) -> None:
        # A visit is use of the session, though no page is asked for; and who was signed out is out here too.
        actor, minutes, name = self.actor, self.request.app[SETTINGS].session_minutes, self.actor.session_id or ""
        if actor.role is Role.GUEST:
            stands = await self.db.read(actor, guests.stands, name)
        elif actor.role not in accounts.STAFF_ROLES:
            stands = await self.db.read(actor, links.stands, name)
        elif RENEWALS.due(name):
            stands = await self.db.write(actor, accounts.renew, name, minutes)
        else:
            stands = await self.db.read(actor, accounts.stands, name)
        if not stands:
            raise Goodbye(WSCloseCode.POLICY_VIOLATION)

    async def _read(self) -> None:
        async for frame in self._ws:
            if frame.type is not WSMsgType.TEXT:
                await self._refuse(WSCloseCode.UNSUPPORTED_DATA)
            try:
                self._limit.hit(self.id)
                await self.obey(signals.parse(frame.data))
            except signals.BadSignal:
                await self._refuse(WSCloseCode.POLICY_VIOLATION)
            except LimitReached as limit:
                await self.complain(limit)
                raise Goodbye(WSCloseCode.POLICY_VIOLATION) from None
            except ColloqueError as refusal:
                await self.complain(refusal)

    async def _refuse(self, code: WSCloseCode) -> None:
        await self.send({"type": "error", "code": "bad_message", "message": "This message is not of the protocol."})
        raise Goodbye(code)


def _first(group: BaseExceptionGroup[E]) -> E:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return cast("E", error)


async def close_all(app: web.Application) -> None:
    """On shutdown: every browser is told to come back."""
    sockets = app[SOCKETS]
    for ws in tuple(sockets):
        await ws.close(code=WSCloseCode.GOING_AWAY)
