-- Returns: one Mapbox vector tile (bytea) of the base map: layers greens(kind) water(name) rail walls
-- streets(road_class, name) buildings(use, name) places(name, rank: 1 street, 2 community, 3 compound).
-- Parameters: z, x, y (integer, XYZ tile in Web Mercator).
-- What is drawn from where: main roads from the start, other roads from z13, ways and paths from z15, buildings
-- from z14, street names z10-13, community names from z12, compound names from z15. Ground smaller than two
-- pixels is left out; lines and ground are simplified to half a pixel below z14. Buildings never are.
-- CRS: stored EPSG:4326, tile EPSG:3857. The tile's box is turned into degrees, not the columns into metres, so that
-- the indexes serve. Index: idx_buildings_geometry, idx_streets_geometry and those of the other tables.
WITH
tile AS (
    SELECT
        e.box3857, ST_Expand(e.box, (ST_XMax(e.box) - ST_XMin(e.box)) / 64) AS box,
        (ST_XMax(e.box) - ST_XMin(e.box)) / 128 AS two_pixels,
        CASE WHEN :z < 14 THEN (ST_XMax(e.box3857) - ST_XMin(e.box3857)) / 512 ELSE 0 END AS half_pixel_m
    FROM (
        SELECT ST_TileEnvelope(:z, :x, :y) AS box3857, ST_Transform(ST_TileEnvelope(:z, :x, :y), 4326) AS box
    ) e
),
greens_layer AS MATERIALIZED (
    SELECT
        g.kind,
        ST_AsMVTGeom(ST_Simplify(ST_Transform(g.geometry, 3857), t.half_pixel_m), t.box3857, 4096, 64) AS geom
    FROM tile t JOIN greens g ON g.geometry && t.box
    WHERE greatest(
        ST_XMax(g.geometry) - ST_XMin(g.geometry), ST_YMax(g.geometry) - ST_YMin(g.geometry)
    ) > CASE WHEN :z < 14 THEN t.two_pixels ELSE 0 END
),
barriers_layer AS MATERIALIZED (
    SELECT
        b.kind, b.name,
        ST_AsMVTGeom(ST_Simplify(ST_Transform(b.geometry, 3857), t.half_pixel_m), t.box3857, 4096, 64) AS geom
    FROM tile t JOIN barriers b ON b.geometry && t.box
    WHERE (b.kind <> 'wall' OR :z >= 14)
        AND greatest(
            ST_XMax(b.geometry) - ST_XMin(b.geometry), ST_YMax(b.geometry) - ST_YMin(b.geometry)
        ) > CASE WHEN :z < 14 THEN t.two_pixels ELSE 0 END
),
streets_layer AS MATERIALIZED (
    SELECT
        s.road_class, s.name,
        ST_AsMVTGeom(ST_Simplify(ST_Transform(s.geometry, 3857), t.half_pixel_m, true), t.box3857, 4096, 64) AS geom
    FROM tile t JOIN streets s ON s.geometry && t.box
    WHERE s.road_class IN ('motorway', 'trunk', 'primary', 'secondary')
        OR (:z >= 13 AND s.road_class NOT IN ('service', 'footway', 'path', 'steps', 'pedestrian', 'cycleway', 'track'))
        OR :z >= 15
),
buildings_layer AS MATERIALIZED (
    SELECT b.use, b.name, ST_AsMVTGeom(ST_Transform(b.geometry, 3857), t.box3857, 4096, 64) AS geom
    FROM tile t JOIN buildings b ON b.geometry && t.box
    WHERE :z >= 14
),
places_layer AS MATERIALIZED (
    SELECT p.name, p.rank, ST_AsMVTGeom(ST_Transform(p.point, 3857), t.box3857, 4096, 64) AS geom
    FROM tile t
    JOIN LATERAL (
        SELECT a.name, CASE a.level WHEN 'street' THEN 1 ELSE 2 END AS rank, ST_PointOnSurface(a.geometry) AS point
        FROM areas a
        WHERE a.geometry && t.box
            AND ((a.level = 'street' AND :z BETWEEN 10 AND 13) OR (a.level = 'community' AND :z >= 12))
        UNION ALL
        SELECT c.name, 3 AS rank, ST_PointOnSurface(c.geometry) AS point
        FROM compounds c
        WHERE c.geometry && t.box AND c.name IS NOT NULL AND :z >= 15
    ) p ON true
)
SELECT
    coalesce((SELECT ST_AsMVT(l, 'greens') FROM greens_layer l WHERE geom IS NOT NULL), '')
    || coalesce((
        SELECT ST_AsMVT(l, 'water') FROM (SELECT name, geom FROM barriers_layer WHERE kind = 'water') l
        WHERE geom IS NOT NULL
    ), '')
    || coalesce((
        SELECT ST_AsMVT(l, 'rail') FROM (SELECT name, geom FROM barriers_layer WHERE kind = 'rail') l
        WHERE geom IS NOT NULL
    ), '')
    || coalesce((
        SELECT ST_AsMVT(l, 'walls') FROM (SELECT geom FROM barriers_layer WHERE kind = 'wall') l
        WHERE geom IS NOT NULL
    ), '')
    || coalesce((SELECT ST_AsMVT(l, 'streets') FROM streets_layer l WHERE geom IS NOT NULL), '')
    || coalesce((SELECT ST_AsMVT(l, 'buildings') FROM buildings_layer l WHERE geom IS NOT NULL), '')
    || coalesce((SELECT ST_AsMVT(l, 'places') FROM places_layer l WHERE geom IS NOT NULL), '')
