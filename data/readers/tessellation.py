"""Tessellation: somebody's polygons as the cells that plans are made of, and which row is in which cell.

Rows that stand on the same ground, to the last bit, are one cell (unless they differ in a column that
matters here). Cells are numbered by where they are, never by row: the same rows in another order make the
same cells with the same numbers.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.readers.columns import Groups, amounts, bad_column, flags, groups, shown
from data.readers.files import unshifted
from data.readers.layer import Layer
from data.readers.layers import UNREADABLE
from geo.edges import Bools, Floats, Ints, Shapes
from geo.errors import EmptyFrameError
from geo.tiles import REASONS, tiles_of

DECIMALS_EXACT, DECIMALS_ROUNDED = 3, 6
FAULTS = {**REASONS, "unreadable": UNREADABLE}


@dataclass(frozen=True)
class Columns:
    """Which column says what; None where nobody said."""

    households: str
    people: str | None = None
    within: str | None = None
    keep: str | None = None
    lock: str | None = None
    whole: str | None = None
    unbroken: str | None = None


@dataclass(frozen=True, eq=False)
class Counted:
    """Amounts as whole numbers: (n,) `units`, `scale` of them to one; `is_exact`: nothing was rounded."""

    exact: Floats
    empty: Bools
    units: Ints
    scale: int
    is_exact: bool


@dataclass(frozen=True, eq=False)
class Tessellation:
    """What became of a layer's rows.

    Attributes
    ----------
    cells
        index cell_id 0..n-1, by place; EPSG:4326, valid; area_code, kind ("land"), households and people (whole units,
        see `households.scale`), compound_id, unit_id, before (code of the old grid as text, None where none).
    cell_of_row
        (r,) cell of each row, -1 where it has none.
    fault
        (r,) key of `FAULTS`, "" for a good row.
    mended
        (r,) whether the row's polygon was invalid and is mended for the calculation.
    households, people
        (r,) of the rows.
    areas
        By area_code: the value of the column `within`, None for rows without one.
    old
        The old grids, None without `keep`.
    locked
        Codes of the old grids that stay as they are, as text; those without any ground are left out.
    across
        Column to values of groups that lie in more than one area.
    """

    cells: gpd.GeoDataFrame
    cell_of_row: Ints
    fault: Shapes
    mended: Bools
    households: Counted
    people: Counted
    areas: pd.Series
    old: Groups | None
    locked: tuple[str, ...]
    across: dict[str, list[object]]


def read_tessellation(layer: Layer, columns: Columns) -> Tessellation:
    """Return the rows of a layer as cells.

    Raises
    ------
    MissingColumnsError
        A column is not there.
    BadColumnError
        Households, people or locks cannot be read, or a locked grid cannot be kept as it is.
    EmptyFrameError
        No row has ground.
    """
    households = counted(*amounts(layer.column(columns.households), columns.households))
    people = counted(*_amounts(layer, columns.people))
    within, keep = _groups(layer, columns.within), _groups(layer, columns.keep)
    whole, unbroken = _groups(layer, columns.whole), _groups(layer, columns.unbroken)
    locked = _locked(layer, columns, within, keep)
    tiles = tiles_of(layer.shapes, layer.crs)
    fault = tiles.fault.copy()
    fault[layer.unreadable.astype(bool)] = "unreadable"
    rows = np.flatnonzero(fault == "")
    if len(rows) == 0:
        raise EmptyFrameError(what=layer.path.name, mend="No row has a polygon. / 没有任何面。")
    shapes = unshifted(tiles.shapes, layer.datum).to_numpy()
    keys = np.column_stack([group.code for group in (within, keep, whole, unbroken)])
    order, cell = _numbered(shapes[rows], keys[rows], households.units[rows])
    cell_of_row = np.full(len(fault), -1, dtype=np.int64)
    cell_of_row[rows[order]] = cell
    first = rows[order][np.unique(cell, return_index=True)[1]]
    codes = _area_codes(within)
    cells = gpd.GeoDataFrame(
        {
            "area_code": codes[within.code[first]],
            "kind": "land",
            "households": np.bincount(cell_of_row[rows], households.units[rows]).astype(np.int64),
            "people": np.bincount(cell_of_row[rows], people.units[rows]).astype(np.int64),
            "compound_id": _in_area(whole.code[first], within.code[first]),
            "unit_id": _in_area(unbroken.code[first], within.code[first]),
            "before": pd.Series(keep.code[first]).astype(str).where(keep.code[first] >= 0, None).to_numpy(object),
        },
        geometry=shapes[first],
        index=pd.RangeIndex(len(first), name="cell_id"),
        crs=tiles.shapes.crs,
    )
    return Tessellation(
        cells=cells, cell_of_row=cell_of_row, fault=fault, mended=tiles.mended, households=households, people=people,
        areas=pd.Series([*map(shown, within.values.to_pylist()), None], index=codes, dtype=object),
        old=keep if columns.keep else None,
        locked=tuple(str(code) for code in locked if code in keep.code[rows]),
        across={name: _across(group, within) for name, group in ((columns.whole, whole), (columns.unbroken, unbroken))
                if name is not None},
    )  # fmt: skip


def counted(values: Floats, empty: Bools) -> Counted:
    """Return amounts in whole units: ones, tenths ... thousandths where that is exact, else rounded millionths."""
    for decimals in range(DECIMALS_EXACT + 1):
        units = np.rint(values * 10**decimals)
        if np.allclose(units, values * 10**decimals, rtol=0, atol=1e-6):
            return Counted(values, empty, units.astype(np.int64), 10**decimals, True)
    units = np.rint(values * 10**DECIMALS_ROUNDED)
    return Counted(values, empty, units.astype(np.int64), 10**DECIMALS_ROUNDED, False)


def _amounts(layer: Layer, name: str | None) -> tuple[Floats, Bools]:
    if name is None:
        return np.zeros(layer.table.num_rows), np.zeros(layer.table.num_rows, dtype=bool)
    return amounts(layer.column(name), name)


def _groups(layer: Layer, name: str | None) -> Groups:
    if name is None:
        return Groups(
            np.full(layer.table.num_rows, -1, dtype=np.int64), groups(layer.table.column(0).slice(0, 0)).values
        )
    return groups(layer.column(name))


def _locked(layer: Layer, columns: Columns, within: Groups, keep: Groups) -> tuple[int, ...]:
    """Return the codes of the old grids that are locked; raise where one cannot stay as it is."""
    if columns.lock is None:
        return ()
    rows = flags(layer.column(columns.lock), columns.lock)
    if (rows & (keep.code < 0)).any():
        raise bad_column(
            columns.lock, rows & (keep.code < 0), f"locked, but without an old grid in {columns.keep}",
            f"已锁定，但 {columns.keep} 列没有原网格",
        )  # fmt: skip
    locked = np.unique(keep.code[rows])
    pairs = np.unique(np.column_stack([keep.code, within.code])[np.isin(keep.code, locked)], axis=0)
    codes, areas = np.unique(pairs[:, 0], return_counts=True)
    split = np.isin(keep.code, codes[areas > 1])
    if split.any():
        raise bad_column(
            columns.lock, split, f"the locked grid lies in several values of {columns.within}",
            f"锁定的网格跨越了 {columns.within} 的多个值",
        )  # fmt: skip
    return tuple(int(code) for code in locked)


def _area_codes(within: Groups) -> Shapes:
    """Return the area code of each group, and last that of rows without one; numbers sort as numbers."""
    texts = [str(shown(value)) for value in within.values.to_pylist()]
    width = max(map(len, texts), default=0) if all(text.isdigit() for text in texts) else 0
    return np.array([*(text.zfill(width) for text in texts), ""], dtype=object)


def _in_area(code: Ints, area: Ints) -> pd.api.extensions.ExtensionArray:
    """Return groups told apart by area, null where there is none."""
    made = np.unique(np.column_stack([code, area]), axis=0, return_inverse=True)[1].ravel()
    numbers = pd.array(made, dtype="Int64")
    numbers[code < 0] = pd.NA
    return numbers


def _across(group: Groups, within: Groups) -> list[object]:
    """Return the values of groups that lie in more than one area."""
    pairs = np.unique(np.column_stack([group.code, within.code])[group.code >= 0], axis=0)
    codes, areas = np.unique(pairs[:, 0], return_counts=True)
    return [shown(group.values[int(code)].as_py()) for code in codes[areas > 1]]


def _numbered(shapes: Shapes, keys: Ints, units: Ints) -> tuple[Ints, Ints]:
    """Return the order of rows by place, and the cell of each in that order: same ground and keys, same cell."""
    middles = shapely.centroid(shapes)
    x, y, area = shapely.get_x(middles), shapely.get_y(middles), shapely.area(shapes)
    place = np.column_stack([x, y, area])
    order = np.lexsort((area, y, x))
    same = np.zeros(len(shapes), dtype=bool)
    twins = np.flatnonzero((place[order][1:] == place[order][:-1]).all(axis=1))
    same[order[twins]] = same[order[twins + 1]] = True
    # Outlines are only compared where middle and area are equal.
    outline = np.zeros(len(shapes), dtype=np.int64)
    blobs = shapely.to_wkb(shapes[same])
    outline[same] = np.unique(np.asarray(blobs, dtype=object), return_inverse=True)[1]
    order = np.lexsort((units, *keys.T[::-1], outline, area, y, x))
    known = np.column_stack([place, outline, keys])[order]
    changes = (known[1:] != known[:-1]).any(axis=1)
    return order, np.concatenate([[0], np.cumsum(changes)]).astype(np.int64)
