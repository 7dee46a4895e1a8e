"""Tiles: Mapbox vector tiles, encoded by PostGIS. XYZ numbers in Web Mercator; empty bytes where nothing lies."""

from datetime import date

from sqlalchemy import Connection, text

from data.sql import read_sql
from data.stores._within import EVERYWHERE, digits_of
from geo.errors import NotFoundError

ZOOM_MAX = 22


def base_tile(connection: Connection, z: int, x: int, y: int) -> bytes:
    """Return the base map: greens, water, rail, walls, streets, buildings, places. The reader's role may ask."""
    return _tile(connection, "base", z, x, y)


def grids_tile(
    connection: Connection,
    plan_id: int,
    z: int,
    x: int,
    y: int,
    *,
    band: tuple[int, int],
    within: str = EVERYWHERE,
) -> bytes:
    """Return a plan's grids, zones and labels.

    Parameters
    ----------
    band
        Lowest and highest households of a grid, for the property ``band``.
    within
        Leading digits of a division code: only grids there.
    """
    asked = {"plan_id": plan_id, "lowest": band[0], "highest": band[1], "within": digits_of(within)}
    return _tile(connection, "grids", z, x, y, **asked)


def walks_tile(connection: Connection, z: int, x: int, y: int, *, within: str = EVERYWHERE) -> bytes:
    """Return buildings with their minutes on foot to the nearest station; only those within."""
    return _tile(connection, "walks", z, x, y, within=digits_of(within))


def published_tile(connection: Connection, on: date, z: int, x: int, y: int, *, scheme: str = "general") -> bytes:
    """Return the grids that hold on a day, without figures. The reader's role may ask."""
    return _tile(connection, "published", z, x, y, on=on, scheme=scheme)


def _tile(connection: Connection, name: str, z: int, x: int, y: int, **values: object) -> bytes:
    if not (0 <= z <= ZOOM_MAX and 0 <= x < 2**z and 0 <= y < 2**z):
        raise NotFoundError(what="tile", key=f"{z}/{x}/{y}")
    made = connection.scalar(text(read_sql(f"tiles/{name}")), {"z": z, "x": x, "y": y, **values})
    return bytes(made or b"")
