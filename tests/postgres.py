"""A private PostgreSQL for tests: a cluster of its own in a temporary folder, gone when the tests end.

`cluster()` starts it on a Unix socket only; `Cluster.database()` copies a template, quickly. For tests durability is off: they are about rows and constraints.
"""

import os
import pwd
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

DURABLE = ("shared_buffers=32MB", "max_connections=60", "listen_addresses=")
WIPE = """DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;  -- no trigger, no foreign key
    SET LOCAL lock_timeout = '10s';
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$"""
FAST = (*DURABLE, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


def binaries() -> Path | None:
    """Where initdb and postgres are: on the path, or where Debian keeps them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return versions[-1].parent if versions else None


@dataclass
class Cluster:
    """A running server."""

    folder: Path
    user: str
    control: list[object]  # how it is started and stopped
    options: str

    def start(self) -> None:
        """Start it, and wait until it answers: after a crash, until it has recovered."""
        subprocess.run([*self.control, "-l", self.folder / "log", "-o", self.options, "start"], check=True,
                       cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def wait(self) -> None:
        """Until it answers again: it recovers by itself when one of its processes was killed."""
        while not self._answers():
            time.sleep(0.1)

    def _answers(self) -> bool:
        with suppress(OperationalError):
            self.run("postgres", "SELECT 1")
            return True
        return False

    def processes(self) -> list[int]:
        """The server's own process, then those that it started."""
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        return [first, *(int(each) for each in Path(f"/proc/{first}/task/{first}/children").read_text().split())]

    def kill(self, pids: list[int]) -> None:
        """Kill some of its processes with -9; without its first one, wait until all are gone (they share memory)."""
        first, *others = self.processes()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while first in pids and any(Path(f"/proc/{pid}").exists() for pid in (first, *others)):
            time.sleep(0.02)

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of one of its databases."""
        return f"postgresql+psycopg://{self.user}@/{database}?host={self.folder}"

    @contextmanager
    def database(self, template: str = "prepared") -> Iterator[str]:
        """A copy of a template, with our schema once somebody prepared it, or "bare"; dropped afterwards."""
        name = f"t{uuid.uuid4().hex}"
        self.run("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name)
        self.run("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, database: str, statement: str) -> None:
        """Run one statement outside a transaction."""
        engine = create_engine(self.url(database), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def cluster(settings: tuple[str, ...] = FAST) -> Iterator[Cluster]:
    """Start a server, stop it and remove all of it at the end. Raises FileNotFoundError without PostgreSQL."""
    where = binaries()
    if where is None:
        raise FileNotFoundError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    # A short path: a Unix socket's name may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    as_user, user = _owner(folder)
    options = " ".join(f"-c {option}" for option in (*settings, f"unix_socket_directories={folder}"))
    subprocess.run([*as_user, where / "initdb", "-D", folder / "data", "-U", user, "-A", "trust", "-E", "UTF8",
                    "--no-sync", "--locale=C.UTF-8"], check=True, capture_output=True, cwd=folder)
    control = [*as_user, where / "pg_ctl", "-D", folder / "data", "-w"]
    janitor = _stop_when_we_end(control, folder)
    try:
        server = Cluster(folder, user, control, options)
        server.start()
        server.run("postgres", "CREATE DATABASE bare")
        server.run("bare", "CREATE EXTENSION btree_gist")
        server.run("postgres", "CREATE DATABASE prepared TEMPLATE bare")
        yield server
    finally:
        janitor.stdin.close()
        janitor.wait()


def _stop_when_we_end(control: list[object], folder: Path) -> "subprocess.Popen[bytes]":
    """A process that stops the server once its standard input closes: also when the tests are killed."""
    stop = shlex.join(map(str, [*control, "-m", "immediate", "stop"]))
    script = f"cat; {stop}; cd /; rm -rf {shlex.quote(str(folder))}"
    return subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, start_new_session=True, cwd=folder)


def _owner(folder: Path) -> tuple[list[str], str]:
    # PostgreSQL refuses to run as root: borrow the account that Debian's package made, or nobody.
    if os.geteuid() != 0:
        return [], pwd.getpwuid(os.geteuid()).pw_name
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    shutil.chown(folder, user)
    return ["runuser", "-u", user, "--"], user
