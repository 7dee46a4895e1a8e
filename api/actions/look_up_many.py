"""Look up many: who answers at each of many points, as `look_up` tells of one, in columns.

From what stands in memory (`api.published`), or from the grids of a file, of which nobody knows who answers for them.
The points asked for are kept nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from api import sandbox
from api.actions.look_up import masked
from api.found import CHOICES_MAX, COARSE_M
from api.published import PublishedGrids
from geo.datums import to_wgs84
from geo.lookup import Answers, GridIndex

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
Bools = npt.NDArray[np.bool_]

MEMBERS = ("answer", "certain", "grid_code", "name", "worker", "duty_line", "zone", "grid_codes")


@dataclass(frozen=True, eq=False)
class Ground:
    """What points are held against.

    Attributes
    ----------
    index
        Of the grids; None where there are none.
    grids
        Of each of its ids, in its order: grid_code, name, worker, duty_line, is_vacant; None where unknown.
    zones, zone_names
        Index of the zones, and what each of its ids is called; None where there are none.
    communities, planned
        Polygons by area code, to tell ground without a plan from ground outside; codes of those with a plan.
    """

    index: GridIndex | None
    grids: pd.DataFrame
    zones: GridIndex | None = None
    zone_names: Texts | None = None
    communities: gpd.GeoDataFrame | None = None
    planned: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Found:
    """The answers at (n,) points: what a `Ground` tells of them.

    Attributes
    ----------
    answer, certain
        (n,) as in ``GET /api/v1/lookup``.
    grid
        (n,) number of the nearest grid a point may be in among the rows of ``Ground.grids``; -1 for none.
    zone
        (n,) number of the zone it can only be in; -1 where there is none or several.
    touched
        All grids each may be in, nearest first.
    """

    answer: Texts
    certain: Bools
    grid: Ints
    zone: Ints
    touched: Answers


def published_ground(published: PublishedGrids, on: date, *, language: str) -> Ground:
    """Return what answers for the public on a day."""
    snapshot = published.on(on)
    planned = snapshot.planned
    grids = pd.DataFrame(columns=["grid_code", "name", "worker", "duty_line", "is_vacant"], dtype=object)
    if planned.index is not None:
        told = planned.grids.loc[planned.index.ids]
        contacts = snapshot.contacts.reindex(told["grid_code"].to_numpy())
        is_vacant = ~np.isin(told["grid_code"].to_numpy(), snapshot.contacts.index.to_numpy())
        grids = _table(
            grid_code=told["grid_code"], name=told["name"], duty_line=contacts["duty_line"], is_vacant=is_vacant,
            worker=[None if bare else masked(str(name), language)
                    for name, bare in zip(contacts["name"], is_vacant, strict=True)],
        )  # fmt: skip
    zones = planned.zone_index
    return Ground(
        planned.index, grids, zones,
        None if zones is None else planned.zones.loc[zones.ids, "name"].to_numpy(object),
        published.ground().communities, planned.communities,
    )  # fmt: skip


def file_ground(grids: gpd.GeoDataFrame) -> Ground:
    """Return what the grids of a file answer: which grid, and what it is called; frame: grid_code, name, polygons."""
    index = GridIndex.from_grids(grids)
    told = grids.loc[index.ids]
    nobody: list[str | None] = [None] * len(told)
    return Ground(
        index,
        _table(
            grid_code=told["grid_code"], name=told["name"], worker=nobody, duty_line=nobody,
            is_vacant=np.zeros(len(told), dtype=np.bool_),
        ),
    )  # fmt: skip


def _table(*, is_vacant: Bools, **texts: Iterable[Any]) -> pd.DataFrame:
    """Return columns of text, None (not nan) where there is none, and which grids are vacant."""
    columns = {name: np.array([None if pd.isna(cell) else cell for cell in cells], dtype=object)
               for name, cells in texts.items()}  # fmt: skip
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()}).assign(
        is_vacant=is_vacant
    )


def find_many(ground: Ground, lon: Floats, lat: Floats, accuracy_m: Floats) -> Found:
    """Return the answers at (n,) points in degrees, WGS 84.

    Raises
    ------
    BadPointError, BadSettingError
        A point is no place on earth, an accuracy no radius.
    """
    empty = Answers(np.full(len(lon), "outside"), np.zeros(len(lon) + 1, dtype=np.int64), np.empty(0, dtype=np.int64))
    touched = empty if ground.index is None else ground.index.find_all(lon, lat, accuracy_m)
    answer = touched.kind.astype(object)
    grid = touched.first
    certain = answer == "assigned"
    is_vacant = ground.grids["is_vacant"].to_numpy(bool)
    answer[certain] = np.where(is_vacant[grid[certain]], "vacant", "assigned")
    out = np.flatnonzero(grid < 0)
    certain[out] = accuracy_m[out] == 0
    answer[out] = np.where(_lies_unplanned(ground, lon[out], lat[out]), "no_active_plan", "outside")
    return Found(answer, certain, grid, _zones(ground, lon, lat, accuracy_m, touched.counts == 1), touched)


def _lies_unplanned(ground: Ground, lon: Floats, lat: Floats) -> Bools:
    """Return which points outside all grids lie in a community that has no plan."""
    is_unplanned = np.zeros(len(lon), dtype=np.bool_)
    communities = ground.communities
    if communities is None or not len(lon):
        return is_unplanned
    point, place = communities.sindex.query(shapely.points(lon, lat), predicate="intersects")
    point, at = np.unique(point, return_index=True)
    codes = communities.index.to_numpy()[place[at]]
    is_unplanned[point] = ~np.isin(codes.astype(str), sorted(ground.planned))
    return is_unplanned


def _zones(ground: Ground, lon: Floats, lat: Floats, accuracy_m: Floats, is_one: Bools) -> Ints:
    zone = np.full(len(lon), -1, dtype=np.int64)
    if ground.zones is None:
        return zone
    at = np.flatnonzero(is_one)
    touched = ground.zones.find_all(lon[at], lat[at], accuracy_m[at])
    zone[at] = np.where(touched.counts == 1, touched.first, -1)
    return zone


def look_up_many(
    published: PublishedGrids, lon: Floats, lat: Floats, accuracy_m: Floats, *, datum: str, on: date, language: str
) -> list[dict[str, Any]]:
    """Return a row of `MEMBERS` for each point, in order: the body of ``POST /api/v1/lookup/batch``.

    Raises
    ------
    InputError
        A point cannot be in the datum it is said to be in.
    """
    ground = published_ground(published, on, language=language)
    lon, lat = to_wgs84(lon, lat, datum=datum)
    enough_m = accuracy_m if ground.index is None else _enough_m(ground.index, lon, lat, accuracy_m)
    found = find_many(ground, lon, lat, enough_m)
    shown = np.where(accuracy_m > COARSE_M, CHOICES_MAX, np.iinfo(np.int64).max).tolist()
    codes = ground.grids["grid_code"].to_numpy(object)
    rows = ground.grids.to_dict("records")
    starts, places = found.touched.starts.tolist(), found.touched.places
    made = []
    for at, (answer, certain, grid, zone) in enumerate(
        zip(found.answer.tolist(), found.certain.tolist(), found.grid.tolist(), found.zone.tolist(), strict=True)
    ):
        one: dict[str, Any] = rows[grid] if grid >= 0 else {}
        made.append({
            "answer": answer, "certain": certain,
            **{name: one.get(name) for name in ("grid_code", "name", "worker", "duty_line")},
            "zone": None if zone < 0 or ground.zone_names is None else ground.zone_names[zone],
            "grid_codes": codes[places[starts[at] : min(starts[at + 1], starts[at] + shown[at])]].tolist(),
        })  # fmt: skip
    for at in np.flatnonzero(np.abs(lat) <= sandbox.NEAR_DEG).tolist():
        invented = sandbox.answer_at(float(lon[at]), float(lat[at]), on=on, language=language)
        made[at] = made[at] if invented is None else _in_short(invented)
    return made


def _enough_m(index: GridIndex, lon: Floats, lat: Floats, accuracy_m: Floats) -> Floats:
    """Return (n,) radii at which as much is known as at `accuracy_m`: of what is coarse, that several are possible.

    A disc of 5 km touches hundreds of grids, of which `CHOICES_MAX` are told: rough places are asked for in growing
    circles, until one touches more than that, whatever lies farther.
    """
    enough_m = accuracy_m.copy()
    left, radius_m = np.flatnonzero(accuracy_m > COARSE_M), COARSE_M
    while len(left):
        counts = index.find_all(lon[left], lat[left], np.full(len(left), radius_m)).counts
        enough_m[left[counts > CHOICES_MAX]] = radius_m
        radius_m *= 2
        left = left[(counts <= CHOICES_MAX) & (accuracy_m[left] > radius_m)]
    return enough_m


def _in_short(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of ``GET /api/v1/lookup`` as a row of `MEMBERS`."""
    grids = body["grids"]
    first: dict[str, Any] = grids[0] if grids else {}
    return {
        "answer": body["answer"], "certain": body["certain"],
        **{name: first.get(name) for name in ("grid_code", "name", "worker", "duty_line")},
        "zone": first.get("zone") if len(grids) == 1 else None,
        "grid_codes": [grid["grid_code"] for grid in grids],
    }  # fmt: skip
