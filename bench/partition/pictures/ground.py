"""The demo town as it is drawn: cells, what lies between them, and the streets and water under the plan."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from bench.partition.bare import Frames
from bench.partition.pictures.drawing import BUILDING, INK, RED, STREET, TINTS, WATER, Drawing, Window
from bench.partition.towns import LINES, framed

STREET_M = {"primary": 16.0, "secondary": 13.0, "tertiary": 10.0, "residential": 6.0, "service": 4.0}
SEED, SPECK_M2 = 1, 120.0
CRISP = {"shape_rendering": "crispEdges"}  # soft edges everywhere would double the file


@dataclass
class Scene:
    """A town in metres: cells, their shared segments with what lies on each, streets, water, buildings."""

    frames: Frames
    asked: dict[str, Any]
    cells: Any
    ends: Any
    left: Any
    right: Any
    kind: Any
    inner: Any
    streets: gpd.GeoDataFrame
    water: Any
    rail: Any
    buildings: Any

    @property
    def on_line(self) -> Any:
        """Whether each segment runs on a road, water, wall or rail."""
        return np.isin(self.kind.astype(str), LINES)


def demo_scene() -> Scene:
    """Return the town that `make demo` shows."""
    from data.demo import draw_town
    from data.profiles import load_profile
    from geo.edges import shared_edges

    profile = load_profile("demo")
    town = draw_town(profile, scale=1.0, seed=SEED)
    frames, asked = framed(town, profile)
    cells, borders = frames
    crs = cells.estimate_utm_crs()
    edges = shared_edges(cells.geometry.to_numpy())
    ends = metric(edges.ends(), crs)
    ids = cells.index.to_numpy()
    keys = pd.MultiIndex.from_arrays([ids[edges.left], ids[edges.right]])
    kinds = borders.set_index(["cell_a", "cell_b"])["kind"].reindex(keys)
    area = cells["area_code"].to_numpy()
    barriers = town.barriers.to_crs(crs)
    return Scene(
        frames=frames, asked=asked, cells=cells.geometry.to_crs(crs).to_numpy(),
        ends=ends, left=edges.left, right=edges.right,
        kind=kinds.fillna("none").to_numpy(), inner=area[edges.left] == area[edges.right],
        streets=town.streets.to_crs(crs),
        water=list(barriers.geometry[barriers["kind"] == "water"]),
        rail=list(barriers.geometry[barriers["kind"] == "rail"]),
        buildings=large(town.buildings.to_crs(crs).geometry.to_numpy()),
    )  # fmt: skip


def large(shapes: Any) -> Any:
    """Return the buildings that are more than a speck at this scale."""
    return shapes[shapely.area(shapes) > SPECK_M2]


def metric(ends: Any, crs: Any) -> Any:
    """Return segments in degrees as segments in metres."""
    import pyproj

    there = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    return np.stack(there.transform(ends[..., 0], ends[..., 1]), axis=-1)


def under(drawing: Drawing, window: Window, scene: Scene, *, buildings: bool = True) -> None:
    """Draw water, buildings, streets and rails."""
    if buildings:
        drawing.shapes(window, scene.buildings, fill=BUILDING, **CRISP)
    drawing.shapes(window, scene.water, fill=WATER)
    for road_class, wide in STREET_M.items():
        lines = scene.streets.geometry[scene.streets["road_class"] == road_class]
        drawing.shapes(
            window, lines, fill="none", stroke=STREET, stroke_width=f"{max(wide * window.scale, 1.4):.1f}",
            stroke_linecap="round", stroke_linejoin="round",
        )  # fmt: skip
    drawing.shapes(window, scene.rail, fill="none", stroke="#5d574d", stroke_width="3.2")
    drawing.shapes(window, scene.rail, fill="none", stroke=STREET, stroke_width="1.6", stroke_dasharray="7 7")


def tinted(drawing: Drawing, window: Window, scene: Scene, labels: Any) -> None:
    """Fill the grids so that neighbours differ."""
    tint = tints_of(scene, labels)[labels]
    for number, colour in enumerate(TINTS):
        drawing.shapes(window, scene.cells[tint == number], fill=colour, **CRISP)


def tints_of(scene: Scene, labels: Any) -> Any:
    """Return a tint for each grid 0..k-1: of those no neighbour has, the one used least so far."""
    parted = labels[scene.left] != labels[scene.right]
    pairs = np.unique(np.column_stack([labels[scene.left], labels[scene.right]])[parted], axis=0)
    beside: dict[int, set[int]] = {}
    for a, b in pairs.tolist():
        beside.setdefault(a, set()).add(b)
        beside.setdefault(b, set()).add(a)
    tint, used = np.full(int(labels.max()) + 1, -1), np.zeros(len(TINTS), dtype=np.int64)
    for grid in sorted(beside, key=lambda grid: (-len(beside[grid]), grid)):
        taken = {int(tint[other]) for other in beside[grid]}
        free = [number for number in range(len(TINTS)) if number not in taken] or list(range(len(TINTS)))
        tint[grid] = min(free, key=lambda number: (used[number], number))
        used[tint[grid]] += 1
    return np.maximum(tint, 0)


def borders(drawing: Drawing, window: Window, scene: Scene, labels: Any) -> None:
    """Draw the borders of grids: red where no line runs, dark on a line, broader between communities."""
    parted = labels[scene.left] != labels[scene.right]
    line = {"stroke_linecap": "round", "stroke_linejoin": "round"}
    drawing.segments(window, scene.ends[parted & scene.inner], stroke="#fffefb", stroke_width="5.5", **line)
    drawing.segments(window, scene.ends[parted & ~scene.inner], stroke=INK, stroke_width="4.6", **line)
    drawing.segments(window, scene.ends[parted & scene.inner & scene.on_line], stroke=INK, stroke_width="2.4", **line)
    drawing.segments(window, scene.ends[parted & scene.inner & ~scene.on_line], stroke=RED, stroke_width="3.8", **line)


def anchors(scene: Scene, labels: Any, window: Window) -> Any:
    """Return a place to write on each grid 0..k-1: inside what the window shows of it; None where it shows little."""
    found = []
    for grid in range(int(labels.max()) + 1):
        ground = shapely.intersection(shapely.union_all(scene.cells[labels == grid]), window.box())
        is_seen = shapely.area(ground) > 2500
        found.append(shapely.maximum_inscribed_circle(largest(ground)).coords[0] if is_seen else None)
    return found


def largest(ground: Any) -> Any:
    """Return the largest part."""
    parts = shapely.get_parts(ground)
    return parts[np.argmax(shapely.area(parts))]
