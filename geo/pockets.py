"""Pockets: the homes that nothing reaches on foot, gathered into groups that have a place, a name and a size.

Homes of one compound are one group, and so are homes that stand near each other within one community (single linkage).
A pocket is named by facts - its compound, the street most of its doors open to, its community - that the caller puts
into words.

Frames: buildings, index building_id; area_code, compound_id (may be missing), households, people; geometry, EPSG:4326.
"""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.crs import metric_crs_of, to_degrees, to_metric
from geo.frames import WGS84, empty_frame, require
from geo.scene import Scene, above_zero

Ints = npt.NDArray[np.int64]

APART_M = 80.0  # homes farther apart than a narrow block are different places
MARGIN_M = 15.0
COLUMNS = (
    "area_code",
    "compound_id",
    "street",
    "buildings",
    "households",
    "people",
    "nearest_min",
    "building_ids",
)


def pockets_of(
    buildings: gpd.GeoDataFrame,
    is_out: pd.Series,
    walk_min: pd.Series,
    *,
    scene: Scene | None = None,
    apart_m: float = APART_M,
) -> gpd.GeoDataFrame:
    """Return the homes that nothing reaches in time, pocket by pocket, most households first.

    Parameters
    ----------
    buildings
        As in the module's docstring. Those without households are not homes and are left away.
    is_out
        Index building_id; whether the building is left out.
    walk_min
        Index building_id; minutes to the nearest station as far as they are known, else NaN.
    scene
        Where these buildings were joined to streets; without it no street is told.
    apart_m
        Homes of one community no farther apart than this are in one pocket.

    Returns
    -------
    geopandas.GeoDataFrame
        RangeIndex from 1; ``area_code``, ``compound_id`` (that of most households, NA where they are of none),
        ``street`` (the name of the street that most of the households' doors open to, or None), ``buildings``,
        ``households``, ``people``, ``nearest_min`` (of those that have a walk at all, else NaN), ``building_ids``
        (tuple, sorted); geometry: the ground around the buildings, EPSG:4326.

    Raises
    ------
    BadSettingError, MissingColumnsError, DuplicateIdError
        A number is out of its range; the frame is not what it must be.
    """
    above_zero(apart_m=apart_m)
    require(buildings, "buildings", columns=("area_code", "compound_id", "households", "people"))
    asked = is_out.reindex(buildings.index).eq(True) & (buildings["households"] > 0)
    homes = buildings[asked].sort_index()
    if len(homes) == 0:
        return empty_frame(list(COLUMNS), index="pocket_id")
    metres = to_metric(homes.geometry, metric_crs_of(homes)).to_numpy()
    homes = homes.assign(
        pocket=_grouped(metres, homes, apart_m),
        walk_min=walk_min.reindex(homes.index),
        street=_streets(homes.index, scene),
    )
    rows = [_pocket(group) for _, group in homes.groupby("pocket", sort=False)]
    grounds = [_ground(metres[at], apart_m) for at in homes.groupby("pocket", sort=False).indices.values()]
    zone = metric_crs_of(homes)
    shapes = to_degrees(gpd.GeoSeries(grounds, crs=zone)).to_numpy()
    made = gpd.GeoDataFrame(pd.DataFrame(rows, columns=list(COLUMNS)), geometry=shapes, crs=WGS84)
    for column in ("area_code", "street"):
        made[column] = made[column].astype(object).where(made[column].notna(), None)
    made = made.sort_values(["households", "area_code", "building_ids"], ascending=[False, True, True])
    return made.set_index(pd.RangeIndex(1, len(made) + 1, name="pocket_id"))


def _grouped(metres: npt.NDArray[np.object_], homes: gpd.GeoDataFrame, apart_m: float) -> Ints:
    """Number the pocket of each home."""
    one, other = shapely.STRtree(metres).query(metres, predicate="dwithin", distance=apart_m)
    area = homes["area_code"].to_numpy()
    near = area[one] == area[other]
    compound, _ = pd.factorize(homes["compound_id"])
    first = pd.Series(np.arange(len(homes))).groupby(compound).transform("first").to_numpy()
    of_one = np.flatnonzero(compound >= 0)
    tails, heads = np.concatenate([one[near], of_one]), np.concatenate([other[near], first[of_one]])
    joined = coo_array((np.ones(len(tails)), (tails, heads)), shape=(len(homes), len(homes)))
    return np.asarray(connected_components(joined, directed=False)[1], dtype=np.int64)


def _streets(ids: pd.Index, scene: Scene | None) -> npt.NDArray[np.object_]:
    """Return the name of the street that each home's door opens to."""
    names = np.full(len(ids), None, dtype=object)
    if scene is not None and scene.network is not None:
        edge = scene.homes.edge[scene.ids.get_indexer(ids)]
        names[edge >= 0] = scene.network.edge_name[edge[edge >= 0]]
    return names


def _pocket(homes: gpd.GeoDataFrame) -> tuple[object, ...]:
    nearest = homes["walk_min"].min()
    return (
        _most(homes, "area_code"),
        _most(homes, "compound_id"),
        _most(homes, "street"),
        len(homes),
        int(homes["households"].sum()),
        int(homes["people"].sum()),
        float(nearest) if pd.notna(nearest) else np.nan,
        tuple(homes.index),
    )


def _most(homes: gpd.GeoDataFrame, column: str) -> object:
    """Return the value that most households have, if that is half of them; None where most have none."""
    counts = homes.groupby(column)["households"].sum()
    if len(counts) == 0 or counts.max() * 2 < homes["households"].sum():
        return None
    value: object = counts.sort_values(ascending=False, kind="stable").index[0]
    return value


def _ground(shapes: npt.NDArray[np.object_], apart_m: float) -> shapely.Geometry:
    """Return the ground around buildings: grown together, then shrunk to a margin."""
    grown = shapely.union_all(shapely.buffer(shapes, apart_m / 2, quad_segs=4))
    return shapely.simplify(shapely.buffer(grown, MARGIN_M - apart_m / 2, quad_segs=4), 1.0)
