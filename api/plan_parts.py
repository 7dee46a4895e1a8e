"""Plan parts: some grids of a plan drawn otherwise, with codes, numbers, zones and household units that go along."""

from collections.abc import Collection
from dataclasses import replace

import pandas as pd
from sqlalchemy import Connection

from api.actions.propose_plan import CODES_LOCK
from data.stores import areas as area_store
from data.stores import parts
from data.stores import plans as plan_store
from data.stores.parts import PlanPart, Rows
from geo.carrying import carried_units, carried_zones
from geo.codes import next_grid_codes
from geo.errors import InputError
from geo.rebalance import LockedGridError


class NoSuchCellError(InputError):
    """Cells that the plan does not hold."""

    zh = "方案中没有这些地块：{ids}。"
    en = "The plan holds no such cells: {ids}."


class AcrossCommunitiesError(InputError):
    """A grid belongs to exactly one community."""

    zh = "地块与网格不在同一个社区（{codes}）：网格不能跨社区。"
    en = "Cells and grid lie in more than one community ({codes}): a grid belongs to one."


class NothingToDoError(InputError):
    """What is asked for is so already."""

    zh = "无需改动：{reason_zh}。"
    en = "There is nothing to do: {reason}."


def redrawn(conn: Connection, part: PlanPart, grid_of: pd.Series, rows: Rows) -> PlanPart:
    """Return a part with other grids: zones and units go along, empty grids are gone, all have numbers and codes."""
    cells = sorted(part.grid_of.index.tolist())
    borders = parts.borders_of(parts.read_borders_of(conn, cells))
    zone_of = _allotted(conn, "zones", carried_zones(part.grid_of, part.zone_of, grid_of, borders))
    units = carried_units(part.grid_of, part.units, grid_of)
    units = units.assign(unit=_allotted(conn, "units", units["unit"]))
    left = set(grid_of.tolist())
    other = part.grid_of.ne(grid_of)
    altered = set(part.grid_of[other].tolist()) | set(grid_of[other].tolist())
    rows = {key: {**row, "exception": None} if key in altered else row for key, row in rows.items() if key in left}
    unit_grid = units["cell_id"].map(grid_of).groupby(units["unit"]).first()
    return replace(
        part, grid_of=grid_of, zone_of=zone_of, units=units, grids=rows,
        zones=_coded(part.zones, grid_of.groupby(zone_of).first(), rows, key="zone_code", digits=3, name="责任区"),
        unit_rows=_coded(part.unit_rows, unit_grid, rows, key="unit_code", digits=4),
    )  # fmt: skip


def with_new_grid(conn: Connection, community: str, rows: Rows, *, name: str | None) -> tuple[int, Rows]:
    """Return the number of a grid to be, and the rows with it; its code was never used."""
    parts.hold_codes(conn, CODES_LOCK)
    (code,) = next_grid_codes(community, 1, used=plan_store.used_grid_codes(conn, within=community))
    (number,) = parts.allot(conn, "grids", 1)
    title = str(area_store.read_areas(conn, within=community)["name"].get(community, "")) + f"第{int(code[12:])}网格"
    made = {"area_code": community, "grid_code": code, "name": name or title, "kind": "general", "is_locked": False,
            "exception": None}  # fmt: skip
    return number, {**rows, number: made}


def cells_asked(conn: Connection, ids: Collection[int], buildings: Collection[int]) -> tuple[int, ...]:
    """Return cells by number, and those of buildings, in order."""
    cells = {*ids, *(parts.cells_of_buildings(conn, buildings) if buildings else ())}
    if not cells:
        raise NothingToDoError(reason="no cells are named", reason_zh="没有选中地块")
    return tuple(sorted(cells))


def refuse_locked(part: PlanPart, ids: Collection[int]) -> None:
    """Raise LockedGridError where one of some grids is locked."""
    locked = sorted(str(part.grids[key]["grid_code"]) for key in set(ids) if part.grids[key]["is_locked"])
    if locked:
        raise LockedGridError(grids=", ".join(locked))


def _coded(was: Rows, grid_of: pd.Series, grid_rows: Rows, *, key: str, digits: int, name: str | None = None) -> Rows:
    """Return zones or units with the grid they lie in now; those that came to a grid have a new code of it."""
    home = dict(zip(grid_of.index.tolist(), grid_of.tolist(), strict=True))
    stayed = {label: was[label] for label, grid in home.items() if label in was and was[label]["grid_id"] == grid}
    made, last = dict(stayed), dict[int, int]()
    for row in was.values():
        last[row["grid_id"]] = max(last.get(row["grid_id"], 0), int(str(row[key])[15:]))
    for label in sorted(set(home) - set(stayed)):
        grid = home[label]
        last[grid] = last.get(grid, 0) + 1
        own = {"name": f"{name}{last[grid]}"} if name else {}
        made[label] = {"grid_id": grid, key: f"{grid_rows[grid]['grid_code']}{last[grid]:0{digits}d}", **own}
    return made


def _allotted(conn: Connection, what: str, labels: pd.Series) -> pd.Series:
    """Return labels with numbers of their table for those below 0."""
    new = sorted(set(labels[labels < 0].tolist()), reverse=True)
    return labels.replace(dict(zip(new, parts.allot(conn, what, len(new)), strict=True))) if new else labels
