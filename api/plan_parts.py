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


class AcrossGridsError(InputError):
    """A zone or household unit lies in exactly one grid."""

    zh = "涉及多个网格（{codes}）：责任区域和联户单元不能跨网格。"
    en = "More than one grid is concerned ({codes}): a zone or household unit lies in one."


class NothingToDoError(InputError):
    """What is asked for is so already."""

    zh = "无需改动：{reason_zh}。"
    en = "There is nothing to do: {reason}."


def redrawn(conn: Connection, plan_id: int, part: PlanPart, grid_of: pd.Series, rows: Rows) -> PlanPart:
    """Return a part with other grids: zones and units go along, empty grids are gone, all have numbers and codes."""
    cells = sorted(part.grid_of.index.tolist())
    borders = parts.borders_of(parts.read_borders_of(conn, cells))
    zone_of = carried_zones(part.grid_of, part.zone_of, grid_of, borders)
    units = carried_units(part.grid_of, part.units, grid_of)
    left = set(grid_of.tolist())
    other = part.grid_of.ne(grid_of)
    altered = set(part.grid_of[other].tolist()) | set(grid_of[other].tolist())
    rows = {key: {**row, "exception": None} if key in altered else row for key, row in rows.items() if key in left}
    return dealt(conn, plan_id, replace(part, grid_of=grid_of, grids=rows), part, zone_of=zone_of, units=units)


def dealt(
    conn: Connection, plan_id: int, part: PlanPart, before: PlanPart, *, zone_of: pd.Series, units: pd.DataFrame
) -> PlanPart:
    """Return a part with other zones and units: empty ones are gone, labels below 0 get numbers and codes.

    Parameters
    ----------
    part
        With the grids as they are to be.
    before
        As the plan is: whose zones and units keep their codes where they stay in their grid.
    zone_of, units
        As of `data.stores.parts.PlanPart`.
    """
    zone_of = _allotted(conn, "zones", zone_of)
    units = units.assign(unit=_allotted(conn, "units", units["unit"]))
    zone_home = _home(zone_of, part.grid_of)
    unit_home = _home(units["unit"], units["cell_id"].map(part.grid_of))
    new = _newcomers(before.zones, zone_home) | _newcomers(before.unit_rows, unit_home)
    codes = {key: str(row["grid_code"]) for key, row in part.grids.items()}
    last = parts.last_sequences(conn, plan_id, [codes[grid] for grid in new]) if new else {}
    return replace(
        part, zone_of=zone_of, units=units,
        zones=_coded(before.zones, zone_home, codes, last, what="zones"),
        unit_rows=_coded(before.unit_rows, unit_home, codes, last, what="units"),
    )  # fmt: skip


def with_new_grid(conn: Connection, community: str, rows: Rows, *, name: str | None) -> tuple[int, Rows]:
    """Return the number of a grid to be, and the rows with it; its code was never used, by none of the rows either."""
    parts.hold_codes(conn, CODES_LOCK)
    used = {*plan_store.used_grid_codes(conn, within=community), *(str(row["grid_code"]) for row in rows.values())}
    (code,) = next_grid_codes(community, 1, used=used)
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


def _stays(was: Rows, label: int, grid: int) -> bool:
    return label in was and was[label]["grid_id"] == grid


def _home(labels: pd.Series, grids: pd.Series) -> dict[int, int]:
    """Return the grid that each zone or unit lies in."""
    first = grids.groupby(labels).first()
    return dict(zip(first.index.tolist(), first.tolist(), strict=True))


def _newcomers(was: Rows, home: dict[int, int]) -> set[int]:
    """Return the grids that get a zone or unit which was not in them."""
    return {grid for label, grid in home.items() if not _stays(was, label, grid)}


def _coded(
    was: Rows, home: dict[int, int], codes: dict[int, str], last: dict[str, dict[str, int]], *, what: str
) -> Rows:
    """Return zones or units with the grid they lie in now; those that came to a grid have a code it never had."""
    key, digits = {"zones": ("zone_code", 3), "units": ("unit_code", 4)}[what]
    made: Rows = {}
    given = {grid: last[code][what] for grid, code in codes.items() if code in last}
    for label, grid in sorted(home.items(), key=lambda pair: (not _stays(was, *pair), pair)):
        if _stays(was, label, grid):
            made[label] = was[label]
            continue
        given[grid] += 1
        own = {"name": f"责任区{given[grid]}"} if what == "zones" else {}
        made[label] = {"grid_id": grid, key: f"{codes[grid]}{given[grid]:0{digits}d}", **own}
    return made


def _allotted(conn: Connection, what: str, labels: pd.Series) -> pd.Series:
    """Return labels with numbers of their table for those below 0."""
    new = sorted(set(labels[labels < 0].tolist()), reverse=True)
    return labels.replace(dict(zip(new, parts.allot(conn, what, len(new)), strict=True))) if new else labels
