"""Three panels of one neighbourhood: its cells and lines, the graph on foot, the grids."""

from pathlib import Path
from typing import Any

import numpy as np
import shapely

from bench.partition.pictures.drawing import (
    BANK,
    BUILDING,
    FAINT,
    GREEN,
    INK,
    INK_2,
    PAPER,
    RED,
    STREET,
    WALL,
    WATER,
    Drawing,
    Window,
    photographed,
)
from bench.partition.pictures.ground import CRISP, Scene, anchors, borders, tinted, under

BOUNDS = (768_330.0, 3_094_300.0, 768_850.0, 3_094_830.0)
WIDE, GAP, TOP, PANEL = 1480, 22, 92, 468
LINE_STYLE = (("none", FAINT, 1.2), ("road", INK, 3.0), ("wall", WALL, 3.6), ("water", BANK, 4.2))
TITLES = (
    ("1  地块与线", "cells, and what lies between them"),
    ("2  步行图", "who is next to whom on foot"),
    ("3  网格", "in band, in one piece, along lines"),
)


def draw(scene: Scene, labels: Any, dedicated: Any) -> Path:
    """Draw the three panels."""
    high = round(PANEL * (BOUNDS[3] - BOUNDS[1]) / (BOUNDS[2] - BOUNDS[0]))
    drawing = Drawing(WIDE, TOP + high + 66)
    drawing.add(f'<rect width="{WIDE}" height="{drawing.high}" fill="{PAPER}"/>')
    left = (WIDE - 3 * PANEL - 2 * GAP) / 2
    for place, (title, paint) in enumerate(zip(TITLES, (lines, graph, grids), strict=True)):
        window = Window(left + place * (PANEL + GAP), TOP, PANEL, high, BOUNDS)
        drawing.text(window.left + 2, 38, title[0], font_size="25", font_weight="700", fill=INK)
        drawing.text(window.left + 2, 70, title[1], font_size="18", fill=INK_2)
        drawing.clipped(window, f"step{place}")
        paint(drawing, window, scene, labels, dedicated)
        drawing.closed()
    legend(drawing, left + 4, TOP + high + 40)
    return photographed(drawing, "partition_steps")


def lines(drawing: Drawing, window: Window, scene: Scene, *_: Any) -> None:
    """Draw buildings, and every border in the colour of what lies on it."""
    drawing.shapes(window, scene.buildings, fill=BUILDING, **CRISP)
    drawing.shapes(window, scene.water, fill=WATER)
    for kind, colour, wide in LINE_STYLE:
        drawing.segments(
            window, scene.ends[scene.kind == kind], stroke=colour, stroke_width=wide, stroke_linecap="round"
        )


def graph(drawing: Drawing, window: Window, scene: Scene, *_: Any) -> None:
    """Draw cells as dots as large as their households, and ways on foot between them."""
    cells, frame = scene.frames
    drawing.shapes(window, scene.water, fill=WATER)
    middles = shapely.get_coordinates(shapely.point_on_surface(scene.cells))
    walks = frame[frame["is_walkable"]]
    a, b = (cells.index.get_indexer(walks[end]) for end in ("cell_a", "cell_b"))
    area = cells["area_code"].to_numpy()
    own = area[a] == area[b]
    is_passage = (walks["kind"] == "passage").to_numpy()
    for chosen, colour, wide in ((own & ~is_passage, GREEN, 1.5), (own & is_passage, RED, 2.6)):
        drawing.segments(
            window, np.stack([middles[a[chosen]], middles[b[chosen]]], axis=1), stroke=colour, stroke_width=wide
        )
    near = shapely.intersects(scene.cells, window.box())
    for (x, y), held in zip(window.placed(middles[near]), cells["households"].to_numpy()[near], strict=True):
        size = 2.4 + 1.25 * np.sqrt(held)
        fill = GREEN if held else STREET
        drawing.add(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{fill}" stroke="{GREEN}" stroke-width="1.4"/>'
        )


def grids(drawing: Drawing, window: Window, scene: Scene, labels: Any, dedicated: Any) -> None:
    """Draw the plan, with the households of each grid."""
    tinted(drawing, window, scene, labels)
    under(drawing, window, scene)
    borders(drawing, window, scene, labels)
    households = np.bincount(labels, weights=scene.frames[0]["households"])
    for grid, place in enumerate(anchors(scene, labels, window)):
        if place is not None:
            x, y = window.placed(place)
            words = "专" if grid in dedicated else f"{households[grid]:.0f}"
            drawing.text(
                x, y + 7, words, text_anchor="middle", font_size="20", font_weight="700", fill=INK,
                stroke=STREET, stroke_width="4", paint_order="stroke", stroke_linejoin="round",
            )  # fmt: skip


def legend(drawing: Drawing, left: float, y: float) -> None:
    """Explain colours."""
    words = {"none": "无 none", "road": "道路 road", "wall": "围墙 wall", "water": "水 water"}
    x = left
    for kind, colour, wide in reversed(LINE_STYLE):
        drawing.add(f'<line x1="{x}" y1="{y - 6}" x2="{x + 30}" y2="{y - 6}" stroke="{colour}" stroke-width="{wide}"/>')
        drawing.text(x + 38, y, words[kind], font_size="17", fill=INK)
        x += 120
    x = left + PANEL + GAP
    drawing.add(f'<circle cx="{x + 8}" cy="{y - 6}" r="8" fill="{GREEN}"/>')
    drawing.text(x + 24, y, "户数 households", font_size="17", fill=INK)
    drawing.add(f'<line x1="{x + 172}" y1="{y - 6}" x2="{x + 204}" y2="{y - 6}" stroke="{GREEN}" stroke-width="1.8"/>')
    drawing.text(x + 212, y, "可步行 on foot", font_size="17", fill=INK)
    drawing.add(f'<line x1="{x + 340}" y1="{y - 6}" x2="{x + 372}" y2="{y - 6}" stroke="{RED}" stroke-width="2.8"/>')
    drawing.text(x + 380, y, "门、桥 gate", font_size="17", fill=INK)
    x = left + 2 * (PANEL + GAP)
    drawing.add(f'<line x1="{x}" y1="{y - 6}" x2="{x + 30}" y2="{y - 6}" stroke="{RED}" stroke-width="4"/>')
    drawing.text(x + 38, y, "无依托的边界 border on no line；数字为户数", font_size="17", fill=INK)
