"""A log line never repeats the text of a failure: what was typed, a row's content, a request line with a token."""

import json
import subprocess
import sys

import pytest
from pydantic import BaseModel
from sqlalchemy.exc import StatementError

from app import logs
from app.actor import system
from app.crypto.keyring import DataKey
from app.db import Database
from app.engines import open_engine

SECRET = "Kanarienvogel"


class Form(BaseModel):
    """A model whose errors repeat their input."""

    number: int


def refuse() -> None:
    Form.model_validate({"number": SECRET})


def nested() -> None:
    try:
        refuse()
    except ValueError as cause:
        raise RuntimeError(SECRET) from cause


def caught(act) -> BaseException:
    try:
        act()
    except Exception as failure:
        return failure
    raise AssertionError


def test_a_failure_that_repeats_its_input_is_what_this_is_about() -> None:
    assert SECRET in str(caught(refuse))


@pytest.mark.parametrize("act", [refuse, nested])
def test_a_trace_names_classes_and_places_and_no_words(act) -> None:
    told = logs.trace(caught(act))
    assert SECRET not in told
    assert "test_logs.py" in told
    assert f" {act.__name__}" in told
    assert "pydantic_core" in told


def test_every_failure_of_a_group_is_told() -> None:
    told = logs.trace(ExceptionGroup(SECRET, [caught(refuse), KeyError(SECRET)]))
    assert SECRET not in told
    assert "ValidationError" in told
    assert "KeyError" in told


SCRIPT = f"""
import asyncio, logging, sys
import structlog
from app import logs
from tests.app.foundation.test_logs import nested
logs.configure()
try:
    nested()
except RuntimeError:
    structlog.get_logger().exception("unhandled", id="1")
    structlog.get_logger().error("again", exc_info=sys.exc_info())
    logging.getLogger("aiohttp.server").exception("Error handling request from %s", "192.0.2.1")

async def forgotten():
    asyncio.create_task(asyncio.to_thread(nested), name="{SECRET}")
    await asyncio.sleep(0.2)
    asyncio.get_running_loop().call_soon(lambda said: nested(), "{SECRET}")
    await asyncio.sleep(0.1)

asyncio.run(forgotten())
nested()
"""


def test_a_process_tells_everything_that_fails_without_a_word_of_it() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert SECRET not in done.stderr
    lines = done.stderr.splitlines()
    assert [json.loads(line)["event"] for line in lines if line.startswith("{")] == ["unhandled", "again"]
    for told in ("Error handling request from 192.0.2.1", "Task exception was never retrieved",
                 "Exception in callback", "ended by builtins.RuntimeError"):
        assert told in done.stderr, done.stderr
    assert done.stderr.count("nested") >= 5


def test_a_database_error_does_not_repeat_what_was_to_be_written(db: Database) -> None:
    def twice(tx) -> None:
        for _ in range(2):
            tx.session.add(DataKey(id=SECRET, kek_id=SECRET, wrapped=SECRET.encode()))
            tx.session.flush()
            tx.session.expunge_all()

    with pytest.raises(Exception) as failure:
        db.write_sync(system("test"), twice)
    assert "parameters hidden" in str(failure.value)


def test_sqlalchemy_hides_parameters_of_every_statement(tmp_path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection, pytest.raises(StatementError) as failure:
        connection.exec_driver_sql("SELECT * FROM nothing WHERE name = ?", (SECRET,))
    engine.dispose()
    assert SECRET not in str(failure.value)

