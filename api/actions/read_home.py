"""Read what the front door and every map open with: figures of what is published, outlines, bounds."""

import threading
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from api.published import PublishedGrids, Snapshot
from data.calendar import today
from data.postgis.engine import reading
from data.stores import cover as cover_store
from maps.base import WHOLE_WORLD, MapView
from maps.picture import Outline

CORE_SHARE = 0.75


@dataclass
class HomeFigures:
    """The figures of the front door, counted again only when another plan holds or another worker answers."""

    published: PublishedGrids
    _key: tuple[Any, ...] = ()
    _figures: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self) -> dict[str, Any]:
        """Return the figures as `maps.pages.home.HomeContext` takes them."""
        day = today()
        snapshot, contacts = self.published.on(day), self.published.contacts(day)
        key = (snapshot.key, *sorted(contacts.index))
        with self._lock:
            if key != self._key:
                self._figures, self._key = _count(self.published, snapshot, set(contacts.index), day), key
            return self._figures


def _count(published: PublishedGrids, snapshot: Snapshot, answered: set[str], day: date) -> dict[str, Any]:
    grids = snapshot.grids
    if snapshot.index is None:
        return {"communities": 0, "grids": 0, "households": 0}
    has_worker = grids["grid_code"].isin(answered)
    with reading(published.engine) as conn:
        counts = cover_store.count_doors(conn, on=day)
    doors, covered = int(counts["doors"].sum()), int(counts["doors_covered"].sum())
    return {
        "communities": int(grids["area_code"].nunique()),
        "grids": len(grids),
        # Households come from the grids, which are public; those of a building are not.
        "households": int(grids["households"].sum()),
        "covered_share": covered / doors if doors else None,
        "outlines": tuple(
            Outline(code, area, shape, not known)
            for code, area, shape, known in zip(
                grids["grid_code"], grids["area_code"], grids.geometry, has_worker, strict=True
            )
        ),
    }


def view_of(published: PublishedGrids, scope: str = "*") -> MapView:
    """Return where a map opens: the densest communities of a scope, hills and fields around them left out."""
    communities = published.ground().communities
    mine = communities if scope == "*" else communities[communities.index.str.startswith(scope)]
    if mine.empty:
        return MapView(bounds=WHOLE_WORLD)
    west, south, east, north = (float(value) for value in _core(mine, published.on(today()).grids).total_bounds)
    return MapView(bounds=(west, south, east, north))


def _core(communities: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the densest communities that together hold `CORE_SHARE` of the households; all, before there are grids."""
    households = grids.groupby("area_code")["households"].sum().reindex(communities.index).fillna(0)
    if not households.sum():
        return communities
    # Degrees squared rank areas of one town well enough; nothing here is measured.
    density = households / np.maximum(shapely.area(communities.geometry.to_numpy()), 1e-12)
    order = density.sort_values(ascending=False, kind="stable").index
    before = households[order].cumsum().shift(fill_value=0) / households.sum()
    return communities.loc[order[before < CORE_SHARE]]
