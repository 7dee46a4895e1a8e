-- Returns: what a map of a grid shows inside a box: layer (building, compound, green, water, rail, wall, street, grid),
-- id (text), name (or null), look (use, kind or road class), compound (name of a building's own, or null), geometry
-- (WKB, whole, not cut). Buildings are called by name, else by address; grids are those that hold on a day, by code.
-- Nothing of who lives there: the reader's role may ask it.
-- Parameters: west, south, east, north (degrees), on (date), scheme (text).
-- CRS: EPSG:4326. Index: idx_buildings_geometry, idx_streets_geometry and those of the other tables.
WITH box AS (
    SELECT ST_MakeEnvelope(:west, :south, :east, :north, 4326) AS shape
)
SELECT
    'building' AS layer, b.building_id::text AS id, coalesce(b.name, b.address) AS name, b.use AS look,
    c.name AS compound, ST_AsBinary(b.geometry) AS geometry
FROM box JOIN buildings b ON b.geometry && box.shape LEFT JOIN compounds c USING (compound_id)
UNION ALL
SELECT 'compound', c.compound_id::text, c.name, c.kind, NULL, ST_AsBinary(c.geometry)
FROM box JOIN compounds c ON c.geometry && box.shape
UNION ALL
SELECT 'green', g.green_id::text, g.name, g.kind, NULL, ST_AsBinary(g.geometry)
FROM box JOIN greens g ON g.geometry && box.shape
UNION ALL
SELECT r.kind, r.barrier_id::text, r.name, r.kind, NULL, ST_AsBinary(r.geometry)
FROM box JOIN barriers r ON r.geometry && box.shape
UNION ALL
SELECT 'street', s.street_id::text, s.name, s.road_class, NULL, ST_AsBinary(s.geometry)
FROM box JOIN streets s ON s.geometry && box.shape
UNION ALL
SELECT 'grid', g.grid_code, g.name, g.kind, NULL, ST_AsBinary(g.geometry)
FROM box
JOIN grids g ON g.geometry && box.shape
JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date)
ORDER BY layer, id
