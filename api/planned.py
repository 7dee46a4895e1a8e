"""Planned: the grids that hold on a day, their zones, and those that come next, ready to be asked.

Where a plan of few communities changes, the rest is taken from what was in memory before.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from data.stores import grids as grid_store
from geo.lookup import GridIndex

Rows = Mapping[Any, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class PlannedGrids:
    """The grids that hold on a day, and those that come next.

    Attributes
    ----------
    told
        What tells of each community which plans hold and come (`data.stores.grids.told_published`).
    grids, zones
        As `data.stores.grids` reads them.
    coming
        Grids of each community's next plan: as ``grids``, and ``from_on``.
    index, zone_index, coming_index
        Over their ids. None where there are none.
    """

    told: Mapping[str, str]
    grids: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    coming: gpd.GeoDataFrame
    index: GridIndex | None
    zone_index: GridIndex | None
    coming_index: GridIndex | None

    @cached_property
    def key(self) -> str:
        """Changes with the plans that hold."""
        return key_of(self.told)

    @cached_property
    def communities(self) -> frozenset[str]:
        """Codes of the communities that have a plan."""
        return frozenset(self.grids["area_code"])

    @cached_property
    def grid_rows(self) -> Rows:
        """What is told of each grid that holds, by id: grid_code, name, community."""
        return _rows(self.grids, "grid_code", "name", "community")

    @cached_property
    def zone_rows(self) -> Rows:
        """What is told of each zone, by id: zone_code, name."""
        return _rows(self.zones, "zone_code", "name")

    @cached_property
    def coming_rows(self) -> Rows:
        """What is told of each grid that comes next, by id: grid_code, name, from_on."""
        return _rows(self.coming, "grid_code", "name", "from_on")


def key_of(told: Mapping[str, str]) -> str:
    """Return a short text that changes whenever another plan holds or comes anywhere."""
    return hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()[:32]


def read_planned(
    conn: Connection, day: date, told: Mapping[str, str], *, before: PlannedGrids | None = None
) -> PlannedGrids:
    """Return what holds on a day, and comes next, where `told` is what tells of it; `before` is of any other time."""
    if before is None:
        frames = [read(conn, day) for read in _READ]
        indices = [index_of(frame) for frame in frames]
    else:
        changed = [code for code in told.keys() | before.told.keys() if told.get(code) != before.told.get(code)]
        pairs = zip(
            _READ, (before.grids, before.zones, before.coming), ("grid_code", "zone_code", "grid_code"), strict=True
        )
        frames = [_renewed(old, changed, read(conn, day, areas=changed), by) for read, old, by in pairs]
        olds = (before.index, before.zone_index, before.coming_index)
        indices = [index_of(frame, before=old) for frame, old in zip(frames, olds, strict=True)]
    made = PlannedGrids(told, *frames, *indices)
    # Now, not in somebody's request.
    _ = made.grid_rows, made.zone_rows, made.coming_rows
    return made


def index_of(frame: gpd.GeoDataFrame, *, before: GridIndex | None = None) -> GridIndex | None:
    """Return the index of polygons, by the index of their frame; None of none."""
    return GridIndex.from_grids(frame, before=before) if len(frame) else None


_READ: tuple[Callable[..., gpd.GeoDataFrame], ...] = (
    grid_store.read_published,
    grid_store.read_published_zones,
    grid_store.read_coming,
)


def _renewed(old: gpd.GeoDataFrame, changed: Collection[str], new: gpd.GeoDataFrame, by: str) -> gpd.GeoDataFrame:
    """Return a frame with the rows of some communities replaced, in order."""
    is_gone = old["area_code"].isin(changed)
    kept = old[~is_gone]
    if is_gone.any() and len(new):
        new = _known_again(old[is_gone], new, by)
    if len(kept) == 0 or len(new) == 0:
        return new if len(kept) == 0 else kept
    return pd.concat([kept, new]).sort_values(by)


def _known_again(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, by: str) -> gpd.GeoDataFrame:
    """Return the new rows; a polygon that had the same code, and is the same, is that very object: indices know it."""
    old = old.drop_duplicates(by)
    at = pd.Index(old[by]).get_indexer(new[by])
    before, shapes = old.geometry.to_numpy()[at], new.geometry.to_numpy()
    again = np.where((at >= 0) & shapely.equals_identical(before, shapes), before, shapes)
    return new.assign(geometry=gpd.GeoSeries(again, index=new.index, crs=new.crs))


def _rows(frame: pd.DataFrame, *names: str) -> Rows:
    """Return the rows of a frame by its index: looked up a thousand times as fast."""
    columns = (frame[name].tolist() for name in names)
    rows = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
    return dict(zip(frame.index.tolist(), rows, strict=True))
