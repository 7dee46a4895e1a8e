"""A drawing: shapes in metres put onto a window of an SVG, and the SVG photographed by Chromium."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from PIL import Image
from playwright.sync_api import sync_playwright

from tests.fixtures.browser import find_chromium

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "pictures"
LIMIT_BYTES = 148_000
FONT = "'Noto Sans CJK SC', 'Noto Sans', sans-serif"
PAPER, INK, INK_2, RED = "#f6f4ee", "#1b2426", "#475356", "#d0211c"
WATER, STREET, BUILDING = "#8fbccd", "#fffefb", "#c9c5b6"
GREEN, WALL, BANK, FAINT, AMBER = LINE_COLOURS = ("#0e5a5a", "#8a5a00", "#2f7f9f", "#b5ae9f", "#d98200")
BREACH_OPACITY = 0.42
TINTS = ("#d9e6c8", "#f4e1b6", "#d9d8ee", "#f3d3c7", "#cfe6df", "#ead6e4", "#e3e0cd")


@dataclass(frozen=True)
class Window:
    """A frame of the picture: where its corner is (px), its size (px), the metres it shows."""

    left: float
    top: float
    wide: float
    high: float
    bounds: tuple[float, float, float, float]

    @property
    def scale(self) -> float:
        """Pixels a metre."""
        return self.wide / (self.bounds[2] - self.bounds[0])

    def box(self) -> shapely.Polygon:
        """Return the ground it shows."""
        return shapely.box(*self.bounds)

    def placed(self, xy: Any) -> Any:
        """Return metres as pixels."""
        xy = np.asarray(xy, dtype=np.float64)
        x = self.left + (xy[..., 0] - self.bounds[0]) * self.scale
        y = self.top + (self.bounds[3] - xy[..., 1]) * self.scale
        return np.stack([x, y], axis=-1)


@dataclass
class Drawing:
    """An SVG that grows."""

    wide: int
    high: int
    parts: list[str] = field(default_factory=list)

    def shapes(self, window: Window, shapes: Iterable[Any], **style: Any) -> None:
        """Add polygons and lines, those that touch the window, as one path."""
        near = [shape for shape in shapes if shape is not None and window.box().intersects(shape)]
        path = "".join(outline(window, part) for shape in near for part in shapely.get_parts(shape))
        if path:
            self.parts.append(f'<path d="{path}"{attributes(style)}/>')

    def segments(self, window: Window, ends: Any, **style: Any) -> None:
        """Add ``(n, 2, 2)`` segments in metres, chained to lines where they meet."""
        if len(ends):
            lines = shapely.line_merge(shapely.multilinestrings([shapely.linestrings(ends)]))
            self.shapes(window, lines, fill="none", **style)

    def text(self, x: float, y: float, words: str, **style: Any) -> None:
        """Add one line of text."""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{attributes(style)}>{escape(words)}</text>')

    def add(self, part: str) -> None:
        """Add SVG as it stands."""
        self.parts.append(part)

    def clipped(self, window: Window, name: str) -> None:
        """Begin a group cut off at the window's frame; `closed` ends it."""
        frame = f'x="{window.left}" y="{window.top}" width="{window.wide}" height="{window.high}" rx="10"'
        self.add(f'<clipPath id="{name}"><rect {frame}/></clipPath><g clip-path="url(#{name})">')
        self.add(f'<rect {frame} fill="{STREET}"/>')

    def closed(self) -> None:
        """End a group."""
        self.add("</g>")

    def svg(self) -> str:
        """Return the document."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.wide}" height="{self.high}" '
            f'font-family="{FONT}">{"".join(self.parts)}</svg>'
        )


def outline(window: Window, shape: Any) -> str:
    """Return a polygon or line as path commands in tenths of a pixel."""
    rings = shapely.get_rings(shape) if shape.geom_type == "Polygon" else [shape]
    end = "Z" if shape.geom_type == "Polygon" else ""
    commands = []
    for ring in rings:
        places = window.placed(shapely.get_coordinates(ring))
        commands.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places) + end)
    return "".join(commands)


def attributes(style: dict[str, Any]) -> str:
    """Return style words as SVG attributes: `stroke_width` is stroke-width."""
    return "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())


def photographed(drawing: Drawing, name: str) -> Path:
    """Write the drawing to docs/pictures as a PNG below the limit, in the palette of the drawings."""
    program = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": drawing.wide, "height": drawing.high})
        page.set_content(f'<body style="margin:0;background:{PAPER}">{drawing.svg()}</body>')
        png = page.screenshot()
        browser.close()
    picture, path = Image.open(io.BytesIO(png)).convert("RGB"), FOLDER / f"{name}.png"
    picture.quantize(palette=palette(), dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size >= LIMIT_BYTES:
        raise SystemExit(f"{path.name}: {path.stat().st_size} bytes, {LIMIT_BYTES} allowed")
    return path


def palette() -> Image.Image:
    """Return the colours of the drawings, and what lies half-way where they meet: few colours make small files."""
    flat = [rgb(colour) for colour in (PAPER, STREET, INK, INK_2, RED, WATER, BUILDING, *TINTS)]
    hatched = [mixed(rgb(tint), rgb(RED), BREACH_OPACITY) for tint in TINTS]
    lines = [rgb(colour) for colour in LINE_COLOURS] + [mixed(rgb(PAPER), rgb(LINE_COLOURS[0]), 0.5)]
    edges = [mixed(rgb(PAPER), rgb(INK), share) for share in (0.25, 0.5, 0.75)] + [mixed(rgb(PAPER), rgb(RED), 0.5)]
    image = Image.new("P", (1, 1))
    image.putpalette([channel for colour in (*flat, *hatched, *lines, *edges) for channel in colour])
    return image


def rgb(colour: str) -> tuple[int, int, int]:
    """Return "#rrggbb" as numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mixed(one: tuple[int, int, int], other: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    """Return a colour with a share of the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
