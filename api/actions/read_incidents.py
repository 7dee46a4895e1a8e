"""Read incidents: pages, counts, clusters and density of what a filter leaves, never beyond a scope.

Row-level security hides the incidents of other scopes; every frame is held to the scope once more
here, so that a database set up wrongly fails closed.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, func, select, text

from api.answers import bbox_of, collection, frame_features
from api.auth import EVERYWHERE
from data.calendar import day_of, today
from data.profiles import Profile
from data.stores import grids as grid_store
from data.stores import incidents as incident_store
from data.stores.incidents import IncidentFilter
from data.tables.incidents import incidents as incidents_table
from geo.clusters import clusters
from geo.errors import InputError

CLUSTER_INCIDENTS_MAX = 200_000
GRIDS_SHOWN_MAX = 5_000
_CLUSTER_KEYS = ("incidents", "places", "is_one_place", "top_category", "first_on", "last_on")


class BadBoxError(InputError):
    """A bbox that is not west,south,east,north."""

    zh = "bbox「{value}」不可用，应为 西,南,东,北（度），例如 107.70,27.95,107.72,27.96。"
    en = "The bbox {value!r} cannot be used: write west,south,east,north in degrees."


class TurnedDaysError(InputError):
    """The first day is after the last."""

    zh = "起始日期 {first} 晚于结束日期 {last}。"
    en = "The first day {first} is after the last day {last}."


class TooManyIncidentsError(InputError):
    """More incidents than can be searched for clusters while somebody waits."""

    zh = "共有 {found} 条事件，超过即时聚类上限 {most} 条，请缩短时间范围或选择类别。"
    en = "There are {found} incidents, more than the {most} searched at once. Narrow the days or name a category."


class ScopeLeakError(RuntimeError):
    """The database showed an incident of another scope: row-level security is not in force."""


@dataclass(frozen=True)
class Wanted:
    """Which incidents, and the scope they may never leave."""

    scope: str
    from_on: date | None = None
    to_on: date | None = None
    category: str | None = None
    tier: str | None = None
    state: str | None = None
    bbox: str | None = None

    def with_(self, **values: Any) -> "Wanted":
        """Return the filter with more named."""
        return replace(self, **values)

    def filter(self) -> IncidentFilter:
        """Return the store's filter.

        Raises
        ------
        TurnedDaysError, BadBoxError
            The days are in the wrong order; the bbox cannot be read.
        """
        if self.from_on and self.to_on and self.from_on > self.to_on:
            raise TurnedDaysError(first=self.from_on, last=self.to_on)
        return IncidentFilter(
            first_on=self.from_on, last_on=self.to_on, category=self.category, tier=self.tier, state=self.state,
            bbox=read_bbox(self.bbox) if self.bbox else None,
        )  # fmt: skip


def read_bbox(value: str) -> tuple[float, float, float, float]:
    """Return the four numbers of a bbox; raise BadBoxError where they are none."""
    try:
        west, south, east, north = (float(part) for part in value.split(","))
    except ValueError as error:
        raise BadBoxError(value=value[:60]) from error
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadBoxError(value=value[:60])
    return west, south, east, north


def require_row_security(conn: Connection) -> None:
    """Raise ScopeLeakError where the connection's role would see every incident whatever its scope."""
    if not conn.scalar(text("SELECT row_security_active('incidents') AND row_security_active('people')")):
        raise ScopeLeakError("row-level security is not in force for the service's role")


def last_day(conn: Connection, *, scope: str) -> date | None:
    """Return the Shanghai day of the newest incident of a scope."""
    moment = conn.scalar(select(func.max(incidents_table.c.reported_at)).where(*_below(scope)))
    return day_of(moment) if moment is not None else None


def incident_page(conn: Connection, wanted: Wanted, *, limit: int, after: int) -> dict[str, Any]:
    """Return one page of incidents as points, in order of id."""
    frame = _read(conn, wanted, after=after, limit=limit + 1)
    shown = frame.iloc[:limit]
    # The area is that of the building, the grid that of the point: beside a border they may be two streets'.
    codes = shown["grid_code_reported"]
    shown = shown.assign(grid_code=codes.where(_own(codes, wanted.scope), None))
    keys = ("category", "tier", "state", "reported_at", "closed_at", "grid_code")
    next_after = int(shown.index[-1]) if len(frame) > limit else None
    return collection(frame_features(shown, keys), next_after=next_after)


def incident_summary(conn: Connection, wanted: Wanted, *, profile: Profile, language: str) -> dict[str, Any]:
    """Return counts by day, category, tier, weekday and hour, and grid."""
    require_row_security(conn)
    found = incident_store.counts(conn, wanted.filter())
    rule, days = profile.incidents, found.days
    return {
        "total": found.total,
        "open": found.open,
        "overdue": found.overdue,
        "from": wanted.from_on or (min(days.index) if len(days) else None),
        "to": wanted.to_on or (max(days.index) if len(days) else None),
        "days": [{"on": on, "count": count} for on, count in days.sort_index().items()],
        "categories": _labelled(found.categories, rule.categories, language),
        "tiers": _labelled(found.tiers, rule.tiers, language),
        "hours": found.hours.tolist(),
        "grids": _grid_counts(conn, found.grids, wanted),
    }


def cluster_body(conn: Connection, wanted: Wanted, *, profile: Profile) -> dict[str, Any]:
    """Return where the incidents of a filter gather, each category apart, largest first.

    Without a filter it is what the job `find_clusters` stored, as long as one choice of parameters made
    all of it; before that job has run, and under any filter, it is worked out now.

    Raises
    ------
    TooManyIncidentsError
        The filter leaves more than `CLUSTER_INCIDENTS_MAX`.
    """
    stored = _stored_clusters(conn, wanted) if wanted == Wanted(scope=wanted.scope) else None
    return stored or _clusters_now(conn, wanted, profile=profile)


def _stored_clusters(conn: Connection, wanted: Wanted) -> dict[str, Any] | None:
    """Return the clusters of the last job within the scope; None where there are none, or of several kinds."""
    require_row_security(conn)
    found = incident_store.read_clusters(conn)
    _refuse_leak(found, wanted.scope)
    choices = {(row.get("eps_m"), row.get("min_incidents")) for row in found["parameters"]}
    if len(choices) != 1:
        return None
    ((eps_m, min_incidents),) = choices
    parameters = {"eps_m": eps_m, "min_incidents": min_incidents}
    return collection(
        frame_features(found, _CLUSTER_KEYS), parameters=parameters, computed_at=found["computed_at"].min()
    )


def _clusters_now(conn: Connection, wanted: Wanted, *, profile: Profile) -> dict[str, Any]:
    rule = profile.incidents
    incidents = _read(conn, wanted, limit=CLUSTER_INCIDENTS_MAX + 1)
    if len(incidents) > CLUSTER_INCIDENTS_MAX:
        raise TooManyIncidentsError(found=len(incidents), most=CLUSTER_INCIDENTS_MAX)
    eps_m, min_incidents = rule.cluster_eps_m, rule.cluster_min_incidents
    parameters = {"eps_m": eps_m, "min_incidents": min_incidents}
    hulls = [
        clusters(group, eps_m=eps_m, min_incidents=min_incidents)[1]
        for _, group in incidents.groupby("category", sort=True)
    ]
    kept = [frame for frame in hulls if len(frame)]
    if not kept:
        return collection([], parameters=parameters, computed_at=None)
    found = gpd.GeoDataFrame(pd.concat(kept, ignore_index=True), geometry="geometry", crs=incidents.crs)
    found = found.sort_values("incidents", ascending=False, kind="stable").reset_index(drop=True)
    found.index = pd.RangeIndex(1, len(found) + 1, name="cluster_id")
    return collection(frame_features(found, _CLUSTER_KEYS), parameters=parameters, computed_at=None)


def _read(conn: Connection, wanted: Wanted, *, after: int | None = None, limit: int | None = None) -> gpd.GeoDataFrame:
    frame = incident_store.read_incidents(conn, filters=wanted.filter(), after=after, limit=limit)
    _refuse_leak(frame, wanted.scope)
    return frame


def _refuse_leak(frame: gpd.GeoDataFrame, scope: str) -> None:
    if not _own(frame["area_code"], scope).all():
        raise ScopeLeakError(f"rows outside the scope {scope}")


def _own(codes: pd.Series, scope: str) -> pd.Series:
    """Return which codes lie within a scope; a missing one lies in none."""
    if scope == EVERYWHERE:
        return codes.notna()
    return codes.astype("string").str.startswith(scope).fillna(False).astype(bool)


def _below(scope: str) -> list[Any]:
    return [] if scope == EVERYWHERE else [func.starts_with(incidents_table.c.area_code, scope)]


def _labelled(counts: pd.Series, kinds: Any, language: str) -> list[dict[str, Any]]:
    """Counts in the profile's order; a key the profile does not know comes last under its own name."""
    labels = {kind.key: getattr(kind.label, language) for kind in kinds}
    known = [{"key": key, "label": label, "count": int(counts.get(key, 0))} for key, label in labels.items()]
    strange = [
        {"key": str(key), "label": str(key), "count": int(count)} for key, count in counts.items() if key not in labels
    ]
    return known + strange


def _grid_counts(conn: Connection, counts: pd.Series, wanted: Wanted) -> list[dict[str, Any]]:
    """Counts by the grid on the day of report; names and households are those of today's grid of that code.

    A grid outside the scope is not named, though an incident of the scope, by its building, lies in it.
    """
    counts = counts[_own(counts.index.to_series(), wanted.scope).to_numpy()]
    grids = grid_store.read_published(conn, today()).set_index("grid_code")
    rows = []
    for code, count in counts.sort_values(ascending=False, kind="stable").head(GRIDS_SHOWN_MAX).items():
        grid = grids.loc[code] if code in grids.index else None
        households = 0 if grid is None else int(grid["households"])
        rows.append(
            {
                "grid_code": code,
                "name": None if grid is None else grid["name"],
                "count": int(count),
                "per_1000_households": round(1000 * int(count) / households, 2) if households else None,
                "bbox": None if grid is None else bbox_of(grid["geometry"]),
            }
        )
    return rows
