"""`python -m bench NAME [--json] [...]`: one measurement each, in bench/NAME.py as `run(argv) -> dict`."""

import importlib
import json
import sys
from pathlib import Path


def main() -> int:
    """Run one bench and print what it measured."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        print(f"usage: python -m bench {{{' | '.join(names)}}} [--json]", file=sys.stderr)
        return 2
    argv = [word for word in sys.argv[2:] if word != "--json"]
    result = importlib.import_module(f"bench.{sys.argv[1]}").run(argv)
    if "--json" in sys.argv:
        print(json.dumps(result, indent=2))
    else:
        for key, value in result.items():
            print(f"{key}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
