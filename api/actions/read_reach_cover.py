"""Read reach cover: households within each circle by grid, community or street; kinds of service; weak spots."""

from datetime import date
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from api.actions.try_place import Asked, check_category, served_homes
from api.answers import bbox_of, feature
from api.walk_scene import TownScene, WalkScenes
from data.profiles import Profile
from data.stores import areas as area_store
from data.stores import grids as grid_store
from data.stores import reaches as reach_store
from geo.nearest import nearest_to_doors
from geo.searches import net_of

By = Literal["grid", "community", "street"]
STREET_DIGITS, CODE_DIGITS = 9, 12


def read_reach_cover(
    conn: Connection,
    scenes: WalkScenes,
    *,
    by: By,
    category: str | None,
    scope: str,
    on: date,
    profile: Profile,
) -> dict[str, Any]:
    """Return a row a grid, community or street: households and people in all and within each circle.

    With a category its stations alone count. ``kinds`` tells how many households reach how many of the profile's
    categories within the longest circle.

    Raises
    ------
    BadSettingError
        There is no such category.
    """
    check_category(profile, category)
    town = scenes.get(conn, profile, profile.walking.usual)
    mine = town.is_within(scope)
    homes = pd.DataFrame(town.ground.buildings[["area_code", "households", "people"]])
    shapes, homes["code"] = _divisions(conn, town, by, on)
    for minutes in profile.minutes:
        homes[minutes] = served_homes(conn, town, minutes, profile=profile, asked=Asked(scope, category=category))
    homes = homes[mine]
    rows = [_row(str(code), group, shapes, profile) for code, group in homes.dropna(subset="code").groupby("code")]
    return {
        "by": by,
        "minutes": list(profile.minutes),
        "rows": sorted(rows, key=lambda row: (-row["within"][-1]["left_out"], row["code"])),
        "kinds": _kinds(conn, homes, profile),
    }


def _divisions(conn: Connection, town: TownScene, by: By, on: date) -> tuple[gpd.GeoDataFrame, pd.Series]:
    """Return divisions (index code; name, geometry), and the code of each building's."""
    buildings = town.ground.buildings
    if by == "grid":
        grids = grid_store.read_published(conn, on)
        shapes = gpd.GeoDataFrame(grids.set_index("grid_code")[["name", "geometry"]])
        points = shapely.point_on_surface(buildings.geometry.to_numpy())
        row, grid = shapely.STRtree(shapes.geometry.to_numpy()).query(points, predicate="covered_by")
        codes = pd.Series(None, index=buildings.index, dtype=object)
        codes.iloc[row[::-1]] = shapes.index.to_numpy()[grid[::-1]]  # on a border: the first
        return shapes, codes
    areas = area_store.read_areas(conn)[["name", "geometry"]]
    codes = buildings["area_code"].astype(object)
    return areas, codes if by == "community" else codes.str[:STREET_DIGITS].str.ljust(CODE_DIGITS, "0")


def _row(code: str, homes: pd.DataFrame, shapes: gpd.GeoDataFrame, profile: Profile) -> dict[str, Any]:
    households, people = int(homes["households"].sum()), int(homes["people"].sum())
    within = []
    for minutes in profile.minutes:
        near = homes[homes[minutes]]
        reached = int(near["households"].sum())
        within.append(
            {
                "minutes": minutes,
                "households": reached,
                "people": int(near["people"].sum()),
                "left_out": households - reached,
                "share": round(reached / households, 4) if households else None,
            }
        )
    known = code in shapes.index
    return {
        "code": code,
        "name": str(shapes.loc[code, "name"]) if known else code,
        "bbox": bbox_of(shapes.loc[code, "geometry"]) if known else None,
        "households": households,
        "people": people,
        "within": within,
    }


def _kinds(conn: Connection, homes: pd.DataFrame, profile: Profile) -> list[dict[str, int]]:
    """Return how many households reach 0, 1, 2 ... of the profile's categories within the longest circle."""
    reached = pd.Series(0, index=homes.index)
    for category in profile.stations:
        kept = reach_store.read_walks(conn, category=category.key)["walk_min"]
        reached += homes.index.isin(kept.index[kept <= profile.minutes[-1]])
    counts = homes["households"].groupby(reached).sum()
    return [{"kinds": kinds, "households": int(counts.get(kinds, 0))} for kinds in range(len(profile.stations) + 1)]


def read_grid_walks(
    conn: Connection, scenes: WalkScenes, *, scope: str, on: date, profile: Profile
) -> list[dict[str, Any]]:
    """Return, for every grid that holds on a day, minutes on foot from its centre to the nearest of each category.

    The centre is the home nearest to the middle of the grid's households. Minutes are None where no way leads
    there; grids without buildings are left away.
    """
    town = scenes.get(conn, profile, profile.walking.usual)
    grids = grid_store.read_published(conn, on).set_index("grid_code")
    if scope != "*":
        grids = grids[grids["area_code"].str.startswith(scope)]
    _, code = _divisions(conn, town, "grid", on)
    centres = _centres(town, code)
    centres = centres[centres.index.isin(grids.index)]
    grids = grids.loc[centres.index]
    net = net_of(town.scene.network, town.scene.homes.take(centres.to_numpy(dtype=np.int64)))
    stations, m_per_min = town.ground.stations, 60 * profile.walking.speed_m_per_s
    walks = {}
    for category in profile.stations:
        which = np.flatnonzero((stations["category"] == category.key).to_numpy())
        # A straight line is no answer to how far it is on foot.
        found = nearest_to_doors(net, town.stations.take(which), line_max_m=0.0)
        walks[category.key] = found.way_m / m_per_min
    return [
        {
            "grid_code": code,
            "name": row["name"],
            "community": row["community"],
            "bbox": bbox_of(row["geometry"]),
            "minutes": {key: _minutes(minutes[at]) for key, minutes in walks.items()},
        }
        for at, (code, row) in enumerate(zip(grids.index, grids.to_dict("records"), strict=True))
    ]


def _centres(town: TownScene, code: pd.Series) -> pd.Series:
    """Return index code: the position of the home nearest to the middle of each grid's households."""
    frame = pd.DataFrame(town.scene.homes.xy, columns=["x", "y"]).assign(code=code.to_numpy())
    frame["weight"] = np.maximum(town.scene.counts[:, 0], 1e-6)  # offices have no households, but a middle
    frame = frame.dropna(subset="code")
    sums = frame.assign(x=frame["x"] * frame["weight"], y=frame["y"] * frame["weight"]).groupby("code").sum()
    middle = sums[["x", "y"]].div(sums["weight"], axis=0).loc[frame["code"]].to_numpy()
    away_m = np.hypot(*(frame[["x", "y"]].to_numpy() - middle).T)
    nearest = pd.Series(away_m, index=frame.index).groupby(frame["code"]).idxmin()
    return nearest.sort_index()


def _minutes(value: float) -> float | None:
    return round(float(value), 1) if np.isfinite(value) else None


def weak_spots(conn: Connection, scenes: WalkScenes, *, scope: str, profile: Profile) -> list[dict[str, Any]]:
    """Return the compounds of kinds the profile calls weak spots, with households and those left out, as features."""
    town = scenes.get(conn, profile, profile.walking.usual)
    compounds = town.ground.compounds[town.ground.compounds["kind"].isin(profile.walking.weak_spots)]
    if scope != "*":
        compounds = compounds[compounds["area_code"].str.startswith(scope)]
    homes = pd.DataFrame(town.ground.buildings[["compound_id", "households"]])
    homes["households"] = town.counts_within(scope)[:, 0]
    served = served_homes(conn, town, profile.minutes[-1], profile=profile, asked=Asked(scope))
    homes["out"] = np.where(served, 0, homes["households"])
    sums = homes.groupby("compound_id")[["households", "out"]].sum().reindex(compounds.index, fill_value=0)
    return [
        feature(
            row["geometry"],
            {
                "name": row["name"],
                "kind": row["kind"],
                "households": int(sums.loc[compound, "households"]),
                "left_out": int(sums.loc[compound, "out"]),
            },
            feature_id=int(compound),
        )
        for compound, row in zip(compounds.index, compounds.to_dict("records"), strict=True)
    ]
