-- Returns: grids that hold on a day and have no worker that day, largest first: grid_id, grid_code, name, area_code,
-- community, households, geometry (WKB). Parameters: on (date), scheme (text), within (text, leading digits or *).
-- CRS: EPSG:4326. Index: plan_areas_pkey, duties_grid_code_idx.
SELECT
    g.grid_id, g.grid_code, g.name, g.area_code, a.name AS community, g.households,
    ST_AsBinary(g.geometry) AS geometry
FROM grids g
JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
JOIN areas a ON a.area_code = g.area_code
LEFT JOIN public_contacts(:on) c ON c.grid_code = g.grid_code
WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date) AND c.grid_code IS NULL
    AND (:within = '*' OR starts_with(g.area_code, :within))
ORDER BY g.households DESC, g.grid_code
