-- Returns: one row: area_code of the community that covers a point, grid_code of the plan in force there on a day; null
-- where there is none. On a border the lower code is taken.
-- Parameters: lon, lat (degrees), day (date), scheme (text). CRS: EPSG:4326.
-- Index: idx_areas_geometry, idx_grids_geometry, plan_areas_pkey.
WITH place AS (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS geometry)
SELECT
    (
        SELECT min(a.area_code) FROM areas a, place p
        WHERE a.level = 'community' AND ST_Covers(a.geometry, p.geometry)
    ) AS area_code,
    (
        SELECT min(g.grid_code)
        FROM place p
        JOIN grids g ON g.geometry && p.geometry AND ST_Covers(g.geometry, p.geometry)
        JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
        WHERE pa.scheme = :scheme AND pa.valid @> cast(:day AS date)
    ) AS grid_code
