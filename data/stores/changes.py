"""Changes: stations, gates and streets added one by one, and streets drawn or walked otherwise. EPSG:4326."""

import re
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj
from geoalchemy2.shape import from_shape
from sqlalchemy import Connection, Table, func, select, text, update

from data.stores._rows import allot_ids, copy_frame
from data.stores.areas import read_areas
from data.tables.ground import areas, gates, streets
from data.tables.reach import stations
from geo.crs import to_metric

SNAPSHOT = re.compile(r"(\d{1,18}):(\d{1,18}):(\d{1,18}(?:,\d{1,18})*)?", re.ASCII)
_IS_LATER = text("SELECT pg_snapshot_xmax(CAST(:since AS pg_snapshot)) > pg_snapshot_xmax(pg_current_snapshot())")
_UNSEEN = text(
    "SELECT DISTINCT noun FROM audit WHERE noun = ANY(:nouns)"
    # All that is older was through then.
    " AND written_by >= CAST(CAST(pg_snapshot_xmin(CAST(:since AS pg_snapshot)) AS text) AS bigint)"
    " AND NOT pg_visible_in_snapshot("
    "CAST(CAST(written_by AS text) AS xid8), CAST(:since AS pg_snapshot))"
)
# Any number will do that no other lock has: who changes the ground by hand waits for whoever does.
GROUND_LOCK = 6_074_003
Bounds = tuple[float, float, float, float]


def lock_ground(connection: Connection) -> None:
    """Wait until nobody else changes the ground by hand, to the end of the transaction."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": GROUND_LOCK})


def seen(connection: Connection) -> str:
    """Return what this transaction sees of all that others write: a text that `nouns_changed` takes."""
    return str(connection.scalar(text("SELECT CAST(pg_current_snapshot() AS text)")))


def nouns_changed(connection: Connection, *, since: str, nouns: Iterable[str]) -> set[str]:
    """Return which tables, of some, hold what was not seen then: written later, or written before and through later.

    All of them where `since` is of another database, or nothing that `seen` tells.
    """
    asked: dict[str, Any] = {"since": since, "nouns": sorted(nouns)}
    if not _is_snapshot(since) or connection.scalar(_IS_LATER, asked):
        return set(asked["nouns"])
    return set(connection.scalars(_UNSEEN, asked))


def _is_snapshot(told: str) -> bool:
    """Return whether a text is what PostgreSQL writes of a snapshot: first:next:those between that are not through."""
    found = SNAPSHOT.fullmatch(told)
    if found is None:
        return False
    first, following, between = int(found[1]), int(found[2]), [int(one) for one in (found[3] or "").split(",") if one]
    return 0 < first <= following and between == sorted({one for one in between if first <= one < following})


def extent(connection: Connection) -> Bounds | None:
    """Return west, south, east and north of all areas in degrees; None where none has an outline."""
    box = func.ST_Extent(areas.c.geometry)
    west, south, east, north = connection.execute(
        select(func.ST_XMin(box), func.ST_YMin(box), func.ST_XMax(box), func.ST_YMax(box))
    ).one()
    return None if west is None else (float(west), float(south), float(east), float(north))


def add_stations(connection: Connection, rows: gpd.GeoDataFrame) -> int:
    """Add stations (name, category, level, hours, Point), each in the community it stands in; return how many."""
    communities = read_areas(connection, level="community")[["geometry"]]
    placed = gpd.sjoin(rows[["geometry"]], communities.reset_index(), predicate="covered_by", how="left")
    code = placed.groupby(level=0)["area_code"].min().reindex(rows.index)
    columns = ["name", "category", "level", "hours", "geometry"]
    return _add(connection, stations, rows[columns].assign(area_code=code.where(code.notna(), None)))


def add_gates(connection: Connection, rows: gpd.GeoDataFrame) -> int:
    """Add gates (compound_id, hours, Point); return how many."""
    return _add(connection, gates, rows[["compound_id", "hours", "geometry"]])


def add_streets(connection: Connection, rows: gpd.GeoDataFrame, *, crs: pyproj.CRS) -> int:
    """Add footways (is_bridge, LineString), measured in a metre CRS; return how many."""
    lengths = to_metric(rows.geometry, crs).length
    made = rows[["is_bridge", "geometry"]].assign(length_m=lengths, road_class="footway", is_walkable=True)
    return _add(connection, streets, made.astype({"is_bridge": bool}))


def reshape_streets(connection: Connection, shapes: gpd.GeoSeries) -> None:
    """Give streets, by street_id, their shape; nothing else of them is written."""
    for street_id, line in shapes.items():
        own = streets.c.street_id == int(street_id)
        connection.execute(update(streets).where(own).values(geometry=from_shape(line, srid=4326)))


def close_streets(connection: Connection, ids: pd.Index) -> None:
    """Let nobody walk on streets; nothing else of them is written."""
    if len(ids):
        own = streets.c.street_id.in_([int(street_id) for street_id in ids])
        connection.execute(update(streets).where(own).values(is_walkable=False))


def _add(connection: Connection, table: Table, rows: gpd.GeoDataFrame) -> int:
    """Add rows under the next numbers of the table: those they were tried under may be somebody else's by now."""
    if len(rows) == 0:
        return 0
    key = next(iter(table.primary_key.columns)).name
    return copy_frame(connection, table, rows.set_index(pd.Index(allot_ids(connection, table, len(rows)), name=key)))
