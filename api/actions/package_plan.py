"""Package a plan: announcement, maps, layers, tables, report and checksums in one file that others can verify."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from api.actions.export_dossier import dossier_workbook
from api.actions.read_dossier import dossier_of
from api.actions.read_life import life_of
from api.announcement import README, announcement
from api.auth import EVERYWHERE, Account
from api.workbook import Sheet, workbook
from data.profiles import Profile
from data.stores import areas as area_store
from data.stores import cells as cell_store
from data.stores import grids as grid_store
from data.stores import ground as ground_store
from data.stores import plans as plan_store
from data.stores import steps
from data.writers.package import layer_files, pack
from geo.codes import scope_of
from geo.crs import metric_crs_of, to_metric
from maps.grid_sheet import GridSheet, sheet_svg, window_of

_GRID = ["grid_code", "name", "area_code", "kind", "households", "people", "geometry"]
_ZONE = ["zone_code", "name", "grid_code", "households", "people", "geometry"]
_UNIT = ["unit_code", "grid_code", "households", "geometry"]
_CELL = ["cell_id", "grid_code", "area_code", "kind", "households", "people", "geometry"]
MAJOR = ("motorway", "trunk", "primary", "secondary")
PATHS = ("footway", "path", "steps", "cycleway", "track", "corridor", "bridleway", "pedestrian", "platform")
WHOLE = Account(account_id=0, name="package", role="admin", scope=EVERYWHERE)


@dataclass(frozen=True, eq=False)
class PlanLayers:
    """The layers of a package, EPSG:4326: no resident's data and no worker's."""

    communities: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    units: gpd.GeoDataFrame

    def by_name(self) -> dict[str, gpd.GeoDataFrame]:
        """Return the layers by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def package_plan(
    conn: Connection, plan_id: int, *, profile: Profile, attribution: str, language: str
) -> tuple[bytes, str]:
    """Return a plan's package as a ZIP, and its digest. The whole plan: it needs a connection over all of its ground.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plan = plan_store.read_plan(conn, plan_id)
    layers = layers_of(conn, plan_id, scope_of(plan["area_code"]))
    dossier = _nameless(dossier_of(conn, WHOLE, plan_id, base_id=None, profile=profile, language=language))
    desk = str(getattr(profile.public.desk_name, language)), profile.public.desk_phone
    state = steps.WORDS[plan["state"]][0 if language == "zh" else 1]
    files = {
        "README.txt": README[language].encode(),
        "announcement.txt": announcement(plan, dossier, desk=desk, state=state, language=language).encode(),
        "plan.json": _json(_plan_facts(conn, plan)),
        "report.json": _json(_last_report(conn, plan_id)),
        "plan.xlsx": _tables(conn, plan, layers, dossier, language),
        "dossier.xlsx": dossier_workbook(dossier, language=language),
        **layer_files(layers.by_name(), also=("grids", "zones")),
        **_sheets(conn, plan, layers, attribution=attribution, language=language),
    }
    return pack(files)


def layers_of(conn: Connection, plan_id: int, within: str) -> PlanLayers:
    """Return a plan's ground: communities, cells with their grids, grids, zones, household units."""
    grids = grid_store.read_grids(conn, plan_id)
    cells = cell_store.read_cells(conn, within=within)
    codes = grid_store.read_assignment(conn, plan_id).map(grids["grid_code"])
    cells = cells[cells.index.isin(codes.index)]
    communities = area_store.read_areas(conn, level="community", within=within)
    communities = communities[communities.index.isin(grids["area_code"])]
    return PlanLayers(
        communities=communities[["name", "geometry"]].reset_index(),
        cells=gpd.GeoDataFrame(cells.assign(grid_code=codes.reindex(cells.index)).reset_index()[_CELL]),
        grids=gpd.GeoDataFrame(grids[_GRID].reset_index(drop=True)),
        zones=gpd.GeoDataFrame(grid_store.read_zones(conn, plan_id)[_ZONE].reset_index(drop=True)),
        units=gpd.GeoDataFrame(grid_store.read_units(conn, plan_id)[_UNIT].reset_index(drop=True)),
    )


def _nameless(dossier: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dossier that names no worker: it leaves the office."""

    def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{key: None if key.endswith("worker") else value for key, value in row.items()} for row in rows]

    rows = {key: plain(value) if isinstance(value, list) else value for key, value in dossier.items()}
    return {**rows, "workers": [], "incidents": []}


def _plan_facts(conn: Connection, plan: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("plan_id", "name", "area_code", "area_name", "state", "revision", "document_number", "valid_from",
            "valid_to", "grids", "households")  # fmt: skip
    life = life_of(conn, WHOLE, plan["plan_id"])
    return {**{key: plan[key] for key in keys}, "steps": life["steps"]}


def _last_report(conn: Connection, plan_id: int) -> dict[str, Any]:
    reports = [row["report"] for row in steps.list_steps(conn, plan_id) if row["report"] is not None]
    return reports[-1] if reports else {"errors": None, "warnings": None, "findings": []}


def _json(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, indent=1, default=str).encode()


def _tables(
    conn: Connection, plan: Mapping[str, Any], layers: PlanLayers, dossier: Mapping[str, Any], language: str
) -> bytes:
    houses = ground_store.read_buildings(conn, within=scope_of(plan["area_code"]))
    cells = cell_store.read_cells(conn, within=scope_of(plan["area_code"]))[["building_id"]]
    cells = cells.join(layers.cells.set_index("cell_id")["grid_code"]).dropna()
    by_house = cells.groupby("building_id")["grid_code"].agg(lambda codes: "、".join(sorted(set(codes))))
    homes = houses.loc[houses.index.isin(by_house.index), ["address", "name", "households"]]
    homes = homes.assign(grid_code=by_house.reindex(homes.index)).reset_index()
    ways = pd.DataFrame(dossier["moves"], columns=["from_grid", "from_name", "to_grid", "to_name", "households"])
    names = ("网格", "责任区域", "楼栋", "新旧编码") if language == "zh" else ("Grids", "Zones", "Buildings", "Codes")
    frames = (layers.grids.drop(columns="geometry"), layers.zones.drop(columns="geometry"), homes, ways)
    sheets = [Sheet(name, pd.DataFrame(frame)) for name, frame in zip(names, frames, strict=True)]
    notes = [("plan", str(plan["name"])), ("document", str(plan["document_number"] or "—"))]
    about = "说明" if language == "zh" else "About"
    return workbook(sheets, about=about, title=str(plan["name"]), notes=notes)


def _sheets(
    conn: Connection, plan: Mapping[str, Any], layers: PlanLayers, *, attribution: str, language: str
) -> dict[str, bytes]:
    """Return a map of each grid."""
    within = scope_of(plan["area_code"])
    crs = metric_crs_of(layers.grids)
    houses, streets, barriers = (
        to_metric(frame, crs)
        for frame in (
            ground_store.read_buildings(conn, within=within), ground_store.read_streets(conn, within=within),
            ground_store.read_barriers(conn, within=within),
        )
    )  # fmt: skip
    water = barriers.geometry[(barriers["kind"] == "water") & (barriers.geom_type.str.endswith("Polygon"))]
    looks = np.select(
        [streets["road_class"].isin(MAJOR), streets["road_class"].isin(PATHS)], ["major", "path"], "minor"
    )
    grids = to_metric(layers.grids, crs)
    trees = [shapely.STRtree(frame.geometry.to_numpy()) for frame in (grids, houses, streets)]
    made: dict[str, bytes] = {}
    for at, row in enumerate(grids.to_dict("records")):
        near = [tree.query(window_of(row["geometry"]), predicate="intersects") for tree in trees]
        households = f"{row['households']:,} " + ("户" if language == "zh" else "households")
        sheet = GridSheet(
            title=str(row["name"]), notes=[f"{row['grid_code']} · {households}", str(plan["name"])],
            grid=row["geometry"],
            neighbours=[(grids.geometry.iloc[one], str(grids["name"].iloc[one])) for one in near[0] if one != at],
            buildings=list(houses.geometry.to_numpy()[near[1]]), water=list(water),
            streets=list(zip(streets.geometry.to_numpy()[near[2]], looks[near[2]], strict=True)),
            attribution=attribution,
        )  # fmt: skip
        made[f"maps/{row['grid_code']}.svg"] = sheet_svg(sheet).encode()
    return made
