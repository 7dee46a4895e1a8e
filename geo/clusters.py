"""Clusters: groups of incidents that lie close together, found by density.

DBSCAN (Ester et al. 1996) in the local metre zone: an incident is a core when at least
``min_incidents``, itself counted, lie within ``eps_m``; cores within ``eps_m`` of each other are one
cluster; an incident near a core joins the nearest one's cluster; all others are noise, label -1.
Incidents on one spot count one by one but are measured once, so heavy ties cost nothing.

Frames
    incidents  index incident_id; category, reported_at (aware times), geometry Point, EPSG:4326.
    clusters   index cluster; see `clusters`.
Limits: a cluster is not yet more than chance; where people are many, incidents are. See
docs/methods/hotspots.md.
"""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import cKDTree
from sklearn.cluster import DBSCAN

from geo.crs import metric_crs_of, to_degrees, to_metric
from geo.errors import BadSettingError
from geo.frames import POINTS, WGS84, empty_frame, require, require_geometry

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

METHOD = "clusters 1"
NOISE = -1
SAME_PLACE_DIGITS = 7
ONE_PLACE_SHARE = 0.5
HULL_MARGIN_M = 5.0
COLUMNS = ("incidents", "places", "is_one_place", "top_category", "first_on", "last_on")


def clusters(
    incidents: gpd.GeoDataFrame, *, eps_m: float, min_incidents: int, time_zone: str = "Asia/Shanghai"
) -> tuple[pd.Series, gpd.GeoDataFrame]:
    """Return the cluster of every incident, and the clusters.

    Parameters
    ----------
    incidents
        (n,) rows, see the module's docstring. Not changed; their order does not matter.
    eps_m
        How near is near, metres.
    min_incidents
        How many incidents, itself counted, make an incident a core; at least 2.
    time_zone
        Whose midnight begins a day.

    Returns
    -------
    labels
        Index of `incidents`; ``cluster``: 0 the largest, ties from west to east; -1 is noise.
    clusters
        Index ``cluster``: ``incidents``; ``places`` (distinct coordinates, to the seventh decimal);
        ``is_one_place`` (more than half lie on one of them); ``top_category`` (ties by name);
        ``first_on``, ``last_on`` (dates); ``geometry``, the convex hull widened by five metres,
        Polygon in EPSG:4326.

    Raises
    ------
    BadSettingError
        A number is out of its range, or times have no zone.
    MissingColumnsError, DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
        `incidents` is not what it must be.
    """
    require(incidents, "incidents", columns=("category", "reported_at"))
    require_geometry(incidents, "incidents", kinds=POINTS)
    _check(incidents, eps_m, min_incidents)
    if len(incidents) == 0:
        return pd.Series([], index=incidents.index, dtype="int64", name="cluster"), _no_clusters()
    crs = metric_crs_of(incidents)
    lonlat, place, count = _places(incidents)
    spots = gpd.GeoSeries(shapely.points(lonlat), crs=WGS84)
    xy = shapely.get_coordinates(to_metric(spots, crs).to_numpy())
    label = _ranked(_grouped(xy, count, eps_m, min_incidents), xy, count)
    labels = pd.Series(label[place], index=incidents.index, dtype="int64", name="cluster")
    table = _described(incidents, labels, place, time_zone)
    hulls = [_hull(xy[label == cluster]) for cluster in table.index]
    shapes = to_degrees(gpd.GeoSeries(hulls, index=table.index, crs=crs))
    return labels, gpd.GeoDataFrame(table, geometry=shapes, crs=WGS84)


def _places(incidents: gpd.GeoDataFrame) -> tuple[Floats, Ints, Ints]:
    """Distinct coordinates in a fixed order, each incident's place, and how many lie on each."""
    lonlat = np.round(shapely.get_coordinates(incidents.geometry.to_numpy()), SAME_PLACE_DIGITS)
    spots, place, count = np.unique(lonlat, axis=0, return_inverse=True, return_counts=True)
    return spots, place.reshape(-1), count


def _grouped(xy: Floats, count: Ints, eps_m: float, min_incidents: int) -> Ints:
    """DBSCAN over places weighted by their incidents; border places go to the nearest core's cluster."""
    found = DBSCAN(eps=eps_m, min_samples=min_incidents).fit(xy, sample_weight=count)
    label = np.full(len(xy), NOISE, dtype=np.int64)
    core = found.core_sample_indices_
    label[core] = found.labels_[core]
    border = np.flatnonzero((found.labels_ >= 0) & (label < 0))
    if len(border):
        label[border] = label[core[cKDTree(xy[core]).query(xy[border])[1]]]
    return label


def _ranked(label: Ints, xy: Floats, count: Ints) -> Ints:
    """Number clusters by size, ties by their westernmost place: never by the order of rows."""
    is_in = label >= 0
    if not is_in.any():
        return label
    size = np.bincount(label[is_in], weights=count[is_in])
    first = np.full((len(size), 2), np.inf)
    order = np.lexsort((xy[:, 1], xy[:, 0]))[::-1]
    order = order[label[order] >= 0]
    first[label[order]] = xy[order]  # the westernmost is written last
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.lexsort((first[:, 1], first[:, 0], -size))] = np.arange(len(size))
    return np.where(is_in, rank[label], NOISE)


def _described(incidents: gpd.GeoDataFrame, labels: pd.Series, place: Ints, time_zone: str) -> pd.DataFrame:
    day = incidents["reported_at"].dt.tz_convert(time_zone).dt.date
    rows = pd.DataFrame(
        {"cluster": labels, "place": place, "category": incidents["category"].astype(str), "day": day}
    )  # fmt: skip
    rows = rows[rows["cluster"] >= 0]
    groups = rows.groupby("cluster")
    at_place = rows.groupby(["cluster", "place"]).size().groupby("cluster").max()
    by_category = rows.groupby(["cluster", "category"]).size().reset_index(name="n")
    by_category = by_category.sort_values(["cluster", "n", "category"], ascending=[True, False, True])
    table = pd.DataFrame(
        {
            "incidents": groups.size(),
            "places": groups["place"].nunique(),
            "is_one_place": at_place > ONE_PLACE_SHARE * groups.size(),
            "top_category": by_category.drop_duplicates("cluster").set_index("cluster")["category"],
            "first_on": groups["day"].min(),
            "last_on": groups["day"].max(),
        }
    )
    return table.rename_axis(index="cluster")


def _hull(xy: Floats) -> shapely.Geometry:
    hull = shapely.convex_hull(shapely.MultiPoint(xy))
    return shapely.buffer(hull, HULL_MARGIN_M, quad_segs=4)


def _no_clusters() -> gpd.GeoDataFrame:
    return empty_frame(COLUMNS, index="cluster")


def _check(incidents: gpd.GeoDataFrame, eps_m: float, min_incidents: int) -> None:
    if not 0 < eps_m < np.inf:
        raise BadSettingError(what="eps_m", value=eps_m, reason="it must be above 0", reason_zh="必须大于 0")
    if min_incidents < 2:
        raise BadSettingError(
            what="min_incidents", value=min_incidents, reason="it must be 2 or more", reason_zh="至少为 2"
        )
    times = incidents["reported_at"]
    if len(times) and not isinstance(times.dtype, pd.DatetimeTZDtype):
        raise BadSettingError(
            what="reported_at", value=times.dtype, reason="times with a zone are needed", reason_zh="需要带时区的时间"
        )
