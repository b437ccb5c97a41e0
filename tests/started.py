"""Waiting until a server that a test started answers."""

import socket
import ssl
import subprocess
import time
from pathlib import Path


def until_it_answers(
    process: subprocess.Popen[bytes], log: Path, address: str, port: int, *, within_s: float = 20.0, trust: Path | None = None,
) -> None:
    """Return once the port takes connections, with TLS for `localhost` when there is a certificate to trust.

    Fails with the end of its log when the process ends, or is not there in time.
    """
    until = time.monotonic() + within_s
    while not _answers(address, port, trust):
        assert process.poll() is None and time.monotonic() < until, log.read_text()[-3000:] if log.exists() else "no log"
        time.sleep(0.1)


def _answers(address: str, port: int, trust: Path | None) -> bool:
    # The file of a certificate is there before its text, and the text before the port answers.
    try:
        with socket.create_connection((address, port), 5) as wire:
            if trust is not None:
                ssl.create_default_context(cafile=str(trust)).wrap_socket(wire, server_hostname="localhost").close()
            return True
    except OSError:
        return False
