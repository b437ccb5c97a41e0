"""The rules of the house that a linter does not know."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "webrtc", "transcription")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
CLOCKS = {"app/clock.py"}
SETTINGS = {"app/settings.py", "app/supervisor.py"}  # the supervisor hands its own on to its children


def sources() -> list[Path]:
    return [p for package in PACKAGES for p in (ROOT / package).rglob("*.py") if "migrations/versions" not in str(p)]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_are_sources():
    assert len(sources()) > 40


@pytest.mark.parametrize("path", sources(), ids=name)
def test_files_and_functions_stay_readable(path):
    text = path.read_text()
    assert text.count("\n") <= MAX_FILE_LINES, "too long: it has two reasons to change"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno - node.lineno < MAX_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", sources(), ids=name)
def test_every_module_says_what_it_is_for(path):
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_environment_and_clock_are_read_in_one_place():
    for path in sources():
        text = path.read_text()
        if name(path) not in SETTINGS:
            assert not re.search(r"os\.environ|os\.getenv", text), f"{name(path)} reads the environment"
        if name(path) not in CLOCKS:
            assert not re.search(r"datetime\.(now|utcnow|today)\(|date\.today\(", text), f"{name(path)} reads the clock"


def test_no_vague_module_names():
    vague = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert not [name(p) for p in sources() if p.stem in vague]


def test_pages_hold_no_inline_script_or_style():
    for page in (ROOT / "templates").rglob("*.html"):
        text = page.read_text()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|javascript:", text), name(page)
        for tag in re.findall(r"<script[^>]*>", text):
            assert "src=" in tag or "application/json" in tag, f"{name(page)}: {tag}"


def test_pages_load_nothing_from_elsewhere():
    for page in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static").rglob("*.css"), *(ROOT / "static").rglob("*.js")]:
        for address in re.findall(r"(?:src|href|url\(|from|import)\s*[=(]?\s*[\"']?(https?://[^\"')\s]+)", page.read_text()):
            assert address.startswith(("http://www.w3.org/", "https://www.w3.org/")), f"{name(page)}: {address}"


def test_the_readme_names_the_two_commands():
    readme = (ROOT / "README.md").read_text()
    assert "make run" in readme
    assert "make test" in readme
    assert "make test" in (ROOT / ".ci" / "run").read_text()
