-- Gives incidents the grid that covered their place on the day (Asia/Shanghai) they were reported, where a plan held.
-- What was given once stays: it is the grid of that day, whatever is published later. A point on a border goes to
-- the lower grid code.
-- Parameters: scheme (text). CRS: EPSG:4326. Index: idx_grids_geometry, plan_areas_pkey.
UPDATE incidents i
SET grid_code_reported = f.grid_code
FROM (
    SELECT o.incident_id, min(g.grid_code) AS grid_code
    FROM incidents o
    JOIN grids g ON g.geometry && o.geometry AND ST_Covers(g.geometry, o.geometry)
    JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
    WHERE o.grid_code_reported IS NULL
        AND pa.scheme = :scheme
        AND pa.valid @> cast(o.reported_at AT TIME ZONE 'Asia/Shanghai' AS date)
    GROUP BY o.incident_id
) f
WHERE f.incident_id = i.incident_id
