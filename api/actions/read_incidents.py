"""Read incidents: pages and clusters of what a filter leaves, never beyond a scope.

Row-level security hides the incidents of other scopes; every frame is held to the scope once more
here, so that a database set up wrongly fails closed.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, func, select, text

from api.answers import collection, frame_features
from api.auth import EVERYWHERE
from api.ledgers import ScopeLeakError
from data.calendar import day_of
from data.ledger import NEVER, Bools, Choice, Ints, Ledger, Standing
from data.profiles import Profile
from data.stores import incidents as incident_store
from data.tables.incidents import incidents as incidents_table
from geo.clusters import clusters
from geo.errors import BadSettingError, InputError
from geo.frames import WGS84

CLUSTER_INCIDENTS_MAX = 1_000_000
_CLUSTER_KEYS = ("incidents", "places", "is_one_place", "top_category", "first_on", "last_on")
# What speaks for or against a cluster, known where it is worked out for the answer.
_DOUBTS = ("top_place_share", "is_one_day", "top_day_share", "is_one_reporter", "across_m")


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


@dataclass(frozen=True)
class Wanted:
    """Which incidents, and the scope they may never leave; `reading` and `on` say by which plan grids are told."""

    scope: str
    from_on: date | None = None
    to_on: date | None = None
    category: str | None = None
    tier: str | None = None
    state: str | None = None
    bbox: str | None = None
    grid: str | None = None
    standing: Standing | None = None
    weekdays: str | None = None
    hours: str | None = None
    reading: Literal["reported", "now", "on"] = "reported"
    on: date | None = None

    def with_(self, **values: Any) -> "Wanted":
        """Return the filter with more named."""
        return replace(self, **values)

    def choice(self) -> Choice:
        """Return the ledger's choice.

        Raises
        ------
        TurnedDaysError, BadBoxError, BadSettingError
            The days are in the wrong order; the bbox, the weekdays or the hours cannot be read.
        """
        if self.from_on and self.to_on and self.from_on > self.to_on:
            raise TurnedDaysError(first=self.from_on, last=self.to_on)
        return Choice(
            first_on=self.from_on, last_on=self.to_on, category=self.category, tier=self.tier, state=self.state,
            grid_code=self.grid, standing=self.standing, bbox=read_bbox(self.bbox) if self.bbox else None,
            weekdays=read_numbers("weekdays", self.weekdays, 1, 7) if self.weekdays else None,
            hours=read_hours(self.hours) if self.hours else None,
        )  # fmt: skip


def read_numbers(what: str, value: str, least: int, most: int) -> tuple[int, ...]:
    """Return whole numbers from least to most, written as "1,2,5"; raise BadSettingError where they are none."""
    parts = value.split(",")
    if not all(part.isdecimal() and least <= int(part) <= most for part in parts):
        raise BadSettingError(
            what=what, value=value[:60], reason=f"write numbers from {least} to {most}, such as {least},{most}",
            reason_zh=f"应为 {least} 至 {most} 的数字，用逗号分隔",
        )  # fmt: skip
    return tuple(int(part) for part in parts)


def read_hours(value: str) -> tuple[int, int]:
    """Return the first and last hour of the day, written as "20-5"; raise BadSettingError where they are none."""
    parts = read_numbers("hours", value.replace("-", ",", 1), 0, 23)
    if len(parts) != 2:
        raise BadSettingError(
            what="hours", value=value[:60], reason="write the first and the last hour, such as 20-5",
            reason_zh="应为起止小时，如 20-5",
        )  # fmt: skip
    return parts[0], parts[1]


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


def incident_page(ledger: Ledger, left: Bools, wanted: Wanted, *, limit: int, after: int) -> dict[str, Any]:
    """Return one page of the incidents that a filter leaves, in order of id; those without a place have none."""
    rows = np.flatnonzero(left & (ledger.incident_id > after))
    shown = frame_of(ledger, rows[:limit])
    # The area is that of the building, the grid that of the point: beside a border they may be two streets'.
    shown["grid_code"] = shown["grid_code"].where(is_own(shown["grid_code"], wanted.scope), None)
    keys = ("category", "tier", "state", "reported_at", "closed_at", "due_at", "grid_code")
    next_after = int(shown.index[-1]) if len(rows) > limit else None
    return collection(frame_features(shown, keys), next_after=next_after)


def frame_of(ledger: Ledger, rows: Ints) -> gpd.GeoDataFrame:
    """Return rows of a ledger as a frame.

    Returns
    -------
    geopandas.GeoDataFrame
        index incident_id; category, tier, state, reporter, grid_code (None: none), reported_at, closed_at, due_at
        (UTC), geometry (Point, EPSG:4326; None without a place).
    """
    part = ledger.rows(rows)
    words = {
        name: np.array([*column.words, None], dtype=object)[column.code]
        for name, column in (("category", part.category), ("tier", part.tier), ("state", part.state),
                             ("reporter", part.reporter), ("grid_code", part.grid))
    }  # fmt: skip
    moments = {
        name: pd.to_datetime(np.where(seconds == NEVER, np.nan, seconds.astype(np.float64)), unit="s", utc=True)
        for name, seconds in (("reported_at", part.reported_s), ("closed_at", part.closed_s), ("due_at", part.due_s))
    }
    points = np.full(len(part), None, dtype=object)
    there = ~np.isnan(part.lon)
    points[there] = shapely.points(part.lon[there], part.lat[there])
    index = pd.Index(part.incident_id, name="incident_id")
    return gpd.GeoDataFrame({**words, **moments}, geometry=gpd.GeoSeries(points, index=index, crs=WGS84), index=index)


def cluster_body(conn: Connection, ledger: Ledger, left: Bools, wanted: Wanted, *, profile: Profile) -> dict[str, Any]:
    """Return where the incidents of a filter gather, each category apart, largest first.

    Without a filter it is what the job `find_clusters` stored, as long as one choice of parameters made
    all of it; before that job has run, and under any filter, it is worked out now.

    Raises
    ------
    TooManyIncidentsError
        The filter leaves more than `CLUSTER_INCIDENTS_MAX`.
    """
    stored = _stored_clusters(conn, wanted) if wanted == Wanted(scope=wanted.scope) else None
    return stored or _clusters_now(ledger, left, profile=profile)


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


def _clusters_now(ledger: Ledger, left: Bools, *, profile: Profile) -> dict[str, Any]:
    rule, rows = profile.incidents, np.flatnonzero(left & ~ledger.is_stray)
    if len(rows) > CLUSTER_INCIDENTS_MAX:
        raise TooManyIncidentsError(found=len(rows), most=CLUSTER_INCIDENTS_MAX)
    incidents = frame_of(ledger, rows)
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
    shown = found.reindex(columns=[*_CLUSTER_KEYS, *_DOUBTS, "geometry"])
    return collection(frame_features(shown, shown.columns), parameters=parameters, computed_at=None)


def _refuse_leak(frame: gpd.GeoDataFrame, scope: str) -> None:
    if not is_own(frame["area_code"], scope).all():
        raise ScopeLeakError(f"rows outside the scope {scope}")


def is_own(codes: pd.Series, scope: str) -> pd.Series:
    """Return which codes lie within a scope; a missing one lies in none."""
    if scope == EVERYWHERE:
        return codes.notna()
    return codes.astype("string").str.startswith(scope).fillna(False).astype(bool)


def _below(scope: str) -> list[Any]:
    return [] if scope == EVERYWHERE else [func.starts_with(incidents_table.c.area_code, scope)]
