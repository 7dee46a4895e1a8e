"""Read streets: which of them part a grid, and in how many households on each side."""

from typing import Any

import shapely
from sqlalchemy import Connection

from api.actions.read_plans import require_plan
from api.auth import Account
from data.stores import parts
from data.stores.parts import PlanPart
from geo.errors import NotFoundError
from geo.splitting import NotPartedError, split_by_street

SHORT_M = 20.0  # a street that runs less far inside a grid parts nothing that anybody lives on


def streets_of(conn: Connection, account: Account, plan_id: int, grid_code: str) -> list[dict[str, Any]]:
    """Return the streets along which a grid can be split, the most even split first; those of one name together.

    Returns
    -------
    list of dict
        name (None: it has none), road_class, street_ids, length_m (inside the grid), households (of each part).

    Raises
    ------
    NotFoundError
        There is no such plan or grid in the account's scope.
    """
    require_plan(conn, account, plan_id)
    if not account.covers(grid_code):
        raise NotFoundError(what="grid", key=grid_code)
    part = parts.read_part(conn, plan_id, parts.grid_ids_of_codes(conn, plan_id, [grid_code]))
    found = parts.read_streets_across(conn, shapely.union_all(part.cells.geometry.to_numpy()))
    borders = parts.read_borders_of(conn, part.cells.index.tolist())
    # those without a name go one by one
    key = found["name"].where(found["name"].notna(), found.index.astype(str))
    streets = []
    for _, own in found.groupby(key, sort=True):
        lines = shapely.MultiLineString(shapely.get_parts(own.geometry.to_numpy()).tolist())
        held = _held(part, borders, lines) if own["length_m"].sum() >= SHORT_M else []
        if held:
            streets.append({
                "name": own["name"].iloc[0], "road_class": own["road_class"].iloc[0],
                "street_ids": own.index.tolist(), "length_m": round(float(own["length_m"].sum()), 1),
                "households": held,
            })  # fmt: skip
    return sorted(streets, key=lambda street: (-min(street["households"]), street["street_ids"]))


def _held(part: PlanPart, borders: Any, lines: shapely.MultiLineString) -> list[int]:
    """Return the households of each part that streets make, most first; empty where they part nothing."""
    try:
        share = split_by_street(part.cells, borders, part.cells.index, lines).parts
    except NotPartedError:
        return []
    return [int(sum_) for sum_ in part.cells["households"].groupby(share).sum().sort_index()]
