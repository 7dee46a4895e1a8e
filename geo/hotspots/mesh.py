"""Mesh: a plane of equal cells, squares or hexagons, in which points are counted.

Cells are numbered by row from south to north, in a row from west to east. A square's neighbours are the eight around
it, also those at its corners (queen); a hexagon's are the six that share a side. Hexagons stand on a corner, and
every second row is moved half a cell to the east.

Everything is in metres of one metric CRS, the caller's (`geo.crs.metric_crs_of`).
Limits: a mesh covers a rectangle. Cells beyond the town, where nothing can happen, are the caller's to name: what is
asked about them takes `inside`, a mask of the cells that count, and leaves the others out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, NoReturn, get_args

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import BadSettingError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]
Bounds = tuple[float, float, float, float]
Kind = Literal["square", "hexagon"]

CELLS_MAX = 4_000_000
CHUNK = 32_768
BLOCK = 16_384
RIM_STEPS = 1.5
SQUARE_CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
HEXAGON_CORNERS = np.array([(0, -2), (1, -1), (1, 1), (0, 2), (-1, 1), (-1, -1), (0, -2)])
SQUARE_STEPS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
EVEN_STEPS = ((-1, -1), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 0))
ODD_STEPS = ((-1, 0), (-1, 1), (0, -1), (0, 1), (1, 0), (1, 1))


@dataclass(frozen=True)
class Mesh:
    """Equal cells over a rectangle.

    Parameters
    ----------
    kind
        "square" or "hexagon".
    cell_m
        Side of a square; distance between opposite sides of a hexagon.
    origin_m
        South-west corner of the rectangle about all cells, (x, y).
    rows, columns
        How many cells there are to the north and to the east.
    """

    kind: Kind
    cell_m: float
    origin_m: tuple[float, float]
    rows: int
    columns: int

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.rows * self.columns

    @property
    def step_m(self) -> tuple[float, float]:
        """The lattice on which all corners lie, to the east and to the north: sides, or halves of a hexagon's."""
        if self.kind == "square":
            return self.cell_m, self.cell_m
        return self.cell_m / 2, self.cell_m / (2 * 3**0.5)


class Neighbours(NamedTuple):
    """Which cells lie around each: those of cell i are `node[start[i]:start[i + 1]]`, never i itself, each once."""

    start: Ints
    node: Ints


Near = Mesh | Neighbours


def mesh_over(bounds: Bounds, *, cell_m: float, kind: Kind = "square") -> Mesh:
    """Return the mesh whose cells cover a rectangle.

    Parameters
    ----------
    bounds
        West, south, east, north in metres, the rectangle's edges included.
    cell_m
        Side of a square; distance between opposite sides of a hexagon.

    Raises
    ------
    BadSettingError
        A number is out of its range, or there would be more than four million cells.
    """
    west, south, east, north = (float(bound) for bound in bounds)
    if not (np.isfinite(bounds).all() and east >= west and north >= south):
        _refuse("bounds", bounds, "west and south must come before east and north", "西、南界应小于东、北界")
    if not 0 < cell_m < np.inf:
        _refuse("cell_m", cell_m, "it must be above 0", "必须大于 0")
    if kind not in get_args(Kind):
        _refuse("kind", kind, "it is square or hexagon", "应为 square 或 hexagon")
    if ((east - west) / cell_m + 2) * ((north - south) / cell_m + 2) > CELLS_MAX:
        _refuse("cell_m", cell_m, "there would be more than four million cells", "单元将超过四百万个")
    if kind == "square":
        columns, rows = (max(1, int(np.ceil(wide / cell_m))) for wide in (east - west, north - south))
        return Mesh(kind, cell_m, (west, south), rows, columns)
    mesh = Mesh(kind, cell_m, (0.0, 0.0), 1, 1)
    step_x, step_y = mesh.step_m
    # so much margin that the saw-tooth rim, and rounding, lie outside the rectangle
    west, south = west - RIM_STEPS * step_x, south - RIM_STEPS * step_y
    rows, columns = int((north - south) / step_y // 3) + 1, int((east - west) / step_x // 2) + 1
    return replace(mesh, origin_m=(west, south), rows=rows, columns=columns)


def cells_of(mesh: Mesh, xy: Floats) -> Ints:
    """Return the cell of every point, -1 outside the mesh.

    Parameters
    ----------
    xy
        (n, 2) metres.

    Returns
    -------
    numpy.ndarray
        (n,) A point on the side between two cells lies in the eastern or northern one; on the outer edges of a mesh
        of squares it lies in the last. A point has one cell, the same every time; where coordinates of the side itself
        are rounded, that is the cell on either side of it.

    Raises
    ------
    BadSettingError
        A coordinate is not a number.
    """
    return _placed(mesh, xy).astype(np.int64)


def counts(mesh: Mesh, xy: Floats, weights: Floats | None = None) -> npt.NDArray[np.int64] | Floats:
    """Return how many points lie in each cell, or the sum of their weights.

    Parameters
    ----------
    xy
        (n, 2) metres; points outside the mesh are not counted.
    weights
        (n,) What each point counts; one if not given.

    Returns
    -------
    numpy.ndarray
        (cells,) int64, or float64 with weights.

    Raises
    ------
    BadSettingError
        A coordinate is not a number, or weights are not as many as points.
    """
    cell = _placed(mesh, xy)
    if weights is not None and np.shape(weights) != cell.shape:
        _refuse("weights", np.shape(weights), f"one for each of {len(cell)} points is needed", "每个点需要一个权重")
    if len(cell) and cell.min() < 0:
        kept = cell >= 0
        cell, weights = cell[kept], None if weights is None else np.asarray(weights)[kept]
    return np.bincount(cell, weights, minlength=mesh.cells)


def neighbours(mesh: Mesh, *, inside: Bools | None = None) -> Neighbours:
    """Return the cells around each cell, in ascending order.

    Parameters
    ----------
    inside
        (cells,) Which cells count; the others have no neighbours and are nobody's. All if not given.
    """
    row, column = np.divmod(np.arange(mesh.cells, dtype=np.int32), np.int32(mesh.columns))
    steps = np.array(SQUARE_STEPS if mesh.kind == "square" else EVEN_STEPS, dtype=np.int32)
    up, right = steps[:, 0], np.broadcast_to(steps[:, 1], (mesh.cells, len(steps)))
    if mesh.kind == "hexagon":
        right = np.where((row % 2 == 1)[:, None], np.array(ODD_STEPS, dtype=np.int32)[:, 1], right)
    to_row, to_column = row[:, None] + up, column[:, None] + right
    there = (to_row >= 0) & (to_row < mesh.rows) & (to_column >= 0) & (to_column < mesh.columns)
    node = np.where(there, to_row * mesh.columns + to_column, 0)
    if inside is not None:
        there &= inside[:, None] & inside[node]
    start = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    return Neighbours(start.astype(np.int64), node[there].astype(np.int64))


def sums_about(near: Near, values: Floats) -> Floats:
    """Return for every cell the sum of its own value and its neighbours'.

    Parameters
    ----------
    near
        A mesh, all cells of it, which needs no list of neighbours; or neighbours of cells of any shape.
    values
        (n,) No NaN: cells that do not count are 0.
    """
    if isinstance(near, Mesh):
        grid = values.reshape(near.rows, near.columns)
        return (_square_sums(grid) if near.kind == "square" else _hexagon_sums(grid)).ravel()
    start, node = near
    total = np.array(values, dtype=np.float64)
    filled = np.flatnonzero(start[1:] > start[:-1])
    if len(filled):
        total[filled] += np.add.reduceat(np.asarray(values, dtype=np.float64)[node], start[filled])
    return total


def polygons(mesh: Mesh, cells: Ints) -> Shapes:
    """Return the outlines of cells, (n,) Polygon in metres: neighbours share their corners to the last digit."""
    row, column = np.divmod(np.asarray(cells, dtype=np.int64), mesh.columns)
    if mesh.kind == "square":
        u, v, corners = column, row, SQUARE_CORNERS
    else:
        u, v, corners = 2 * column + 1 + row % 2, 3 * row + 2, HEXAGON_CORNERS
    lattice = np.stack([u, v], axis=-1)[:, None, :] + corners
    return np.asarray(shapely.polygons(np.array(mesh.origin_m) + lattice * np.array(mesh.step_m)), dtype=object)


def _placed(mesh: Mesh, xy: Floats) -> Small:
    """Return the cell of every point, -1 outside; a part at a time, so that the work stays in the cache."""
    xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    (west, south), (wide, high) = mesh.origin_m, mesh.step_m
    place: Callable[[Mesh, Floats, Floats], Small] = _square_of if mesh.kind == "square" else _hexagon_of
    cell = np.empty(len(xy), dtype=np.int32)
    room = np.empty((2, min(CHUNK, len(xy))))
    for first in range(0, len(xy), CHUNK):
        part = xy[first : first + CHUNK]
        u, v = room[:, : len(part)]
        np.divide(np.subtract(part[:, 0], west, out=u), wide, out=u)
        np.divide(np.subtract(part[:, 1], south, out=v), high, out=v)
        cell[first : first + CHUNK] = place(mesh, u, v)
    return cell


def _square_of(mesh: Mesh, u: Floats, v: Floats) -> Small:
    """Return the squares of points given in sides from the origin."""
    if u.min() >= 0 and v.min() >= 0 and u.max() < mesh.columns and v.max() < mesh.rows:
        place = v.astype(np.int32)
        place *= np.int32(mesh.columns)
        place += u.astype(np.int32)
        return place
    _require_numbers(u, v)
    return _kept(mesh, _closed(u, mesh.columns), _closed(v, mesh.rows))


def _closed(along: Floats, count: int) -> Floats:
    """Return whole numbers; the last edge belongs to the last cell."""
    return np.where(along == count, count - 1.0, np.floor(along))


def _hexagon_of(mesh: Mesh, u: Floats, v: Floats) -> Small:
    """Return the hexagons of points given in half widths and half sides from the origin.

    Three half sides are a row; in the first of them the tops of the row below stand between this row's feet.
    """
    _require_numbers(u, v)
    row = np.floor(v / 3)
    odd = row - 2 * np.floor(row / 2)
    column = np.floor((u - odd) / 2)
    is_below = v - 3 * row < np.abs(u - odd - 2 * column - 1)
    column = np.where(is_below, np.floor((u - (1 - odd)) / 2), column)
    return _kept(mesh, column, row - is_below)


def _require_numbers(u: Floats, v: Floats) -> None:
    if not (np.isfinite(u).all() and np.isfinite(v).all()):
        _refuse("xy", "NaN", "every coordinate must be a number of metres", "每个坐标都必须是以米为单位的数")


def _kept(mesh: Mesh, column: Floats, row: Floats) -> Small:
    """Return cells, -1 for those that the mesh does not have."""
    there = (column >= 0) & (column < mesh.columns) & (row >= 0) & (row < mesh.rows)
    return np.where(there, row * mesh.columns + column, -1).astype(np.int32)


def _square_sums(grid: Floats) -> Floats:
    """Return sums over three by three cells, some rows at a time: what is written is read again while it is near."""
    rows, columns = grid.shape
    total, step = np.empty((rows, columns)), max(1, BLOCK // columns)
    room = np.zeros((min(step, rows), columns + 2))
    for first in range(0, rows, step):
        last = min(first + step, rows)
        wide, low, high = room[: last - first], max(first - 1, 0), min(last + 1, rows)
        middle, out = wide[:, 1:-1], total[first:last]
        middle[...] = grid[first:last]
        middle[low + 1 - first :] += grid[low : last - 1]
        middle[: high - 1 - first] += grid[first + 1 : high]
        np.add(wide[:, :-2], middle, out=out)
        out += wide[:, 2:]
    return total


def _hexagon_sums(grid: Floats) -> Floats:
    """Return sums over a hexagon and the six around it."""
    rows, columns = grid.shape
    wide = np.zeros((rows + 2, columns + 2))
    wide[1:-1, 1:-1] = grid
    total = wide[1:-1, :-2] + wide[1:-1, 1:-1] + wide[1:-1, 2:]
    beside = wide[:-2] + wide[2:]
    total += beside[:, 1:-1]
    total[0::2] += beside[0::2, :-2]
    total[1::2] += beside[1::2, 2:]
    return np.asarray(total, dtype=np.float64)


def _refuse(what: str, value: object, reason: str, reason_zh: str) -> NoReturn:
    raise BadSettingError(what=what, value=value, reason=reason, reason_zh=reason_zh)
