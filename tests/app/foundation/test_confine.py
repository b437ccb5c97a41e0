"""A process that keeps its memory private leaves no core dump behind, and web nothing of what it is done with."""

import asyncio
import gc
import os
import resource
import signal
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from app import confine

ROOT = Path(__file__).resolve().parents[3]
PR_GET_DUMPABLE = 3


def ended(script: str, folder: Path) -> tuple[str, list[str]]:
    """Run it where core dumps are allowed and land in the folder: what it said, and the files left there."""
    allowed = resource.getrlimit(resource.RLIMIT_CORE)[1]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (allowed, allowed)), check=False)
    assert done.returncode in (0, -signal.SIGSEGV), done.stderr
    return done.stdout, [path.name for path in folder.iterdir()]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's")
def test_no_dump_and_nobody_attaches(tmp_path):
    said, left = ended(
        "import ctypes, os, resource, signal; from app.confine import keep_memory_private; keep_memory_private();"
        f"print(ctypes.CDLL(None).prctl({PR_GET_DUMPABLE}), resource.getrlimit(resource.RLIMIT_CORE), flush=True);"
        "os.kill(os.getpid(), signal.SIGSEGV)", tmp_path)
    assert said.split() == ["0", "(0,", "0)"]
    assert left == []


def test_what_is_freed_is_overwritten():
    script = (
        "import ctypes\n"
        "word = ''.join(['odyno', 'phagie'] * 3); place = id(word); size = word.__sizeof__(); del word\n"
        "print(b'odynophagie' in ctypes.string_at(place, size))")
    for wiping, stays in (({}, "True"), (confine.WIPING, "False")):
        env = {key: value for key, value in os.environ.items() if key not in confine.WIPING} | wiping
        done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == stays


@pytest.mark.parametrize(("executor", "stays"), [("ThreadPoolExecutor", True), ("Swept", False)])
def test_threads_keep_nothing_on_their_stacks(executor, stays):
    """Python writes short texts there when it encodes them."""
    script = (
        "import os; from concurrent.futures import ThreadPoolExecutor; from app.confine import Swept\n"
        "from bench.needles import memory\n"
        "def write(deep):\n"
        "    return max([deep - 1], key=write) if deep else len(''.join(['é odyno', 'phagie'] * 3).encode())\n"
        f"{executor}(1).submit(write, 9).result()\n"
        "held = memory(os.getpid())\n"
        "print(''.join(['phagie', 'é odyno']).encode() in held)")
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | confine.WIPING | {"PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(stays)


async def test_what_only_refers_to_itself_goes_soon(monkeypatch):
    class Page:
        pass

    monkeypatch.setattr(confine, "FORGET_EVERY_S", 0.01)
    gc.disable()
    try:
        forgetting = asyncio.create_task(confine.forget())
        await asyncio.sleep(0)
        page = Page()
        page.itself = page
        alive = weakref.ref(page)
        del page
        async with asyncio.timeout(5):
            while alive() is not None:
                await asyncio.sleep(0.01)
    finally:
        gc.enable()
        forgetting.cancel()
        await asyncio.gather(forgetting, return_exceptions=True)
    assert gc.get_freeze_count() == 0
