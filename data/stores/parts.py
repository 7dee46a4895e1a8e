"""Parts: some grids of a plan with all that hangs on their cells, as rows by number; numbers and codes to be given.

EPSG:4326, borders in metres.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
from geoalchemy2 import Geography
from geoalchemy2.shape import from_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    BigInteger,
    Connection,
    LargeBinary,
    Select,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY

from data.sql import read_sql
from data.stores._rows import allot_ids, columns_of, read_frame
from data.tables.ground import buildings, cell_borders, streets
from data.tables.ground import cells as cells_table
from data.tables.plans import grids, household_units, plan_cells, unit_cells, zone_cells, zones
from data.tables.reach import stations
from geo.carrying import Borders
from geo.errors import NotFoundError
from geo.frames import WGS84

Row = dict[str, Any]
Rows = dict[int, Row]
GRID = ("area_code", "grid_code", "name", "kind", "is_locked", "exception")
ZONE = ("grid_id", "zone_code", "name")
UNIT = ("grid_id", "unit_code")
GROUND = ("area_code", "kind", "use", "households", "people", "building_id", "compound_id", "geometry")
NUMBERED = {"grids": grids, "zones": zones, "units": household_units}


@dataclass(frozen=True, eq=False)
class PlanPart:
    """Some grids of a plan.

    Attributes
    ----------
    cells
        index cell_id; area_code, kind, use, households, people, building_id, compound_id, geometry (EPSG:4326).
    grid_of, zone_of
        index cell_id, in the order of `cells`.
    units
        unit, cell_id, households.
    grids, zones, unit_rows
        By number; each with the values of `GRID`, `ZONE`, `UNIT`.
    """

    cells: gpd.GeoDataFrame
    grid_of: pd.Series
    zone_of: pd.Series
    units: pd.DataFrame
    grids: Rows
    zones: Rows
    unit_rows: Rows


# -- parts of a plan --------------------------------------------------------------------------


def read_part(connection: Connection, plan_id: int, grid_ids: Collection[int]) -> PlanPart:
    """Return grids of a plan by number, with their cells, zones and household units."""
    own = grids.c.grid_id.in_(sorted(grid_ids))
    cells = read_frame(
        connection,
        select(*columns_of(cells_table, "cell_id", *GROUND), plan_cells.c.grid_id, zone_cells.c.zone_id)
        .join(plan_cells, plan_cells.c.cell_id == cells_table.c.cell_id)
        .join(zones, zones.c.grid_id == plan_cells.c.grid_id)
        .join(zone_cells, (zone_cells.c.zone_id == zones.c.zone_id) & (zone_cells.c.cell_id == cells_table.c.cell_id))
        .where(plan_cells.c.plan_id == plan_id, plan_cells.c.grid_id.in_(sorted(grid_ids)))
        .order_by(cells_table.c.cell_id),
        index="cell_id",
    )
    unit_part = household_units.c.grid_id.in_(sorted(grid_ids))
    units = _plain(
        connection,
        select(unit_cells.c.unit_id.label("unit"), unit_cells.c.cell_id, unit_cells.c.households)
        .join(household_units, household_units.c.unit_id == unit_cells.c.unit_id)
        .where(unit_part)
        .order_by(unit_cells.c.unit_id, unit_cells.c.cell_id),
        None,
    )
    return PlanPart(
        cells=gpd.GeoDataFrame(cells.drop(columns=["grid_id", "zone_id"])),
        grid_of=cells["grid_id"].astype("int64").rename("grid"),
        zone_of=cells["zone_id"].astype("int64").rename("zone"),
        units=units,
        grids=_rows(connection, select(grids.c.grid_id, *(grids.c[name] for name in GRID)).where(own)),
        zones=_rows(
            connection,
            select(zones.c.zone_id, *(zones.c[name] for name in ZONE)).where(zones.c.grid_id.in_(sorted(grid_ids))),
        ),
        unit_rows=_rows(
            connection,
            select(household_units.c.unit_id, *(household_units.c[name] for name in UNIT)).where(unit_part),
        ),
    )


def read_rows(connection: Connection, grid_ids: Collection[int]) -> PlanPart:
    """Return grids by number without what lies in them: for edits that move nothing."""
    statement = select(grids.c.grid_id, *(grids.c[name] for name in GRID)).where(grids.c.grid_id.in_(sorted(grid_ids)))
    cells = gpd.GeoDataFrame({name: [] for name in GROUND[:-1]}, geometry=[], crs=WGS84).rename_axis("cell_id")
    none = pd.Series([], index=cells.index, dtype="int64")
    units = pd.DataFrame(dict.fromkeys(("unit", "cell_id", "households"), none))
    return PlanPart(cells, none, none, units, grids=_rows(connection, statement), zones={}, unit_rows={})


def read_addresses(connection: Connection, cell_ids: Collection[int]) -> dict[int, str]:
    """Return the address of the building of each of some cells, where it has one."""
    statement = (
        select(cells_table.c.cell_id, buildings.c.address)
        .join(buildings, buildings.c.building_id == cells_table.c.building_id)
        .where(cells_table.c.cell_id.in_(sorted(cell_ids)), buildings.c.address.is_not(None))
    )
    return {row.cell_id: row.address for row in connection.execute(statement)}


def read_borders_of(connection: Connection, cell_ids: Collection[int]) -> pd.DataFrame:
    """Return borders whose two cells are among some: the columns of `data.stores.cells.read_borders`."""
    # once an array, not a table joined twice: a third of the time for a whole community
    some = bindparam("ids", type_=ARRAY(BigInteger), value=sorted(cell_ids))
    statement = (
        select(cell_borders)
        .where(cell_borders.c.cell_a == func.any(some), cell_borders.c.cell_b == func.any(some))
        .order_by(cell_borders.c.cell_a, cell_borders.c.cell_b)
    )
    return _plain(connection, statement, None)


def borders_of(borders: pd.DataFrame) -> Borders:
    """Return borders as arrays."""
    return Borders(*(borders[name].to_numpy() for name in ("cell_a", "cell_b", "length_m")))


def read_plan_cells(connection: Connection, plan_id: int, area_code: str) -> gpd.GeoDataFrame:
    """Return the cells of a community in order: cell_id, households, people, kind, use, building_id, compound_id.

    And the grid_code that a plan gives each, and the address of its building.
    """
    keys = ("cell_id", "households", "people", "kind", "use", "building_id", "compound_id", "geometry")
    statement = (
        select(*columns_of(cells_table, *keys), grids.c.grid_code, buildings.c.address)
        .join(plan_cells, plan_cells.c.cell_id == cells_table.c.cell_id)
        .join(grids, grids.c.grid_id == plan_cells.c.grid_id)
        .outerjoin(buildings, buildings.c.building_id == cells_table.c.building_id)
        .where(plan_cells.c.plan_id == plan_id, cells_table.c.area_code == area_code)
        .order_by(cells_table.c.cell_id)
    )
    return read_frame(connection, statement, index=None)


def read_grids_by_code(
    connection: Connection, plan_id: int, codes: Collection[str], *, drawn: Collection[str]
) -> gpd.GeoDataFrame:
    """Return grids of a plan in order of code: index grid_id; the columns of `GRID`, households, people, geometry.

    Of those whose code is not among `drawn` the geometry is left out: it is large, and is not always asked for.
    """
    columns = columns_of(grids, "grid_id", *GRID, "households", "people")
    wanted = case((grids.c.grid_code.in_(sorted(drawn)), func.ST_AsBinary(grids.c.geometry)))
    statement = select(*columns, type_coerce(wanted, LargeBinary).label("geometry"))
    mine = (grids.c.plan_id == plan_id, grids.c.grid_code.in_(sorted(codes)))
    return read_frame(connection, statement.where(*mine).order_by(grids.c.grid_code), index="grid_id")


def read_streets_across(
    connection: Connection, ground: BaseGeometry, *, chosen: Collection[int | str] = ()
) -> gpd.GeoDataFrame:
    """Return streets that run through ground (EPSG:4326): index street_id; name, road_class, length_m, geometry.

    Parameters
    ----------
    chosen
        Only those of these numbers or names; none names all.

    Notes
    -----
    ``length_m`` is that of the street inside the ground; what only touches it is left out.
    """
    outline = from_shape(ground, srid=4326)
    inside_m = func.ST_Length(cast(func.ST_Intersection(streets.c.geometry, outline), Geography))
    statement = (
        select(*columns_of(streets, "street_id", "name", "road_class", "geometry"), inside_m.label("length_m"))
        .where(func.ST_Intersects(streets.c.geometry, outline), inside_m > 0)
        .order_by(streets.c.street_id)
    )
    if chosen:
        numbers, names = ([one for one in chosen if isinstance(one, kind)] for kind in (int, str))
        statement = statement.where(or_(streets.c.street_id.in_(numbers), streets.c.name.in_(names)))
    return read_frame(connection, statement, index="street_id")


def count_stations(connection: Connection, cell_ids: Collection[int]) -> dict[int, int]:
    """Return how many stations lie in each of some cells; one on a border is in the cell of the lowest number."""
    some = bindparam("ids", type_=ARRAY(BigInteger), value=sorted(cell_ids))
    first = (
        select(stations.c.station_id, func.min(cells_table.c.cell_id).label("cell_id"))
        .join(cells_table, func.ST_Intersects(cells_table.c.geometry, stations.c.geometry))
        .where(cells_table.c.cell_id == func.any(some))
        .group_by(stations.c.station_id)
        .subquery()
    )
    statement = select(first.c.cell_id, func.count().label("stations")).group_by(first.c.cell_id)
    return {row.cell_id: row.stations for row in connection.execute(statement)}


# -- which grids, which cells -----------------------------------------------------------------


def grid_ids_of_cells(connection: Connection, plan_id: int, cell_ids: Collection[int]) -> pd.Series:
    """Return the grid of each of some cells of a plan: Series by cell_id; cells of other ground are left out."""
    some = bindparam("ids", type_=ARRAY(BigInteger), value=sorted(cell_ids))
    statement = select(plan_cells.c.cell_id, plan_cells.c.grid_id).where(
        plan_cells.c.plan_id == plan_id, plan_cells.c.cell_id == func.any(some)
    )
    return _plain(connection, statement, "cell_id")["grid_id"]


def grid_ids_of_codes(connection: Connection, plan_id: int, codes: Sequence[str]) -> list[int]:
    """Return the numbers of grids by code, in the order asked.

    Raises
    ------
    NotFoundError
        The plan has no grid of one of the codes.
    """
    statement = select(grids.c.grid_code, grids.c.grid_id).where(
        grids.c.plan_id == plan_id, grids.c.grid_code.in_(codes)
    )
    found = {row.grid_code: row.grid_id for row in connection.execute(statement)}
    for code in codes:
        if code not in found:
            raise NotFoundError(what="grid", key=code)
    return [found[code] for code in codes]


def grids_of_plan(connection: Connection, plan_id: int, *, area_code: str | None = None) -> list[int]:
    """Return the numbers of all grids of a plan, or of those in one community."""
    statement = select(grids.c.grid_id).where(grids.c.plan_id == plan_id)
    if area_code is not None:
        statement = statement.where(grids.c.area_code == area_code)
    return sorted(connection.scalars(statement))


def grids_of_communities(connection: Connection, plan_id: int, grid_ids: Collection[int]) -> list[int]:
    """Return all grids of a plan that share a community with some."""
    here = select(grids.c.area_code).where(grids.c.grid_id.in_(sorted(grid_ids)))
    all_of = select(grids.c.grid_id).where(grids.c.plan_id == plan_id, grids.c.area_code.in_(here))
    return sorted(connection.scalars(all_of))


def read_codes_of(connection: Connection, grid_ids: Collection[int]) -> Rows:
    """Return area_code and grid_code of grids that are there, by number."""
    columns = (grids.c.grid_id, grids.c.area_code, grids.c.grid_code)
    return _rows(connection, select(*columns).where(grids.c.grid_id.in_(sorted(grid_ids))))


def cells_of_buildings(connection: Connection, building_ids: Collection[int]) -> list[int]:
    """Return the cells around some buildings."""
    statement = select(cells_table.c.cell_id).where(cells_table.c.building_id.in_(sorted(building_ids)))
    return sorted(connection.scalars(statement))


# -- numbers and codes to be given ------------------------------------------------------------


def hold_codes(connection: Connection, key: int) -> None:
    """Hold off everybody else who issues codes under this key, until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def last_sequences(connection: Connection, plan_id: int, codes: Collection[str]) -> dict[str, dict[str, int]]:
    """Return the highest sequence that zones and units of grids ever had: grid code -> {"zones": n, "units": n}."""
    asked = {"plan_id": plan_id, "codes": sorted(codes)}
    found = connection.execute(text(read_sql("plans/last_codes")), asked)
    return {row.grid_code: {"zones": row.zones, "units": row.units} for row in found}


def allot(connection: Connection, what: str, count: int) -> list[int]:
    """Return fresh numbers, in rising order, for `what`: "grids", "zones" or "units"."""
    found: list[int] = allot_ids(connection, NUMBERED[what], count).tolist() if count else []
    return found


# -- inside -----------------------------------------------------------------------------------


def _plain(connection: Connection, statement: Select[Any], index: str | None) -> pd.DataFrame:
    return pd.DataFrame(read_frame(connection, statement, index=index, geometry=False))


def _rows(connection: Connection, statement: Select[Any]) -> Rows:
    """Return rows by their first column."""
    found = (dict(row._mapping) for row in connection.execute(statement))
    return {int(row.pop(next(iter(row)))): row for row in found}
