"""Read plans: what a planner sees of a plan, limited to the communities of the account's scope."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, exists, func, or_, select

from api.answers import bbox_of, feature
from api.auth import EVERYWHERE, Account
from data.calendar import today
from data.profiles import Profile
from data.stores import answers, operations
from data.stores import areas as area_store
from data.stores import grids as grid_store
from data.stores import plans as plan_store
from data.tables.plans import grids as grids_table
from data.tables.plans import plans as plans_table
from geo.codes import LEVEL_DIGITS
from geo.crs import to_metric
from geo.errors import NotFoundError

PLAN_KEYS = (
    "plan_id", "name", "area_code", "area_name", "scheme", "state", "valid_from", "valid_to", "revision", "seed",
    "created_at", "grids", "households",
)  # fmt: skip
_GRID_KEYS = ("grid_code", "name", "kind", "area_code", "households", "people", "is_locked", "exception")


def require_plan(conn: Connection, account: Account, plan_id: int) -> dict[str, Any]:
    """Return a plan's area and state, if it reaches into the account's scope.

    Raises
    ------
    NotFoundError
        There is no such plan, or none of its ground is the account's.
    """
    statement = select(plans_table.c.area_code, plans_table.c.state, plans_table.c.revision).where(
        plans_table.c.plan_id == plan_id
    )
    if account.scope != EVERYWHERE:
        own = exists().where(
            grids_table.c.plan_id == plans_table.c.plan_id, func.starts_with(grids_table.c.area_code, account.scope)
        )
        statement = statement.where(or_(func.starts_with(plans_table.c.area_code, account.scope), own))
    row = conn.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError(what="plan", key=plan_id)
    return dict(row._mapping)


def plan_rows(conn: Connection, account: Account) -> list[dict[str, Any]]:
    """Return the plans that reach into the account's scope, newest first, with their size inside it."""
    rows = plan_store.list_plans(conn, within=account.scope)
    return [{key: row[key] for key in PLAN_KEYS} for row in rows]


def plan_body(conn: Connection, account: Account, plan_id: int) -> dict[str, Any]:
    """Return one plan with its report: measures of the whole plan, exceptions within the account's scope.

    An exception that names no grid is the whole plan's: it is told to whom the whole plan belongs.
    """
    require_plan(conn, account, plan_id)
    plan = plan_store.read_plan(conn, plan_id, within=account.scope)
    report = plan["report"]
    exceptions = [
        {key: row.get(key) for key in ("grid_code", "rule", "certificate", "place", "detail")}
        for row in report.get("exceptions", [])
        if account.covers(str(row.get("grid_code") or plan["area_code"]))
    ]
    return {
        **{key: plan[key] for key in PLAN_KEYS},
        "document_number": plan["document_number"],
        "report": {
            **{key: report.get(key) for key in ("band", "people_band", "count")},
            **{key: report.get(key, {}) for key in ("measures", "versions", "weights")},
            "locked": [code for code in report.get("locked", []) if account.covers(code)],
            "is_afresh": bool(report.get("is_afresh", False)),
            "exceptions": exceptions,
        },
    }


def grid_rows(conn: Connection, account: Account, plan_id: int, *, profile: Profile) -> list[dict[str, Any]]:
    """Return the rows of a plan's grids, in order of code."""
    frame = _grids(conn, account, plan_id, profile=profile)
    return [_row(grid_id, row) for grid_id, row in _records(frame)]


def grid_feature(
    conn: Connection, account: Account, plan_id: int, grid_code: str, *, profile: Profile
) -> dict[str, Any]:
    """Return one grid as a feature, with its zones and how many household units it has.

    Raises
    ------
    NotFoundError
        The plan has no such grid, or it is not the account's.
    """
    frame = _grids(conn, account, plan_id, profile=profile)
    frame = frame[frame["grid_code"] == grid_code]
    if frame.empty:
        raise NotFoundError(what="grid", key=grid_code)
    zones = grid_store.read_zones(conn, plan_id)
    answerable = answers.names_answering(conn, today(), role="answerable_unit")
    ((grid_id, row),) = _records(frame)
    properties = _row(grid_id, row)
    properties["zones"] = [
        {
            "zone_code": zone.zone_code,
            "name": zone.name,
            "households": zone.households,
            "answerable_unit": answerable.get(zone.zone_code),
        }
        for zone in zones[zones["grid_code"] == grid_code][["zone_code", "name", "households"]].itertuples(index=False)
    ]
    properties["units"] = row["units"]
    return feature(frame.geometry.iloc[0], properties, feature_id=grid_code)


def zone_features(conn: Connection, account: Account, plan_id: int, grid_code: str | None) -> list[dict[str, Any]]:
    """Return a plan's zones within the account's scope, of one grid or of all."""
    require_plan(conn, account, plan_id)
    zones = grid_store.read_zones(conn, plan_id)
    zones = zones[zones["area_code"].map(account.covers).astype(bool)]
    if grid_code is not None:
        zones = zones[zones["grid_code"] == grid_code]
    answerable = answers.names_answering(conn, today(), role="answerable_unit")
    keys = ("zone_code", "name", "grid_code", "households", "people")
    return [
        feature(
            shape,
            {**{key: row[key] for key in keys}, "answerable_unit": answerable.get(row["zone_code"])},
            feature_id=row["zone_code"],
        )
        for row, shape in zip(zones[list(keys)].to_dict("records"), zones.geometry, strict=True)
    ]


def _grids(conn: Connection, account: Account, plan_id: int, *, profile: Profile) -> gpd.GeoDataFrame:
    """Return a plan's grids of the account's communities, joined with all that a row shows."""
    require_plan(conn, account, plan_id)
    frame = grid_store.read_grids(conn, plan_id)
    frame = frame[frame["area_code"].map(account.covers).astype(bool)]
    names = area_store.read_areas(conn)["name"]
    workers = answers.names_answering(conn, today(), role="worker")
    street_digits = LEVEL_DIGITS["street"]
    frame = frame.join(grid_store.count_parts(conn, plan_id))
    measures = _measures(conn, plan_id, frame)
    return frame.assign(
        measures=measures,
        community=frame["area_code"].map(names),
        street=frame["area_code"].str[:street_digits].str.ljust(12, "0").map(names),
        worker=frame["grid_code"].map(workers),
        band=band_of(frame, profile),
        compactness=_compactness(frame, measures),
    )


def _records(frame: gpd.GeoDataFrame) -> list[tuple[Any, dict[str, Any]]]:
    return list(zip(frame.index, frame.to_dict("records"), strict=True))


def _row(grid_id: Any, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "grid_id": grid_id,
        **{key: row[key] for key in _GRID_KEYS},
        **{
            key: row[key]
            for key in ("community", "street", "band", "zones", "buildings", "worker", "compactness", "measures")
        },
        "bbox": bbox_of(row["geometry"]),
    }


def band_of(frame: pd.DataFrame, profile: Profile) -> pd.Series:
    """Return below, within, above or dedicated, by the index of grids with kind and households."""
    low, high = profile.grid.band
    words = np.select(
        [frame["kind"] == "dedicated", frame["households"] < low, frame["households"] > high],
        ["dedicated", "below", "above"],
        default="within",
    )
    return pd.Series(words, index=frame.index, dtype=object)


def _measures(conn: Connection, plan_id: int, frame: pd.DataFrame) -> pd.Series:
    """What was measured of each grid when the plan was made, by name; {} for those edited since, or made elsewhere."""
    found, edited = plan_store.read_grid_measures(conn, plan_id), operations.redrawn_grids(conn, plan_id)
    rows = zip(frame.index, frame["grid_code"], strict=True)
    return pd.Series(
        [{} if grid_id in edited else found.get(code, {}) for grid_id, code in rows], index=frame.index, dtype=object
    )


def _compactness(frame: gpd.GeoDataFrame, measures: pd.Series) -> pd.Series:
    """The Polsby-Popper of the report; where there is none, of the grid's outline: 4 pi area / perimeter squared."""
    if frame.empty:
        return pd.Series(dtype=float)
    shapes = to_metric(frame.geometry).to_numpy()
    around_m = shapely.length(shapes)
    value = np.divide(4 * np.pi * shapely.area(shapes), around_m**2, out=np.zeros(len(shapes)), where=around_m > 0)
    known = measures.map(lambda own: own.get("polsby_popper")).astype(float)
    return known.fillna(pd.Series(value, index=frame.index)).round(4)
