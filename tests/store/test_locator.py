"""The index in memory and ST_Covers tell the same grids: anywhere, on edges and corners, with holes and overlaps."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon
from sqlalchemy import Engine, text

from bench.lookup.grids import WEST, anywhere, grids, on_borders
from geo.lookup import GridIndex

SOUTH = 26.4


def covers(engine: Engine, frame: gpd.GeoDataFrame, points: np.ndarray) -> list[int]:
    """Return the first grid that PostGIS says covers each point, -1 for none."""
    asked = text(
        "SELECT coalesce(min(grid), -1) FROM unnest(:lon, :lat) WITH ORDINALITY AS p (lon, lat, place)"
        " LEFT JOIN held ON ST_Covers(geometry, ST_SetSRID(ST_MakePoint(lon, lat), 4326)) GROUP BY place ORDER BY place"
    )
    with engine.begin() as conn:
        conn.execute(text("CREATE TEMP TABLE held (grid int, geometry geometry) ON COMMIT DROP"))
        rows = [
            {"grid": grid, "wkb": wkb}
            for grid, wkb in zip(frame.index.tolist(), shapely.to_wkb(frame.geometry.to_numpy()), strict=True)
        ]
        conn.execute(text("INSERT INTO held VALUES (:grid, ST_GeomFromWKB(:wkb, 4326))"), rows)
        conn.execute(text("CREATE INDEX ON held USING gist (geometry)"))
        return list(conn.scalars(asked, {"lon": points[:, 0].tolist(), "lat": points[:, 1].tolist()}))


def holed() -> gpd.GeoDataFrame:
    """A grid with a hole, one in the hole with an island of its own outside, and one that overlaps both."""
    ring = shapely.Point(WEST + 0.01, SOUTH + 0.01).buffer(0.01, quad_segs=40)
    hole = shapely.affinity.rotate(shapely.box(WEST + 0.006, SOUTH + 0.006, WEST + 0.014, SOUTH + 0.014), 31)
    island = Polygon([(WEST + 0.03, SOUTH), (WEST + 0.04, SOUTH + 0.003), (WEST + 0.033, SOUTH + 0.011)])
    across = shapely.box(WEST + 0.012, SOUTH - 0.002, WEST + 0.034, SOUTH + 0.004)
    shapes = [ring.difference(hole), MultiPolygon([hole, island]), across]
    return gpd.GeoDataFrame(geometry=shapes, index=[1, 2, 3], crs="EPSG:4326")


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("drawn", ["tiles", "holes"])
def test_the_same_grids_as_postgis(engine: Engine, drawn: str, seed: int) -> None:
    frame = grids(60, seed=seed) if drawn == "tiles" else holed()
    points = np.vstack([anywhere(frame, 6000, seed=seed), on_borders(frame, 6000, seed=seed)])
    found = GridIndex.from_grids(frame).find_many(points[:, 0], points[:, 1])
    told = covers(engine, frame, points)
    assert found.tolist() == told
    assert len(set(told)) > 2
