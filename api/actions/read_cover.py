"""Read cover: whether every door is in exactly one grid with someone answerable, on a day, within a scope."""

from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from api.answers import bbox_of
from data.stores import areas as area_store
from data.stores import cover as cover_store
from data.stores import grids as grid_store
from data.stores import plans as plan_store
from geo.cover import cover_findings
from geo.frames import empty_frame

FLAWS_SHOWN_MAX = 200
STRAYS_SHOWN_MAX = 50
_DOORS = ("doors", "doors_covered", "doors_without_grid", "doors_in_several")
# A straight border is bent a little by measuring it in metres where one side has more corners than the other.
ROUNDING_M2 = 1.0


def read_cover(conn: Connection, *, on: date, scope: str) -> dict[str, Any]:
    """Return the body of ``GET /api/v1/cover``; communities without a plan that day have no gaps, only bare doors."""
    table = cover_store.cover_by_community(conn, on=on, within=scope)
    vacancies = cover_store.vacancies(conn, on=on, within=scope)
    grids = grid_store.read_published(conn, on)
    if scope != "*":
        grids = grids[grids["area_code"].str.startswith(scope)]
    communities = area_store.read_areas(conn, level="community", within=scope)
    communities = communities[communities.index.isin(grids["area_code"])]
    sums = {name: int(table[name].sum()) for name in (*_DOORS, "households", "grids")}
    return {
        "on": on,
        "plan_ids": plan_store.plans_on(conn, on=on, within=scope),
        **sums,
        **_flaws(communities, grids),
        "strays": _strays(cover_store.stray_doors(conn, on=on, within=scope, most=STRAYS_SHOWN_MAX), table["name"]),
        "vacancies": [
            {**row, "bbox": bbox_of(shape)}
            for row, shape in zip(
                vacancies[["grid_code", "name", "community", "households"]].to_dict("records"),
                vacancies.geometry,
                strict=True,
            )
        ],
        "communities": [
            {"area_code": code, **row}
            for code, row in zip(
                table.index,
                table[["name", *_DOORS, "grids", "vacant", "households"]].to_dict("records"),
                strict=True,
            )
        ],
    }


def _strays(doors: gpd.GeoDataFrame, communities: pd.Series) -> list[dict[str, Any]]:
    """Return doors in no grid or in several, each with where it is."""
    rows = doors.assign(
        community=doors["area_code"].map(communities), lon=doors.geometry.x.round(7), lat=doors.geometry.y.round(7)
    )
    return list(rows[["name", "community", "grids", "lon", "lat"]].to_dict("records"))


def _flaws(communities: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return gaps and overlaps of the communities that have a plan, largest first, slivers included."""
    if communities.empty or grids.empty:
        return {"gaps": [], "overlaps": []}
    # Doors are counted by the store, against stairwells too; here only ground is asked about.
    nothing = empty_frame((), index="building_id")
    found = cover_findings(
        communities, grids.set_index("grid_code"), nothing, tolerance_m2=ROUNDING_M2
    )  # fmt: skip
    found = found.sort_values("area_m2", ascending=False, kind="stable")
    names = communities["name"]
    return {
        kind: [
            {
                "area_m2": round(float(row.area_m2), 1),
                "bbox": bbox_of(row.geometry),
                "community": names.get(row.area_code),
            }
            for row in found[found["finding"].isin(words)].head(FLAWS_SHOWN_MAX).itertuples()
        ]
        for kind, words in (("gaps", ("gap", "sliver_gap")), ("overlaps", ("overlap", "sliver_overlap")))
    }
