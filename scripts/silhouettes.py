"""Drawn people for a browser's fake camera, so that pictures of a visit show somebody and nobody.

    .venv/bin/python scripts/silhouettes.py FOLDER      # writes doctor.y4m and patient.y4m

Give one to Chromium as --use-file-for-fake-video-capture. A few seconds that breathe and sway, made to loop.
"""

import sys
from dataclasses import dataclass
from math import pi, sin
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS, SECONDS = 640, 480, 10, 4
Picture = NDArray[np.float32]  # HEIGHT x WIDTH x 3, 0 to 255
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of one person and their room, as #rrggbb."""

    wall: tuple[str, str]  # from the top left to the bottom right
    light: str
    skin: str
    shade: str
    hair: str
    shirt: str
    coat: str
    parting: float  # of the hair, in pixels from the middle
    long_hair: bool = False


DOCTOR = Look(("#e3ece7", "#b9cdc4"), "#f6faf7", "#b98d6c", "#a4795a", "#2d221d", "#0a6b62", "#f3f5f2", -12)
PATIENT = Look(("#efe6d6", "#cdb894"), "#faf4e8", "#e2bd9f", "#cfa586", "#6b4a36", "#8c5a46", "#8c5a46", 14, long_hair=True)


def colour(text: str) -> Picture:
    """#rrggbb as three numbers."""
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], np.float32)


def ellipse(x: float, y: float, rx: float, ry: float) -> Picture:
    """How much of each pixel an ellipse covers, with a soft edge of a pixel."""
    distance = (np.sqrt(((X - x) / rx) ** 2 + ((Y - y) / ry) ** 2) - 1) * min(rx, ry)
    return np.clip(0.5 - distance, 0, 1)


def collar(x: float, y: float, spread: float) -> Picture:
    """The V of an open coat, its point at (x, y)."""
    return np.clip((y - Y) * spread - abs(X - x), 0, 1)


def lay(picture: Picture, tint: str, cover: Picture, strength: float = 1.0) -> Picture:
    """Paint one colour over what is covered."""
    part = (cover * strength)[..., None]
    return picture * (1 - part) + colour(tint) * part


def room(look: Look) -> Picture:
    """A wall with light from a window at the left."""
    slope = np.clip((X / WIDTH + Y / HEIGHT) / 2, 0, 1)[..., None]
    picture = colour(look.wall[0]) * (1 - slope) + colour(look.wall[1]) * slope
    glow = np.exp(-(((X - 110) / 190) ** 2 + ((Y - 120) / 210) ** 2))
    return lay(picture, look.light, glow, 0.75)


def person(look: Look, phase: float) -> Picture:
    """One frame; `phase` from 0 to 1 is where in the loop."""
    breath, sway = 2.0 * sin(2 * pi * phase), 3.0 * sin(2 * pi * phase)
    x, head = WIDTH / 2 + sway, 196 + breath / 2
    picture = room(look)
    picture = lay(picture, look.hair, ellipse(x, head + 2, 82, 96))
    if look.long_hair:
        picture = lay(picture, look.hair, ellipse(x, head + 66, 86, 68))
    shoulders = ellipse(WIDTH / 2 + sway / 2, 492 + breath, 208, 168)
    picture = lay(picture, look.coat, shoulders)
    picture = lay(picture, look.shirt, shoulders * collar(WIDTH / 2 + sway / 2, 470 + breath, 0.5))
    picture = lay(picture, look.shade, ellipse(x, head + 112, 37, 54))
    picture = lay(picture, look.skin, ellipse(x, head + 12, 66, 84))
    crown = ellipse(x, head + 4, 80, 94) * (1 - ellipse(x + look.parting, head + 44, 80, 82))
    return lay(picture, look.hair, crown * np.clip(head + 40 - Y, 0, 1))


def write(look: Look, path: Path) -> None:
    """The loop as YUV4MPEG2, which Chromium reads without a decoder."""
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for n in range(FPS * SECONDS):
            picture = person(look, n / (FPS * SECONDS)).clip(0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            out.write(b"FRAME\n" + frame.to_ndarray().tobytes())


def main(folder: Path) -> dict[str, Path]:
    """Write both; returns their paths by role."""
    paths = {"doctor": folder / "doctor.y4m", "patient": folder / "patient.y4m"}
    for look, path in zip((DOCTOR, PATIENT), paths.values(), strict=True):
        write(look, path)
    return paths


if __name__ == "__main__":
    print(*main(Path(sys.argv[1])).values(), sep="\n")
