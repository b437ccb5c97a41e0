"""How long after somebody gives a time back the next on the waiting list has the offer in their mailbox.

    python -m bench offer [--times 20] [--waiting 200] [--engine sqlite|postgresql] [--json]

The real booking, waiting list, jobs and SMTP channel against a real SMTP server on loopback; the clock runs from the call
that cancels to the server's receipt. Everybody on the list fits, so that each freed time is offered to one of them.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

from aiosmtpd.controller import Controller
from sqlmodel import SQLModel, select

from app import people, tasks
from app.db import Database, Tx
from app.jobs import Job, Runner
from app.notifications import delivery
from app.people import PatientIdentity
from app.scheduling import booking, selfservice, waitlist
from app.scheduling.tables import Appointment
from app.scheduling.waitlist import Wish
from app.settings import Settings
from bench.booking import ACTOR, Clinic, database, hot_slot, open_database, seed
from bench.rig import free_port

FIRST, LATE = 96, 96 * 60  # slots of the day after tomorrow, and of two months later
PAUSE_S = 0.7


class Inbox:
    """A real SMTP server's handler: when each offer came."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[float] = asyncio.Queue()
        self.loop = asyncio.get_running_loop()

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802  aiosmtpd's name
        self.loop.call_soon_threadsafe(self.came.put_nowait, time.perf_counter())
        return "250 OK"


def fill(tx: Tx, clinic: Clinic, times: int, waiting: int) -> list[str]:
    """Appointments that will be given back, and people who wait for an earlier one; the invitations are not written."""
    ids = [booking.book(tx, **hot_slot(clinic, FIRST + n)).id for n in range(times)]
    for n in range(waiting):
        who = people.register(tx, PatientIdentity(family=f"W{n}", given="X", birth_date=date(1960, 1, 1), email=f"w{n}@x.example"))
        row = booking.book(tx, **hot_slot(clinic, LATE + n) | {"patient_id": who.id})
        waitlist.join(tx, row.id, Wish(any_doctor=True))
    return ids


def drop_jobs(tx: Tx) -> None:
    """What booking them asked for is not measured here."""
    for job in tx.session.exec(select(Job)).all():
        tx.session.delete(job)


async def measured(db: Database, settings: Settings, ids: list[str], inbox: Inbox) -> list[float]:
    """Seconds from each cancellation to its offer's receipt."""
    handlers = delivery.handlers(db, settings) | selfservice.handlers(db) | waitlist.handlers(db) | tasks.handlers(db)
    handlers |= {"message.cancelled": lambda _: asyncio.sleep(0)}  # the giver's own message is not the offer
    running = asyncio.create_task(Runner(db, handlers).run())
    took = []
    for n, appointment_id in enumerate(ids):
        await asyncio.sleep(PAUSE_S + 0.05 * (n % 7))  # at any moment between two looks of the runner
        begun = time.perf_counter()
        await db.write(ACTOR, booking.cancel, appointment_id)
        took.append(await asyncio.wait_for(inbox.came.get(), 30) - begun)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return took


async def on_engine(engine: str, times: int, waiting: int) -> dict[str, object]:
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=free_port())
    server.start()
    with database(engine) as url, tempfile.TemporaryDirectory() as folder:
        db = open_database(url)
        SQLModel.metadata.create_all(db.engine)
        clinic = db.write_sync(ACTOR, seed)
        ids = db.write_sync(ACTOR, fill, clinic, times, waiting)
        db.write_sync(ACTOR, drop_jobs)
        settings = Settings(_env_file=None, data_dir=Path(folder), smtp_host="127.0.0.1", smtp_port=server.port, smtp_tls="none")
        took = sorted(await measured(db, settings, ids, inbox))
        held = db.read_sync(ACTOR, lambda tx: len(tx.session.exec(select(Appointment).where(Appointment.status == "pending")).all()))
        db.close()
    server.stop()
    return {"engine": engine, "freed": times, "waiting": waiting, "offers_held": held, "offer_s_p50": round(statistics.median(took), 2),
            "offer_s_max": round(took[-1], 2)}


def run(argv: list[str]) -> dict[str, object]:
    parser = argparse.ArgumentParser(prog="bench offer", description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--waiting", type=int, default=200)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args(argv)
    return asyncio.run(on_engine(asked.engine, asked.times, asked.waiting))
