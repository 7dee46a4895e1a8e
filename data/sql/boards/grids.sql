-- Returns: a row a grid that holds on a day, by code: grid_code, name, kind, area_code, community, street (names; null
-- where there is no street above), plan_id, revision, document_number, valid_from (the first day the plan holds there),
-- households, people, geometry (WKB). What a notice board says of a grid; the reader's role may ask it.
-- Parameters: on (date), scheme (text), within (text, leading digits or *), grid_code (text or null: all).
-- CRS: EPSG:4326. Index: grids_grid_code_idx, plan_areas_pkey, areas_pkey.
SELECT
    g.grid_code::text AS grid_code, g.name, g.kind, g.area_code::text AS area_code, a.name AS community,
    s.name AS street, g.plan_id, g.revision, p.document_number, lower(pa.valid) AS valid_from, g.households, g.people,
    ST_AsBinary(g.geometry) AS geometry
FROM grids g
JOIN plan_areas pa ON pa.plan_id = g.plan_id AND pa.area_code = g.area_code
JOIN plans p ON p.plan_id = g.plan_id
JOIN areas a ON a.area_code = g.area_code
LEFT JOIN areas s ON s.area_code = a.parent_code AND s.level = 'street'
WHERE pa.scheme = :scheme AND pa.valid @> cast(:on AS date)
    AND (:within = '*' OR starts_with(g.area_code, :within))
    AND (cast(:grid_code AS text) IS NULL OR g.grid_code = :grid_code)
ORDER BY g.grid_code
