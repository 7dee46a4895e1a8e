"""What most teams would write: the same answer from PostGIS, a FastAPI route over asyncpg or over psycopg2's pool.

Run by `bench.lookup.served` in the peers' own environment: ``PEER=asyncpg|psycopg2 PEER_DSN=... uvicorn peer_app:app``.
Well called: statements prepared, contacts and posts in tables with an index (the service computes them once a change),
two statements an answer on one connection.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Response

ON, DESK_NAME, DESK_PHONE, WALK_MAX_MIN = (os.environ[f"PEER_{name}"] for name in ("ON", "DESK", "PHONE", "MINUTES"))
MANY = 16  # connections of a process, as the service's threads

GRID = """
SELECT g.grid_code, g.name, g.community, z.name, u.name, u.duty_line, c.name, c.duty_line, h.name, h.duty_line,
    n.from_on::text, n.grid_code, n.name
FROM (SELECT ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326) AS at) p
JOIN peer_grids g ON ST_Covers(g.geometry, p.at)
LEFT JOIN peer_zones z ON ST_Covers(z.geometry, p.at)
LEFT JOIN peer_posts u ON u.role = 'answerable_unit' AND u.code = z.zone_code
LEFT JOIN peer_contacts c ON c.grid_code = g.grid_code
LEFT JOIN peer_posts h ON h.role = 'grid_head' AND h.code = g.grid_code
LEFT JOIN peer_coming n ON ST_Covers(n.geometry, p.at) AND n.grid_code <> g.grid_code
ORDER BY g.grid_id LIMIT 1"""
# Metres as the service counts them: on a sphere about the point.
STATIONS = """
WITH p AS (SELECT ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326) AS at),
door AS (
    SELECT b.building_id FROM p JOIN buildings b ON b.geometry && ST_Expand(p.at, 0.00065)
    WHERE ST_DWithin(b.geometry::geography, p.at::geography, 60)
    ORDER BY ST_Distance(b.geometry::geography, p.at::geography), b.building_id LIMIT 1
),
walks AS (
    SELECT station_id, walk_min FROM building_walks JOIN door USING (building_id) WHERE walk_min IS NOT NULL
    UNION SELECT station_id, walk_min FROM category_walks JOIN door USING (building_id)
),
near AS (
    SELECT s.station_id, s.name, s.category, round(w.walk_min::numeric, 1)::float8 AS walk_min, 6371008.8 * sqrt(
        (radians(ST_X(s.geometry) - ST_X(p.at)) * cos(radians(ST_Y(p.at)))) ^ 2
        + radians(ST_Y(s.geometry) - ST_Y(p.at)) ^ 2
    ) AS metres
    FROM p JOIN stations s ON s.geometry && ST_Expand(p.at, 0.04) LEFT JOIN walks w USING (station_id)
),
best AS (
    SELECT DISTINCT ON (category) * FROM near WHERE metres <= 3000 ORDER BY category, walk_min, metres, station_id
)
SELECT b.name, b.category, l.label, b.walk_min, round(b.metres) FROM best b JOIN peer_labels l USING (category)
ORDER BY b.walk_min, b.metres, b.station_id"""


def answer(grid: Any, stations: list[Any]) -> dict[str, Any]:
    """Put rows together as the service answers."""
    body: dict[str, Any] = {
        "answer": "outside", "certain": True, "is_coarse": False, "on": ON,
        "message": f"该位置不在本地网格范围内，请联系{DESK_NAME}：{DESK_PHONE}。", "grids": [], "next_change": None,
        "question": None,
    }  # fmt: skip
    if grid is not None:
        code, name, community, zone, unit, unit_line, worker, line, head, head_line, on, coming, coming_name = grid
        desk = f"「{name}」，目前没有网格员，请联系{DESK_NAME}：{DESK_PHONE}。"
        body |= {
            "answer": "vacant" if worker is None else "assigned",
            "message": f"您所在位置属于{desk}" if worker is None else f"您所在位置属于「{name}」，由{worker}负责。",
            "grids": [{
                "grid_code": code, "name": name, "community": community, "zone": zone,
                "unit": unit and {"name": unit, "duty_line": unit_line}, "worker": worker, "duty_line": line,
                "head": head and {"name": head, "duty_line": head_line}, "vacant": worker is None,
            }],
            "next_change": coming and {"on": on, "grid_code": coming, "name": coming_name},
        }  # fmt: skip
    names = ("name", "category", "category_label", "walk_min", "distance_m")
    body["stations"] = [dict(zip(names, row, strict=True)) for row in stations]
    has_minutes = any(row[3] is not None for row in stations)
    body["walk_max_min"] = float(WALK_MAX_MIN) if has_minutes else None
    body["desk"] = {"name": DESK_NAME, "phone": DESK_PHONE}
    return body


if os.environ["PEER"] == "asyncpg":
    import asyncpg

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        """Hold a pool."""
        app.state.pool = await asyncpg.create_pool(os.environ["PEER_DSN"], min_size=4, max_size=MANY)
        yield

    app = FastAPI(lifespan=life)
    ASKED = {"lon": "$1::float8", "lat": "$2::float8"}

    @app.get("/api/v1/lookup")
    async def lookup(lon: float, lat: float, response: Response) -> dict[str, Any]:
        """Answer from the database; statements are prepared once a connection by asyncpg itself."""
        response.headers["cache-control"] = "no-store"
        async with app.state.pool.acquire() as conn:
            grid = await conn.fetchrow(GRID.format(**ASKED), lon, lat)
            stations = await conn.fetch(STATIONS.format(**ASKED), lon, lat)
        return answer(grid, stations)
else:
    import psycopg2.pool

    app = FastAPI()
    pool = psycopg2.pool.ThreadedConnectionPool(4, 45, os.environ["PEER_DSN"])

    @app.get("/api/v1/lookup")
    def lookup(lon: float, lat: float, response: Response) -> dict[str, Any]:
        """Answer from the database, in a thread."""
        response.headers["cache-control"] = "no-store"
        conn = pool.getconn()
        try:
            with conn.cursor() as cursor:
                for name, query in (("grid", GRID), ("stations", STATIONS)):
                    cursor.execute(query.format(lon="%(lon)s", lat="%(lat)s"), {"lon": lon, "lat": lat})
                    if name == "grid":
                        grid = cursor.fetchone()
                stations = cursor.fetchall()
            conn.rollback()
        finally:
            pool.putconn(conn)
        return answer(grid, stations)
