"""The composition root: the whole wiring on one screen."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from app import attendance, calendars, clock, confine, language_model, people, tasks, waiting
from app.actor import system
from app.audit import Trail
from app.bus import Bus
from app.crypto.keyring import Keyring, load_kek
from app.db import Database, Tx
from app.engines import open_engine
from app.jobs import Runner
from app.machines.placement import Placement
from app.notifications import delivery
from app.record import jobs as record_jobs
from app.scheduling import selfservice, waitlist
from app.settings import Settings
from app.web import assets, hub, keys, middleware, rendering, sockets
from app.web.black_box import BlackBox
from app.web.forms import FORM_LIMIT_BYTES
from app.web.rooms import Rooms
from app.web.routes import ROUTES
from app.web.routing import add_routes
from transcription import spool


def open_database(settings: Settings, now: clock.Clock = clock.utc_now) -> Database:
    """The database of these settings with its keyring and trail."""
    kek = settings.kek.get_secret_value() if settings.kek else None
    demo_path = settings.demo_kek_path if settings.mode == "demo" else None
    keyring = Keyring(load_kek(kek, settings.kek_file, demo_path))
    return Database(open_engine(settings.effective_database_url), keyring, trail_of(settings), now)


def trail_of(settings: Settings) -> Trail:
    """The audit trail with its anchor file beside the database."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Trail(settings.data_dir / "audit.anchor")


def build(settings: Settings, db: Database, *, work: bool = False) -> web.Application:
    """The web application over an open database; `work` also runs the durable jobs in this process."""
    app = web.Application(middlewares=middleware.ALL, client_max_size=FORM_LIMIT_BYTES)
    app[keys.SETTINGS], app[keys.DATABASE] = settings, db
    app[keys.CSRF_SECRET] = db.write_sync(system("web"), _csrf_secret)
    app[keys.CLINIC] = db.read_sync(system("web"), people.clinic_name) or "Colloque"
    app[keys.TRAIL] = trail_of(settings)
    app[keys.BUS] = bus = Bus()
    placement = _placement(settings)
    app[keys.ROOMS] = rooms = Rooms(db, bus, placement)
    app[keys.BLACK_BOX] = BlackBox(lambda visit_id, role: rooms.mark(visit_id, "connection_weak", role))
    app[keys.SOCKETS], app[hub.HUB] = set(), hub.Hub(db, rooms, app[keys.BLACK_BOX])
    app.cleanup_ctx.append(_close_database)
    if placement:
        app.cleanup_ctx.append(lambda _: placement.connected())
    app.cleanup_ctx.append(hub.control_channel)
    if work:
        app.cleanup_ctx.extend([_run_jobs, _forget])
    app.on_shutdown.append(sockets.close_all)
    add_routes(app, ROUTES)
    assets.add(app, rendering.release(), assets.load(rendering.ROOT / "static"))
    return app


def _placement(settings: Settings) -> Placement | None:
    """What web processes agree on about rooms, where there are several machines."""
    url = settings.nats_url.get_secret_value()
    return Placement(url, load_kek(None, settings.machines_key_file, None)) if url else None


def _csrf_secret(tx: Tx) -> bytes:
    return tx.keyring.key(tx.session, "site:csrf")


async def _run_jobs(app: web.Application) -> AsyncIterator[None]:
    db, settings = app[keys.DATABASE], app[keys.SETTINGS]

    async def shred(visit_id: str) -> None:
        await app[hub.HUB].forget(visit_id)
        await asyncio.to_thread(spool.shred, settings.spool_dir, visit_id)

    handlers = delivery.handlers(db, settings) | record_jobs.handlers(
        db, settings, shred, language_model.of_settings(settings))
    handlers |= selfservice.handlers(db) | waitlist.handlers(db) | tasks.handlers(db)
    handlers |= attendance.handlers(db) | waiting.handlers(db) | calendars.handlers(db, settings)
    for schedule in (record_jobs.schedule, attendance.schedule, waiting.schedule, calendars.schedule):
        await db.write(system("web"), schedule)
    running = asyncio.create_task(Runner(db, handlers).run(), name="jobs")
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _forget(_: web.Application) -> AsyncIterator[None]:
    forgetting = asyncio.create_task(confine.forget(), name="forget")
    yield
    forgetting.cancel()
    await asyncio.gather(forgetting, return_exceptions=True)


async def _close_database(app: web.Application) -> AsyncIterator[None]:
    yield
    app[keys.DATABASE].close()
