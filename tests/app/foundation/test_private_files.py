"""Whatever the shell's umask: what a command leaves on the disk is for its user alone."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def colloque(data_dir: Path, *command: str) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith("COLLOQUE_")}
    env |= {"COLLOQUE_DATA_DIR": str(data_dir), "COLLOQUE_ENV_FILE": os.devnull}
    done = subprocess.run([sys.executable, "-m", "app", *command], cwd=ROOT, env=env, capture_output=True, text=True,
                          check=True, umask=0)
    return done.stdout


def open_to_others(root: Path) -> list[str]:
    return [f"{path} {path.stat().st_mode & 0o777:o}" for path in [root, *root.rglob("*")] if path.stat().st_mode & 0o077]


def test_a_new_installation_is_its_owners_alone(tmp_path: Path) -> None:
    colloque(tmp_path / "deep" / "var", "demo", "--json")
    names = {path.name for path in (tmp_path / "deep").rglob("*")}
    assert {"colloque.db", "audit.anchor", "demo.kek"} <= names
    assert open_to_others(tmp_path / "deep") == []


def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    colloque(data_dir, "migrate")
    (data_dir / "colloque.db").chmod(0o666)
    colloque(data_dir, "migrate")
    assert open_to_others(data_dir) == []
