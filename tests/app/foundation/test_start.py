"""Commands that must not start: the wrong key, a key that everybody may read, demo accounts in production."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.crypto.keyring import write_kek

ROOT = Path(__file__).resolve().parents[3]


class Machine:
    """A data directory and the environment that commands are started with."""

    def __init__(self, root: Path) -> None:
        self.root, self.kek = root, root / "site.kek"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("COLLOQUE_")} | {
            "COLLOQUE_ENV_FILE": os.devnull, "COLLOQUE_DATA_DIR": str(root / "var"), "COLLOQUE_MODE": "production",
            "COLLOQUE_BASE_URL": "https://clinic.example", "COLLOQUE_KEK_FILE": str(self.kek),
            "COLLOQUE_SMTP_HOST": "mail.example", "COLLOQUE_TRUSTED_PROXIES": "1"}

    def start(self, *command: str, **changes: str) -> tuple[int, str]:
        done = subprocess.run([sys.executable, "-m", "app", *command], cwd=ROOT, env=self.env | changes,
                              capture_output=True, text=True, check=False, timeout=60)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    write_kek(machine.kek)
    return machine


def test_a_key_that_is_missing_malformed_or_everybodys_stops_the_start(machine: Machine) -> None:
    machine.kek.chmod(0o644)
    code, said = machine.start("web")
    assert (code, "chmod 600" in said) == (1, True)
    machine.kek.chmod(0o600)
    machine.kek.write_text("no key")
    code, said = machine.start("web")
    assert (code, "cannot be used" in said) == (1, True)
    machine.kek.unlink()
    code, said = machine.start("web")
    assert (code, "No such file" in said) == (1, True)


def test_a_database_that_does_not_answer_stops_the_start(machine: Machine) -> None:
    code, said = machine.start("web", COLLOQUE_DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    assert (code, "database cannot be used" in said) == (1, True), said
    (machine.root / "var").mkdir(exist_ok=True)
    (machine.root / "var" / "colloque.db").write_text("This is no database, but long enough to look like a file of one." * 20)
    code, said = machine.start("web")
    assert (code, "database cannot be used" in said) == (1, True), said


def test_another_key_than_the_databases_stops_the_start(machine: Machine) -> None:
    assert machine.start("clinic", "--name", "Clinique", "--phone", "+33199001234", "--email", "ada@clinic.example",
                         "--administrator", "Ada")[0] == 0
    machine.kek.unlink()
    write_kek(machine.kek)
    for command in ("web", "audit verify"):
        code, said = machine.start(*command.split())
        assert (code, "another key encryption key" in said) == (1, True), command


def test_demo_accounts_stop_production_however_it_is_started(machine: Machine) -> None:
    assert machine.start("demo", COLLOQUE_MODE="demo", COLLOQUE_BASE_URL="http://localhost:8080")[0] == 0
    code, said = machine.start("web")
    assert (code, "demo accounts" in said) == (1, True)
