"""A grid on a sheet: its outline over streets and buildings, its neighbours by name, a scale - one small SVG.

Coordinates in metres of one local zone; the sheet is `SIZE` units wide and drawn to the grid and a margin around it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.words import environment

SIZE = 1000
MARGIN_SHARE, ROOM_SHARE = 0.12, 0.02
SCALES_M = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
Place = Callable[[NDArray[np.float64]], NDArray[np.float64]]
WIDTHS_M = {"major": 14.0, "minor": 7.0, "path": 2.5}


@dataclass(frozen=True, slots=True)
class GridSheet:
    """What a sheet shows; texts are in the reader's language already.

    Attributes
    ----------
    grid, neighbours, buildings, water
        Polygons in metres; neighbours with their names.
    streets
        Lines in metres, each with its look: one of `WIDTHS_M`.
    notes
        Lines below the title.
    """

    title: str
    notes: Sequence[str]
    grid: shapely.Geometry
    neighbours: Sequence[tuple[shapely.Geometry, str]]
    buildings: Sequence[shapely.Geometry]
    water: Sequence[shapely.Geometry]
    streets: Sequence[tuple[shapely.Geometry, str]]
    attribution: str


def window_of(grid: shapely.Geometry) -> shapely.Polygon:
    """Return what of the ground a grid's sheet shows: its box and a margin, in its own units."""
    west, south, east, north = shapely.bounds(grid)
    pad = MARGIN_SHARE * max(east - west, north - south, 1.0)
    box: shapely.Polygon = shapely.box(west - pad, south - pad, east + pad, north + pad)
    return box


def sheet_svg(sheet: GridSheet) -> str:
    """Return the sheet as SVG that stands alone."""
    window = window_of(sheet.grid)
    west, south, east, north = shapely.bounds(window)
    scale = SIZE / (east - west)
    height = round((north - south) * scale)

    def place(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([(points[:, 0] - west) * scale, (north - points[:, 1]) * scale])

    def paths(shapes: Sequence[shapely.Geometry]) -> list[str]:
        seen = shapely.clip_by_rect(np.array(shapes, dtype=object), west, south, east, north)
        return [path for path in map(_path, shapely.transform(seen, place)) if path]

    bar_m = max((length for length in SCALES_M if length * scale <= SIZE / 4), default=SCALES_M[0])
    return environment("zh").get_template("grid_sheet.svg").render(
        sheet=sheet,
        width=SIZE,
        height=height,
        grid=paths([sheet.grid]),
        neighbours=paths([shape for shape, _ in sheet.neighbours]),
        names=[(*_middle(shape, place), name) for shape, name in _seen(sheet.neighbours, window)],
        buildings=paths(sheet.buildings),
        water=paths(sheet.water),
        streets=[
            (WIDTHS_M[look] * scale, path)
            for look in ("path", "minor", "major")
            for path in paths([line for line, kind in sheet.streets if kind == look])
        ],
        bar=(bar_m, bar_m * scale),
    )  # fmt: skip


def _seen(
    neighbours: Sequence[tuple[shapely.Geometry, str]], window: shapely.Polygon
) -> list[tuple[shapely.Geometry, str]]:
    """Return what is seen of each neighbour, where there is room for its name."""
    parts = [(shapely.intersection(shape, window), name) for shape, name in neighbours]
    return [(seen, name) for seen, name in parts if shapely.area(seen) > ROOM_SHARE * shapely.area(window)]


def _middle(shape: shapely.Geometry, place: Place) -> tuple[float, float]:
    ((x, y),) = place(shapely.get_coordinates(shapely.point_on_surface(shape)))
    return round(float(x), 1), round(float(y), 1)


def _path(shape: shapely.Geometry) -> str:
    lines = (line for part in shapely.get_parts(shape) for line in _lines(part))
    return "".join(_line(shapely.get_coordinates(line), isinstance(line, shapely.LinearRing)) for line in lines)


def _lines(part: shapely.Geometry) -> list[shapely.LineString]:
    if isinstance(part, shapely.Polygon):
        return [part.exterior, *part.interiors]
    return [part] if isinstance(part, shapely.LineString) else []


def _line(points: NDArray[np.float64], is_ring: bool) -> str:
    steps = " ".join(f"{x:g},{y:g}" for x, y in np.round(points, 1))
    return f"M{steps}{'z' if is_ring else ''}" if len(points) > 1 else ""
