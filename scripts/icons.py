"""Rebuild static/icons.svg, the sprite of lucide icons (ISC licence) that the icon() macro draws from.

    npm pack lucide-static && tar xzf lucide-static-*.tgz && python scripts/icons.py package/icons

The sprite is committed; add a name to ICONS and run this again when a page needs another one.
"""

import re
import sys
from pathlib import Path

SPRITE = Path(__file__).parents[1] / "static" / "icons.svg"

ICONS = """
arrow-left arrow-right badge-check ban bell bell-off book-open building-2 calendar calendar-check calendar-clock
calendar-days calendar-off calendar-plus calendar-x captions captions-off chart-no-axes-column check chevron-down
chevron-left chevron-right chevron-up circle circle-alert circle-check circle-help circle-x clipboard-list clock
clock-alert copy door-open download ear ellipsis external-link eye eye-off file-check file-pen file-plus file-text
fingerprint-pattern flag hand headphones heart-pulse history hourglass house id-card image-up inbox info key-round
languages layout-dashboard link list lock lock-open log-in log-out mail map-pin maximize menu message-circle
message-square mic mic-off minus monitor monitor-up monitor-x moon pause pen pen-line phone phone-call phone-off
pill play plug-zap plus printer quote refresh-cw rotate-ccw save search send settings shield shield-check signal
signal-low smartphone sparkles square square-check stethoscope sun switch-camera test-tube-diagonal trash-2
triangle-alert undo-2 unplug user user-check user-plus user-round users video video-off volume-2 volume-x wifi
wifi-off x
""".split()  # noqa: SIM905  (a list literal of 120 names would be a page long)


def symbol(name: str, source: str) -> str:
    """The drawing of one lucide file as a <symbol>; stroke and size come from CSS."""
    body = re.sub(r"<!--.*?-->", "", source, flags=re.S)
    inner = re.search(r"<svg[^>]*>(.*)</svg>", body, flags=re.S)
    if inner is None:
        raise ValueError(f"{name}: not an SVG file")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{_one_line(inner[1])}</symbol>'


def _one_line(drawing: str) -> str:
    return re.sub(r"\s*\n\s*", "", drawing.strip())


def main(folder: Path) -> None:
    """Write the sprite from a folder of lucide files."""
    symbols = [symbol(name, (folder / f"{name}.svg").read_text()) for name in ICONS]
    head = '<svg xmlns="http://www.w3.org/2000/svg"><!-- lucide, ISC licence, lucide.dev -->'
    SPRITE.write_text("\n".join([head, *symbols, "</svg>"]) + "\n")
    print(f"{len(symbols)} icons, {SPRITE.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
