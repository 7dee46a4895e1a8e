"""Carrying: which zone and household unit a cell lies in once grids have been redrawn by hand.

Zones and units lie in one grid each. Those that move as a whole go along with their number. Of those that are torn,
the part that stays keeps the number; the part that leaves joins a zone of the grid it comes to, where there is one
beside it, and else is a new zone. A torn unit's part is always a new unit: nobody's ten households become thirteen
without a word. Labels are any integers; new ones are below 0 (-1, -2 ...): the store numbers them.
"""

from collections import deque
from typing import NamedTuple

import numpy as np
import pandas as pd


class Borders(NamedTuple):
    """Who lies beside whom: (b,) cell ids and metres in common."""

    one: np.ndarray
    other: np.ndarray
    length_m: np.ndarray


def carried_zones(before: pd.Series, zone_of: pd.Series, after: pd.Series, borders: Borders) -> pd.Series:
    """Return the zone of each cell after grids have changed.

    Parameters
    ----------
    before, after
        index cell_id: its grid. `after` holds the same cells.
    zone_of
        index cell_id: its zone before; of all cells of the grids touched.
    borders
        Between those cells.
    """
    ground = pd.DataFrame({"zone": zone_of, "was": before.reindex(zone_of.index), "grid": after.reindex(zone_of.index)})
    ground["part"] = ground["zone"]
    moved = _torn(ground)
    if moved.any():
        ground.loc[moved, "part"] = -1 - pd.factorize(_pairs(ground[moved]), sort=True)[0]
        settled = _beside(ground, moved, borders)
        ground.loc[settled.index, "part"] = settled
    found = _numbered(ground["part"].astype(np.int64))
    found.name = zone_of.name
    return found


def carried_units(before: pd.Series, units: pd.DataFrame, after: pd.Series) -> pd.DataFrame:
    """Return the household units after grids have changed.

    Parameters
    ----------
    before, after
        As of `carried_zones`.
    units
        unit, cell_id, households; a cell may stand in several.

    Returns
    -------
    pandas.DataFrame
        The same rows in their order, with ``unit`` as it is afterwards.
    """
    ground = pd.DataFrame({
        "zone": units["unit"], "was": units["cell_id"].map(before), "grid": units["cell_id"].map(after)
    })  # fmt: skip
    moved = _torn(ground)
    part = ground["zone"].copy()
    part[moved] = -1 - pd.factorize(_pairs(ground[moved]), sort=True)[0]
    return units.assign(unit=_numbered(part.astype(np.int64)))


def _torn(ground: pd.DataFrame) -> pd.Series:
    """Return which rows have left the others of their zone: those not in the grid it was in.

    Where none is left there, those not in the grid where most of its rows are; of as many the lowest.
    """
    zone, zones = pd.factorize(ground["zone"].to_numpy())
    labels, code = np.unique(ground[["grid", "was"]].to_numpy(), return_inverse=True)
    grid, was = code.reshape(-1, 2).T
    count = np.zeros((len(zones), max(len(labels), 1)), dtype=np.int64)
    np.add.at(count, (zone, grid), 1)
    # any cell left in its grid outweighs all that have gone
    count[np.arange(len(zones)), was[np.unique(zone, return_index=True)[1]]] *= len(ground) + 1
    return pd.Series(grid != count.argmax(axis=1)[zone], index=ground.index)


def _pairs(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([rows["zone"], rows["grid"]])


def _beside(ground: pd.DataFrame, moved: pd.Series, borders: Borders) -> pd.Series:
    """Return the zone that moved cells join: that with the longest common border, from the rim inwards."""
    grid, part = ground["grid"].to_dict(), ground["part"].to_dict()
    beside: dict[int, list[tuple[int, float]]] = {}
    for one, other, length_m in zip(*(column.tolist() for column in borders), strict=True):
        if one in grid and other in grid and grid[one] == grid[other]:
            beside.setdefault(one, []).append((other, length_m))
            beside.setdefault(other, []).append((one, length_m))
    open_ = set(ground.index[moved].tolist())
    waiting, joined = deque(sorted(open_)), dict[int, int]()
    idle = 0
    while waiting and idle < len(waiting):
        cell = waiting.popleft()
        shared: dict[int, float] = {}
        for other, length_m in beside.get(cell, ()):
            if other not in open_:
                shared[part[other]] = shared.get(part[other], 0.0) + length_m
        if not shared:
            waiting.append(cell)
            idle += 1
            continue
        part[cell] = joined[cell] = min(shared, key=lambda zone: (-shared[zone], zone))
        open_.discard(cell)
        idle = 0
    return pd.Series(joined, dtype=np.int64)


def _numbered(part: pd.Series) -> pd.Series:
    """Return labels whose new ones are -1, -2 ... without a gap, in the order of cells."""
    new = part[part < 0]
    order = {label: -1 - at for at, label in enumerate(dict.fromkeys(new.sort_index().tolist()))}
    return part.replace(order) if order else part
