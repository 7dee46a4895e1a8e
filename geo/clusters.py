"""Clusters: groups of incidents that lie close together, found by density.

DBSCAN (Ester et al. 1996; `geo.gathering`) in the local metre zone: an incident is a core when at least
``min_incidents``, itself counted, lie within ``eps_m``; cores within ``eps_m`` of each other are one
cluster; an incident near a core joins the nearest one's cluster; all others are noise, label -1.
Incidents on one spot count one by one but are measured once, so heavy ties cost nothing.

Frames
    incidents  index incident_id; category, reported_at (aware times), geometry Point, EPSG:4326; it may have
               reporter, who or what sent it, missing where that is not known.
    clusters   index cluster; see `clusters`.
Limits: a cluster is not yet more than chance; where people are many, incidents are. See
docs/methods/hotspots.md.
"""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.crs import metric_crs_of, to_degrees, transformer
from geo.errors import BadPointError, BadSettingError
from geo.frames import POINTS, WGS84, empty_frame, require, require_geometry
from geo.gathering import NOISE, gathering

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

METHOD = "clusters 2"
PLACES_A_DEGREE = 10**7
MOSTLY_SHARE = 0.5
TOP = 3
HULL_MARGIN_M = 5.0
COLUMNS = (
    "incidents", "places", "top_place_share", "is_one_place", "days", "top_day_share", "is_one_day",
    "top_category", "top_categories", "first_on", "last_on", "across_m",
)  # fmt: skip
REPORTER_COLUMNS = ("reporters", "top_reporter_share", "is_one_reporter")


def clusters(
    incidents: gpd.GeoDataFrame, *, eps_m: float, min_incidents: int, time_zone: str = "Asia/Shanghai"
) -> tuple[pd.Series, gpd.GeoDataFrame]:
    """Return the cluster of every incident, and the clusters.

    Parameters
    ----------
    incidents
        (n,) rows, see the module's docstring. Not changed; their order does not matter.
    eps_m
        How near is near, metres; exactly as far is near.
    min_incidents
        How many incidents, itself counted, make an incident a core; at least 2.
    time_zone
        Whose midnight begins a day.

    Returns
    -------
    labels
        Index of `incidents`; ``cluster``: 0 the largest, ties from west to east; -1 is noise.
    clusters
        Index ``cluster``: ``incidents``; ``places`` (distinct coordinates, to the seventh decimal),
        ``top_place_share`` (of the incidents, on the commonest) and ``is_one_place`` (more than half);
        ``days``, ``top_day_share`` and ``is_one_day`` likewise; with a column reporter also
        ``reporters``, ``top_reporter_share`` and ``is_one_reporter``, unknown ones left out of the first
        but not of the whole; ``top_category``; ``top_categories``, lists of the three commonest with
        their counts (ties by name); ``first_on``, ``last_on`` (dates); ``across_m``, the diameter of the
        smallest circle that holds it; ``geometry``, the convex hull widened by five metres, Polygon in
        EPSG:4326.

    Raises
    ------
    BadSettingError
        A number is out of its range, or times are missing or have no zone.
    BadPointError
        A coordinate is not on earth.
    MissingColumnsError, DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
        `incidents` is not what it must be.

    Notes
    -----
    An incident so far off that it has no place in the metre zone of the others is noise.
    """
    require(incidents, "incidents", columns=("category", "reported_at"))
    require_geometry(incidents, "incidents", kinds=POINTS)
    _check(incidents, eps_m, min_incidents)
    if len(incidents) == 0:
        return pd.Series([], index=incidents.index, dtype="int64", name="cluster"), _no_clusters(incidents)
    crs = metric_crs_of(incidents)
    lonlat, place, count = _places(incidents)
    xy = np.stack(transformer(WGS84, crs).transform(*lonlat.T), axis=1)
    label = _labelled(xy, count, eps_m, min_incidents)
    table = _described(incidents, label[place], place, time_zone)
    hulls = _hulls(xy, label)
    table["across_m"] = 2 * shapely.minimum_bounding_radius(hulls)
    shapes = to_degrees(gpd.GeoSeries(shapely.buffer(hulls, HULL_MARGIN_M, quad_segs=4), index=table.index, crs=crs))
    labels = pd.Series(label[place], index=incidents.index, dtype="int64", name="cluster")
    return labels, gpd.GeoDataFrame(table[_columns(incidents)], geometry=shapes, crs=WGS84)


def _places(incidents: gpd.GeoDataFrame) -> tuple[Floats, Ints, Ints]:
    """Distinct coordinates in a fixed order, each incident's place, and how many lie on each."""
    lonlat = shapely.get_coordinates(incidents.geometry.to_numpy())
    bad = (np.abs(lonlat) > [180.0, 90.0]).any(axis=1)
    if bad.any():
        value = tuple(lonlat[bad][0].tolist())
        raise BadPointError(value=value, reason="it is out of range", reason_zh="超出范围")
    lon, lat = np.rint(lonlat * PLACES_A_DEGREE).astype(np.int64).T
    key, place, count = np.unique(lon * 2**32 + lat, return_inverse=True, return_counts=True)
    lat = (key + 2**31) % 2**32 - 2**31
    return np.stack([(key - lat) >> 32, lat], axis=1) / PLACES_A_DEGREE, place, count


def _labelled(xy: Floats, count: Ints, eps_m: float, min_incidents: int) -> Ints:
    """Return the cluster of each place, the largest first."""
    label = np.full(len(xy), NOISE, dtype=np.int64)
    is_near = np.isfinite(xy).all(axis=1)  # a metre zone ends a quarter of the way round the earth
    label[is_near] = gathering(xy[is_near], eps_m=eps_m, least=min_incidents, weight=count[is_near]).label
    is_in = label >= 0
    size = np.bincount(label[is_in], weights=count[is_in])
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size))  # they came from west to east
    label[is_in] = rank[label[is_in]]
    return label


def _described(incidents: gpd.GeoDataFrame, label: Ints, place: Ints, time_zone: str) -> pd.DataFrame:
    """Return the columns that follow from the incidents of each cluster."""
    rows = np.flatnonzero(label >= 0)
    cluster, members = label[rows], incidents.iloc[rows]
    size = np.bincount(cluster)
    local = members["reported_at"].dt.tz_convert(time_zone).dt.tz_localize(None)
    day = local.to_numpy("datetime64[D]")
    order, last = np.lexsort((day, cluster)), np.cumsum(size) - 1
    first_on, last_on = (day[order[at]].astype(object) for at in (last - size + 1, last))
    told: dict[str, object] = {"incidents": size, "first_on": first_on, "last_on": last_on}
    for noun, what in _doubts(members, place[rows], day):
        of, _, count = _tally(cluster[what >= 0], what[what >= 0])
        most = np.zeros(len(size), dtype=np.int64)
        most[of[::-1]] = count[::-1]  # the commonest is written last
        told[f"{noun}s"], told[f"top_{noun}_share"] = np.bincount(of, minlength=len(size)), most / size
        told[f"is_one_{noun}"] = most > MOSTLY_SHARE * size
    category, names = pd.factorize(members["category"].astype(str), sort=True)
    top = _top(_tally(cluster, category), names.tolist(), len(size))
    told["top_category"] = [commonest[0][0] for commonest in top]
    told["top_categories"] = pd.Series(top, dtype=object)
    return pd.DataFrame(told).rename_axis(index="cluster")


def _doubts(members: gpd.GeoDataFrame, place: Ints, day: npt.NDArray[np.datetime64]) -> list[tuple[str, Ints]]:
    """Return what might make a cluster on its own, as numbers, -1 for unknown: one place, day or reporter."""
    doubts = [("place", place), ("day", pd.factorize(day)[0])]
    if "reporter" in members:
        doubts.append(("reporter", pd.factorize(members["reporter"])[0]))
    return doubts


def _tally(cluster: Ints, what: Ints) -> tuple[Ints, Ints, Ints]:
    """Count what there is in each cluster; return cluster, what and count, the commonest of each cluster first."""
    span = int(what.max(initial=0)) + 1
    pair, count = np.unique(cluster * span + what, return_counts=True)
    order = np.lexsort((pair, -count, pair // span))
    return pair[order] // span, pair[order] % span, count[order]


def _top(tally: tuple[Ints, Ints, Ints], names: list[str], clusters: int) -> list[list[tuple[str, int]]]:
    of, which, count = tally
    start = np.searchsorted(of, np.arange(clusters + 1)).tolist()
    return [
        [(names[w], n) for w, n in zip(which[a : min(a + TOP, b)], count[a : min(a + TOP, b)].tolist(), strict=True)]
        for a, b in pairwise(start)
    ]


def _hulls(xy: Floats, label: Ints) -> npt.NDArray[np.object_]:
    """Return the convex hull of each cluster's places."""
    order = np.argsort(label, kind="stable")[np.count_nonzero(label < 0) :]
    return np.asarray(shapely.convex_hull(shapely.multipoints(xy[order], indices=label[order])), dtype=object)


def _columns(incidents: gpd.GeoDataFrame) -> list[str]:
    return [*COLUMNS, *(REPORTER_COLUMNS if "reporter" in incidents else ())]


def _no_clusters(incidents: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return empty_frame(_columns(incidents), index="cluster")


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
    if times.isna().any():
        raise BadSettingError(
            what="reported_at", value="NaT", reason="every incident needs its time", reason_zh="每条事件都需要时间"
        )
