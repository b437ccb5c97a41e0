"""A full disk and a database that goes away: a clear refusal, nothing half done, and everything works again after."""

import asyncio
import contextlib
from itertools import count

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from app import audit, jobs
from app.application import build
from app.audit import Trail, Verdict
from app.crypto.keyring import Keyring
from app.db import Database
from app.engines import open_engine
from app.errors import Unavailable, Uncertain
from app.jobs import Runner
from tests.app.conftest import browser, forget_tries
from tests.app.foundation.test_database import ACTOR, counts, register
from tests.app.front_door import PASSWORD, Visitor, open_clinic
from tests.conftest import ENGINES, KEK

assert browser  # fixtures
assert forget_tries

NOTE_CHARS = 4000


class Disk:
    """A disk under SQLite that takes no more pages than it has once `full`."""

    def __init__(self, db: Database) -> None:
        self._db, self._limited = db, False
        event.listen(db.engine, "checkout", self._limit)

    def _limit(self, connection, _record, _proxy) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages if self._limited else 2**30}")

    @contextlib.contextmanager
    def full(self):
        self._limited = True
        try:
            yield
        finally:
            self._limited = False


@pytest.fixture
def sqlite(database_url, trail, clock):
    db = Database(open_engine(database_url), Keyring(KEK), trail, clock)
    yield db
    db.close()


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FULL = {"sqlite": "PRAGMA max_page_count = 1",  # SQLite takes the pages it has: no more
        "postgresql": "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$"}
GONE = {"sqlite": "SELECT * FROM volume_that_went_away",
        "postgresql": "SELECT pg_terminate_backend(pg_backend_pid())"}

DIES_AT_COMMIT = (
    """CREATE FUNCTION gone() RETURNS trigger AS $$ BEGIN
        PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$ LANGUAGE plpgsql""",
    "CREATE CONSTRAINT TRIGGER gone AFTER INSERT ON patient DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION gone()",
)


def fill(tx):
    for _ in range(20):
        register(tx, "x" * NOTE_CHARS)


@on_sqlite
def test_a_full_disk_refuses_clearly_changes_nothing_and_recovers(sqlite: Database, trail: Trail) -> None:
    sqlite.write_sync(ACTOR, register)
    before = sqlite.read_sync(ACTOR, counts)
    disk = Disk(sqlite)
    with disk.full(), capture_logs() as events:
        with pytest.raises(Unavailable, match="disk is full"):
            sqlite.write_sync(ACTOR, fill)
        assert sqlite.read_sync(ACTOR, counts) == before
    assert [(e["event"], e["reason"]) for e in events] == [("database trouble", "SQLITE_FULL")]
    assert sqlite.read_sync(ACTOR, trail.verify) == Verdict(before[1])
    sqlite.write_sync(ACTOR, fill)
    assert sqlite.read_sync(ACTOR, counts)[0] == 21


@on_sqlite
async def test_what_cannot_be_traced_is_not_shown(sqlite: Database) -> None:
    def look(tx):
        for number in range(60):
            audit.record(tx, "record:read", entity="Patient", entity_id=f"{number:032}", why="x" * 200)
        return "secret"

    disk = Disk(sqlite)
    sqlite.write_sync(ACTOR, register)
    with disk.full(), pytest.raises(Unavailable, match="disk is full"):
        await sqlite.read(ACTOR, look)
    assert await sqlite.read(ACTOR, look) == "secret"


@on_sqlite
async def test_jobs_go_on_once_the_disk_has_room_again(sqlite: Database) -> None:
    done = asyncio.Event()

    async def work(_payload):
        done.set()

    with capture_logs() as events:
        running = asyncio.create_task(Runner(sqlite, {"work": work}).run())
        blocked = Blocked(sqlite)
        while not any(e["event"] == "jobs cannot be claimed" for e in events):
            await asyncio.sleep(0.05)
        blocked.lift()
        await sqlite.write(ACTOR, jobs.enqueue, "work")
        async with asyncio.timeout(20):
            await done.wait()
        assert not running.done()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


class Blocked:
    """No connection can be used, as when the database's volume went away."""

    def __init__(self, db: Database) -> None:
        self._db = db
        event.listen(db.engine, "checkout", self._refuse)

    def _refuse(self, connection, _record, _proxy) -> None:
        connection.execute("SELECT * FROM volume_that_went_away")

    def lift(self) -> None:
        event.remove(self._db.engine, "checkout", self._refuse)


@on_sqlite
async def test_pages_say_that_the_disk_is_full_and_work_again_after(
        sqlite: Database, clock, settings, aiohttp_client) -> None:
    front = open_clinic(sqlite, clock, settings)
    visitor = Visitor(await aiohttp_client(build(front.settings, sqlite)))
    visitor.client.session.headers["Accept-Language"] = "fr"
    await visitor.get("/sign-in")
    await visitor.post("/sign-in", email="scheduler@clinic.example", password=PASSWORD)
    await visitor.follow()
    await visitor.post("/sign-in/code", code=front.totp())
    await visitor.follow()
    await visitor.get("/availability")
    motifs = ({"label_fr": name, "label_en": name, "duration_min": "15"} for name in (f"{n:M>80}" for n in count()))
    with Disk(sqlite).full():
        async with asyncio.timeout(30):
            while True:
                await visitor.post("/motifs", **next(motifs))
                if visitor.status != 303:
                    break
                await visitor.get("/availability")
        assert visitor.status == 503
        assert "disque" in visitor.page
    await visitor.get("/availability")
    await visitor.post("/motifs", **next(motifs))
    assert visitor.status == 303


@pytest.mark.parametrize(("trouble", "told"), [(FULL, "disk is full"), (GONE, "does not answer")])
def test_each_engine_s_trouble_is_told_and_passes(db: Database, trouble: dict[str, str], told: str) -> None:
    def fails(tx):
        register(tx)
        tx.session.connection().exec_driver_sql(trouble[db.engine.dialect.name])
        fill(tx)

    with pytest.raises(Unavailable, match=told):
        db.write_sync(ACTOR, fails)
    db.engine.dispose()  # SQLite's limit is the connection's
    assert db.read_sync(ACTOR, counts) == [0, 0, 0]
    db.write_sync(ACTOR, register)
    assert db.read_sync(ACTOR, counts) == [1, 1, 1]


async def test_what_was_overwritten_leaves_the_files_on_each_engine(db: Database) -> None:
    await db.write(ACTOR, register)
    await db.scrub()
    assert (await db.read(ACTOR, counts))[0] == 1
    await db.write(ACTOR, register)
    assert (await db.read(ACTOR, counts))[0] == 2


@pytest.mark.skipif("postgresql" not in ENGINES, reason="SQLite's commits are in our own process")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_commit_whose_answer_never_comes_is_uncertain_and_not_done_again(sqlite: Database, trail: Trail) -> None:
    ran = []

    def registered(tx):
        ran.append(1)
        register(tx)

    with sqlite.engine.begin() as connection:
        for statement in DIES_AT_COMMIT:
            connection.exec_driver_sql(statement)
    try:
        with pytest.raises(Uncertain, match="look whether it was done"):
            sqlite.write_sync(ACTOR, registered)
        together = await asyncio.gather(*(sqlite.write(ACTOR, registered) for _ in range(3)), return_exceptions=True)
    finally:
        with sqlite.engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION gone CASCADE")
    assert [type(one) for one in together] == [Uncertain] * 3
    assert len(ran) == 4, "nobody knows what stands: none was tried again"
    assert sqlite.read_sync(ACTOR, counts) == [0, 0, 0]
    await sqlite.write(ACTOR, registered)
    assert sqlite.read_sync(ACTOR, counts) == [1, 1, 1]
    assert sqlite.read_sync(ACTOR, trail.verify).fault == ""
