"""Read problems: which grids of a community to look at next, and the fewest buildings whose move mends one."""

from typing import Any

from sqlalchemy import Connection

from api.actions.read_plans import require_plan
from api.auth import Account
from data.calendar import today
from data.profiles import Profile
from data.stores import answers, parts
from data.stores.parts import PlanPart
from geo.errors import NotFoundError
from geo.rebalance import LockedGridError
from geo.suggestions import Fix, fix, next_problems


def problems_of(
    conn: Connection, account: Account, plan_id: int, area_code: str, *, profile: Profile
) -> list[dict[str, Any]]:
    """Return the grids of a community that are in pieces, out of the band or without a worker, the gravest first.

    Raises
    ------
    NotFoundError, DeniedError
        There is no such plan in the account's scope; the community is beyond it.
    """
    require_plan(conn, account, plan_id)
    account.require_cover(area_code)
    part = parts.read_part(conn, plan_id, parts.grids_of_plan(conn, plan_id, area_code=area_code))
    if part.cells.empty:
        return []
    held = answers.names_answering(conn, today(), role="worker")
    vacant = [key for key, row in part.grids.items() if row["grid_code"] not in held]
    borders = parts.read_borders_of(conn, part.cells.index.tolist())
    found = next_problems(
        part.cells, borders, part.grid_of, band=profile.grid.band, vacant=vacant, exempt=_dedicated(part)
    )
    return [
        {
            "grid_code": part.grids[int(grid_id)]["grid_code"], "households": int(row["households"]),
            "outside": int(row["outside"]), "pieces": int(row["pieces"]), "is_vacant": bool(row["is_vacant"]),
        }
        for grid_id, row in zip(found.index.tolist(), found.to_dict("records"), strict=True)
    ]  # fmt: skip


def fixes_of(conn: Connection, account: Account, plan_id: int, grid_code: str, *, profile: Profile) -> dict[str, Any]:
    """Return at most three buildings whose move brings a grid into the band, in up to three ways.

    Raises
    ------
    NotFoundError, LockedGridError
        There is no such plan or grid in the account's scope; it is locked.
    """
    require_plan(conn, account, plan_id)
    if not account.covers(grid_code):
        raise NotFoundError(what="grid", key=grid_code)
    (own,) = parts.grid_ids_of_codes(conn, plan_id, [grid_code])
    part = parts.read_part(conn, plan_id, parts.grids_of_communities(conn, plan_id, [own]))
    closed = {key for key, row in part.grids.items() if row["is_locked"]} | set(_dedicated(part))
    if own in closed:
        raise LockedGridError(grids=grid_code)
    borders = parts.read_borders_of(conn, part.cells.index.tolist())
    found = fix(part.cells, borders, part.grid_of, own, band=profile.grid.band, locked=closed)
    addresses = parts.read_addresses(conn, [int(str(move.cell_id)) for one in found.answers for move in one.moves])
    return {
        "grid_code": grid_code,
        "state": found.state,
        "answers": [_told(one, part, addresses) for one in found.answers],
    }


def _told(one: Fix, part: PlanPart, addresses: dict[int, str]) -> dict[str, Any]:
    codes: dict[Any, str] = {key: str(row["grid_code"]) for key, row in part.grids.items()}
    address: dict[Any, str] = dict(addresses)
    return {
        "moves": [
            {
                "cell_id": move.cell_id, "from": codes[move.from_grid], "to": codes[move.to_grid],
                "households": int(part.cells["households"][move.cell_id]), "address": address.get(move.cell_id),
            }
            for move in one.moves
        ],
        "households": {codes[key]: count for key, count in one.households.items()},
        "is_in_band": one.is_in_band,
        "border_m": one.border_m,
    }  # fmt: skip


def _dedicated(part: PlanPart) -> list[int]:
    return [key for key, row in part.grids.items() if row["kind"] == "dedicated"]
