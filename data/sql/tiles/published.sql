-- Returns: one Mapbox vector tile (bytea) of the grids that hold on a day: layer grids(grid_code, name). Public.
-- Parameters: on (date), scheme (text), z, x, y (integer).
-- Materialized steps keep the planner from encoding a shape once a community, and twice each.
-- CRS: stored EPSG:4326, tile EPSG:3857. Index: idx_grids_geometry, plan_areas_pkey.
WITH
tile AS (
    SELECT e.box3857, ST_Expand(e.box, (ST_XMax(e.box) - ST_XMin(e.box)) / 64) AS box
    FROM (
        SELECT ST_TileEnvelope(:z, :x, :y) AS box3857, ST_Transform(ST_TileEnvelope(:z, :x, :y), 4326) AS box
    ) e
),
here AS MATERIALIZED (
    SELECT g.plan_id, g.area_code, g.grid_code, g.name, g.geometry, t.box3857
    FROM tile t JOIN grids g ON g.geometry && t.box
),
grids_layer AS MATERIALIZED (
    SELECT h.grid_code, h.name, ST_AsMVTGeom(ST_Transform(h.geometry, 3857), h.box3857, 4096, 64) AS geom
    FROM here h
    JOIN plan_areas pa ON pa.plan_id = h.plan_id AND pa.area_code = h.area_code
    WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date)
)
SELECT coalesce((SELECT ST_AsMVT(l, 'grids') FROM grids_layer l WHERE geom IS NOT NULL), '')
