"""A process that keeps its memory private leaves no core dump behind."""

import os
import resource
import signal
import subprocess
import sys
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
