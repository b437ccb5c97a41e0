"""Commands spoken to the assistant: how many are read right, and how many would propose what was not asked.

    python -m bench commands [--json]

The commands of tests/golden/commands.jsonl were written for this; `expected` null means that nothing may be proposed.
"""

import json
from pathlib import Path
from typing import Any

from app.notes.commands import Proposal, command

COMMANDS = Path(__file__).parent.parent / "tests" / "golden" / "commands.jsonl"


def run(_argv: list[str]) -> dict[str, Any]:
    """Read every command and compare; shares in percent."""
    lines = [json.loads(line) for line in COMMANDS.read_text(encoding="utf-8").splitlines()]
    proposed = [(line, _proposed(line)) for line in lines]
    wrong = [line["text"] for line, found in proposed if found != line["expected"]]
    return {
        "commands": len(lines),
        "near_misses": sum(line["expected"] is None for line in lines),
        "right": round(100 * (1 - len(wrong) / len(lines)), 1),
        "wrongly_proposed": sum(found is not None and found != line["expected"] for line, found in proposed),
        "wrong": wrong,
    }


def _proposed(line: dict[str, Any]) -> dict[str, Any] | None:
    found = command(line["text"], line["lang"], line["speaker"])
    if not isinstance(found, Proposal):
        return None
    return {"kind": found.kind, "label": found.label, "value": found.value, "unit": found.unit}
