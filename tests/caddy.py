"""Real Caddy with the repository's Caddyfile and a certificate authority of its own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.started import until_it_answers

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
        until_it_answers(process, folder / "caddy.log", "127.0.0.1", port, trust=root)
        yield root
    finally:
        process.terminate()
        process.wait(10)
