"""Read rounds: how far it is to walk past every building of a grid and back, on the streets as they are stored."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from api.auth import Account
from api.walk_scene import WalkScenes
from data.profiles import Profile
from data.stores import answers
from geo.codes import scope_of
from geo.errors import NotFoundError
from geo.rounds import rounds

SEED = 0


def grid_rounds(
    conn: Connection, scenes: WalkScenes, *, on: date, area_code: str, account: Account, profile: Profile
) -> dict[str, Any]:
    """Return the body of ``GET /api/v1/duties/rounds``: a row a grid of an area, the longest walk first.

    Raises
    ------
    NotFoundError
        The area is beyond the account's scope.
    """
    within = scope_of(area_code)
    if not account.covers(within):
        raise NotFoundError(what="area", key=area_code)
    pairs = answers.read_grid_buildings(conn, on, within=within)
    speed = profile.walking.speed_m_per_s
    if pairs.empty:
        return {"on": on, "speed_m_per_s": speed, "rounds": []}
    scene = scenes.get(conn, profile, profile.walking.usual).scene
    which = scene.ids.get_indexer(pd.Index(pairs["building_id"]))
    here = pairs[which >= 0].reset_index(drop=True)
    found = rounds(scene.network, scene.homes.take(which[which >= 0].astype(np.int64)), here["grid_code"], seed=SEED)
    names = dict(zip(here["grid_code"], here["name"], strict=True))
    households = dict(zip(here["grid_code"], here["households"], strict=True))
    rows = [
        {
            "grid_code": code, "name": names[str(code)], "households": int(households[str(code)]),
            "buildings": int(row["doors"]), "length_m": round(float(row["length_m"]), 1),
            "walk_min": round(float(row["length_m"]) / speed / 60, 1), "least_m": round(float(row["tree_m"]), 1),
            "straight": int(row["straight"]), "order": here.loc[row["order"], "building_id"].tolist(),
        }
        for code, row in found.iterrows()
    ]  # fmt: skip
    rows.sort(key=lambda row: (-row["length_m"], row["grid_code"]))
    return {"on": on, "speed_m_per_s": speed, "rounds": rows}
