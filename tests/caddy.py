"""Real Caddy with the repository's Caddyfile and a certificate authority of its own."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CADDYFILE = Path(__file__).resolve().parents[1] / "Caddyfile"
INSTALLED = shutil.which("caddy") is not None


@contextmanager
def caddy(folder: Path, port: int, upstream: str) -> Iterator[Path]:
    """Caddy with its own certificate authority; yields the CA's certificate."""
    settings = {
        "COLLOQUE_SITE": f"https://localhost:{port}", "COLLOQUE_UPSTREAM": upstream, "COLLOQUE_CADDY_TLS": "tls internal",
        "COLLOQUE_CADDY_GLOBAL": f"skip_install_trust\n\tlocal_certs\n\tauto_https disable_redirects\n\tstorage file_system {folder}/caddy",
        "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder),
    }
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(["caddy", "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
                                   env=os.environ | settings, stdout=log, stderr=log)
    root = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    try:
        until = time.monotonic() + 20
        while not _answers(port, root):
            assert process.poll() is None and time.monotonic() < until, (folder / "caddy.log").read_text()[-3000:]
            time.sleep(0.1)
        yield root
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int, root: Path) -> bool:
    # The file of the certificate is there before its text, and the text before the port answers.
    try:
        trust = ssl.create_default_context(cafile=str(root))
        with socket.create_connection(("127.0.0.1", port), 5) as wire, trust.wrap_socket(wire, server_hostname="localhost"):
            return True
    except OSError:
        return False
