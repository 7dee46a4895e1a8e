"""The demo town's plan beside METIS's plan of the same cells."""

from pathlib import Path
from typing import Any

import numpy as np

from bench.partition.bare import BAND
from bench.partition.ground import written
from bench.partition.pictures.drawing import BREACH_OPACITY, INK, INK_2, PAPER, RED, Drawing, Window, photographed
from bench.partition.pictures.ground import Scene, anchors, borders, tinted, under
from bench.partition.real import asked_of_us, task
from bench.partition.ruled import town_arrays, town_quality
from bench.partition.runs import Caller, interleaved

BOUNDS = (767_770.0, 3_093_990.0, 769_330.0, 3_095_330.0)
WIDE, GAP, TOP, PANEL = 1480, 28, 116, 706
TITLES = (
    ("METIS", "pymetis, 合理调用 called well"),
    ("网格 Wangge", "沿道路、河流、围墙 follows the ground"),
)


def draw(scene: Scene, plans: list[tuple[Any, dict[str, Any], Any]]) -> Path:
    """Draw both plans side by side."""
    high = round(PANEL * (BOUNDS[3] - BOUNDS[1]) / (BOUNDS[2] - BOUNDS[0]))
    drawing = Drawing(WIDE, TOP + high + 84)
    drawing.add(f'<rect width="{WIDE}" height="{drawing.high}" fill="{PAPER}"/>')
    drawing.add(
        '<defs><pattern id="breach" width="11" height="11" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="4" height="11" fill="{RED}" fill-opacity="{BREACH_OPACITY}"/></pattern></defs>'
    )
    left = (WIDE - 2 * PANEL - GAP) / 2
    for place, (title, (labels, quality, dedicated)) in enumerate(zip(TITLES, plans, strict=True)):
        window = Window(left + place * (PANEL + GAP), TOP, PANEL, high, BOUNDS)
        panel(drawing, window, scene, labels, dedicated)
        heading(drawing, window, title, quality)
    legend(drawing, left, TOP + high + 36)
    return photographed(drawing, "partition_metis")


def both(scene: Scene, folder: Path) -> list[tuple[Any, dict[str, Any], Any]]:
    """Return labels, quality and dedicated grids of METIS's plan and of ours."""
    cells, _ = scene.frames
    arrays, inner = town_arrays(*scene.frames)
    graph = written(folder / "town.npz", arrays)
    metis = Caller("METIS", "peers.metis", (str(graph), "well", str(sum(BAND) / 2)))
    ours = asked_of_us(task(folder, "town", scene.frames, **scene.asked))
    plans = []
    for outcome in interleaved([metis, ours], folder, rounds=1).values():
        if outcome.failed is not None:
            raise SystemExit(f"{outcome.caller.name}: {outcome.failed}")
        quality = town_quality(cells, arrays, inner, outcome.labels, scene.cells, outcome)
        plans.append((outcome.labels, quality, outcome.answer.get("dedicated", np.empty(0, dtype=np.int64))))
    return plans


def panel(drawing: Drawing, window: Window, scene: Scene, labels: Any, dedicated: Any) -> None:
    """Draw one plan."""
    drawing.clipped(window, f"panel{window.left:.0f}")
    tinted(drawing, window, scene, labels)
    households = np.bincount(labels, weights=scene.frames[0]["households"])
    is_broken = (households < BAND[0]) | (households > BAND[1]) | (pieces(scene, labels) > 1)
    is_broken[dedicated] = False
    under(drawing, window, scene)
    drawing.shapes(window, scene.cells[is_broken[labels]], fill="url(#breach)")
    borders(drawing, window, scene, labels)
    for grid, place in enumerate(anchors(scene, labels, window)):
        if place is not None:
            x, y = window.placed(place)
            words = "专" if grid in dedicated else f"{households[grid]:.0f}"
            colour = RED if is_broken[grid] else INK
            drawing.text(
                x, y + 6, words, text_anchor="middle", font_size="17", font_weight="700", fill=colour,
                stroke="#fffefb", stroke_width="4", paint_order="stroke", stroke_linejoin="round",
            )  # fmt: skip
    drawing.closed()


def pieces(scene: Scene, labels: Any) -> Any:
    """Return in how many pieces on foot each grid's land is."""
    from bench.partition.quality import pieces_of

    cells, _ = scene.frames
    dry = (cells["kind"] != "water").to_numpy()
    counts = np.ones(int(labels.max()) + 1, dtype=np.int64)
    counts[np.unique(labels[dry])] = pieces_of(town_arrays(*scene.frames)[0], labels, dry)
    return counts


def heading(drawing: Drawing, window: Window, title: tuple[str, str], quality: dict[str, Any]) -> None:
    """Write what the panel shows, and its figures for the whole town."""
    share, zones = round(100 * quality["border_on_no_line"]), quality["zones"]
    wrong = quality["out_of_band"] + quality["in_pieces_on_foot"]
    drawing.text(window.left + 2, 36, title[0], font_size="27", font_weight="700", fill=INK)
    drawing.text(window.left + window.wide - 2, 36, title[1], font_size="18", fill=INK_2, text_anchor="end")
    figures = (
        (window.left + 2, f"{share}%", "的边界无路、水、墙可依", "of borders on no line"),
        (
            window.left + window.wide * 0.43,
            f"{wrong}",
            f"个网格越界或被隔断（共{zones}个）",
            f"of {zones} grids break a rule",
        ),
    )
    for x, figure, zh, en in figures:
        drawing.text(x, 86, figure, font_size="36", font_weight="700", fill=RED if figure != "0" else INK)
        words = x + 10 + sum(32 if letter == "%" else 20.5 for letter in figure)
        drawing.text(words, 73, zh, font_size="17", fill=INK)
        drawing.text(words, 94, en, font_size="17", fill=INK_2)


def legend(drawing: Drawing, left: float, y: float) -> None:
    """Explain lines, letters and hatching."""
    lines = (
        (0, f'stroke="{RED}" stroke-width="4.5"', "边界无依托", "no line"),
        (222, f'stroke="{INK}" stroke-width="2.6"', "沿路、水、墙", "on a line"),
        (470, f'stroke="{INK}" stroke-width="5.5"', "社区边界", "community"),
    )
    for x, line, zh, en in lines:
        x += left + 4
        drawing.add(f'<line x1="{x}" y1="{y - 6}" x2="{x + 38}" y2="{y - 6}" stroke-linecap="round" {line}/>')
        drawing.text(x + 48, y, f"{zh} {en}", font_size="17", fill=INK)
    x = left + 710
    drawing.add(f'<rect x="{x}" y="{y - 17}" width="38" height="22" fill="url(#breach)" stroke="{RED}"/>')
    drawing.text(x + 48, y, "户数越界或步行不连通 out of band or in pieces", font_size="17", fill=INK)
    drawing.text(x + 478, y, "专", font_size="17", font_weight="700", fill=INK)
    drawing.text(x + 506, y, "专属网格 dedicated grid", font_size="17", fill=INK)
    drawing.text(
        left + 4, y + 32, "虚构的演示县城，同一批地块；数字为户数，每格应有300—500户。上方数字为全城。  "
        "Invented town, same cells; numbers: households (300-500 asked); figures on top: whole town.",
        font_size="15", fill=INK_2,
    )  # fmt: skip
