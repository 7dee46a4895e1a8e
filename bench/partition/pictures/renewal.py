"""A published plan, and the plan after a compound of 600 households was built in one grid."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from bench.partition.change import with_compound
from bench.partition.pictures.drawing import (
    AMBER,
    INK,
    INK_2,
    PAPER,
    STREET,
    TINTS,
    Drawing,
    Window,
    photographed,
)
from bench.partition.pictures.ground import CRISP, Scene, anchors, borders, under
from bench.partition.real import asked_of_us, task
from bench.partition.runs import interleaved

PLACE, SPAN_M = (768_640.0, 3_094_530.0), 760.0
WIDE, GAP, TOP, PANEL = 1480, 28, 92, 706
HIGH_SHARE = 0.72
TITLES = (
    ("已发布的方案", "the published plan"),
    ("新建600户小区之后", "after a compound of 600 households was built"),
)


def draw(scene: Scene, labels: Any, folder: Path) -> Path:
    """Plan anew with the compound, draw before and after."""
    cells, frame = scene.frames
    published = pd.Series(labels, index=cells.index, name="grid")
    middle = nearest_grid(scene, labels)
    changed, site = with_compound(cells, frame, published, middle)
    path = task(folder, "renewed", (changed, frame), **scene.asked, before=published)
    ours = interleaved([asked_of_us(path)], folder, rounds=1)["ours"]
    if ours.failed is not None:
        raise SystemExit(ours.failed)
    carries = ours.answer["carries"][ours.labels]
    is_site = cells.index.isin(site)
    drawing = Drawing(WIDE, TOP + round(PANEL * HIGH_SHARE) + 84)
    drawing.add(
        '<defs><pattern id="new" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">'
        f'<rect width="3" height="9" fill="{AMBER}"/></pattern></defs>'
    )
    drawing.add(f'<rect width="{WIDE}" height="{drawing.high}" fill="{PAPER}"/>')
    left = (WIDE - 2 * PANEL - GAP) / 2
    plans = ((cells, labels, labels), (changed, ours.labels, carries))
    for place, (title, (now, plan, known)) in enumerate(zip(TITLES, plans, strict=True)):
        window = Window(left + place * (PANEL + GAP), TOP, PANEL, PANEL * HIGH_SHARE, bounds())
        drawing.text(window.left + 2, 38, title[0], font_size="25", font_weight="700", fill=INK)
        drawing.text(window.left + 2, 70, title[1], font_size="18", fill=INK_2)
        panel(drawing, window, scene, plan, touched(labels, carries, is_site, known))
        if place:
            ground = [shapely.coverage_union_all(scene.cells[is_site])]
            drawing.shapes(window, ground, fill="url(#new)", stroke=AMBER, stroke_width="4.5")
        numbers(drawing, window, scene, plan, now["households"].to_numpy())
        drawing.closed()
    moved = int(cells["households"].to_numpy()[carries != labels].sum())
    legend(drawing, left + 4, TOP + PANEL * HIGH_SHARE + 38, moved)
    return photographed(drawing, "partition_renewal")


def bounds() -> tuple[float, float, float, float]:
    """Return the ground a panel shows."""
    x, y = PLACE
    return x - SPAN_M / 2, y - SPAN_M * HIGH_SHARE / 2, x + SPAN_M / 2, y + SPAN_M * HIGH_SHARE / 2


def nearest_grid(scene: Scene, labels: Any) -> int:
    """Return the grid of the peopled cell nearest to the middle of the picture."""
    away = shapely.distance(scene.cells, shapely.Point(PLACE))
    away[scene.frames[0]["households"].to_numpy() == 0] = np.inf
    return int(labels[np.argmin(away)])


def touched(before: Any, after: Any, is_site: Any, known: Any) -> Any:
    """Return which cells lie in a grid that changed: it lost cells, gained some, or is new."""
    gone = before != after
    names = np.unique(np.concatenate([before[gone], after[gone], before[is_site]]))
    return np.isin(known, names)


def panel(drawing: Drawing, window: Window, scene: Scene, labels: Any, is_touched: Any) -> None:
    """Draw a plan: grids that change in colour, all others plain."""
    drawing.clipped(window, f"renewal{window.left:.0f}")
    rank = np.unique(labels[is_touched])
    tint = np.searchsorted(rank, labels) % len(TINTS)
    drawing.shapes(window, scene.cells[~is_touched], fill=PAPER, **CRISP)
    for number, colour in enumerate(TINTS):
        drawing.shapes(window, scene.cells[is_touched & (tint == number)], fill=colour, **CRISP)
    under(drawing, window, scene)
    borders(drawing, window, scene, labels)


def numbers(drawing: Drawing, window: Window, scene: Scene, labels: Any, households: Any) -> None:
    """Write the households of each grid."""
    held = np.bincount(labels, weights=households)
    for grid, place in enumerate(anchors(scene, labels, window)):
        if place is not None:
            x, y = window.placed(place)
            words = f"{held[grid]:.0f}" if held[grid] else "专"
            drawing.text(
                x, y + 7, words, text_anchor="middle", font_size="20", font_weight="700", fill=INK,
                stroke=STREET, stroke_width="4", paint_order="stroke", stroke_linejoin="round",
            )  # fmt: skip


def legend(drawing: Drawing, left: float, y: float, moved: int) -> None:
    """Explain colours, and say how many households changed grid."""
    box = f'y="{y - 18}" width="36" height="22"'
    drawing.add(f'<rect x="{left}" {box} fill="url(#new)" stroke="{AMBER}" stroke-width="2"/>')
    drawing.text(left + 46, y, "新小区 the new compound", font_size="18", fill=INK)
    drawing.add(f'<rect x="{left + 330}" {box} fill="{TINTS[0]}"/><rect x="{left + 348}" {box} fill="{TINTS[1]}"/>')
    drawing.text(left + 394, y, "有变动的网格 grids that change; 其余不动 all others stay", font_size="18", fill=INK)
    words = (
        f"原有住户中{moved}户改换网格。 Of the households that lived there, {moved} change grid.  "
        "数字为户数，专为专属网格 numbers: households; 专: dedicated"
    )
    drawing.text(left, y + 32, words, font_size="17", fill=INK_2)
